/** What every answer wears, whoever gave it. */
import { describe, expect, it } from 'vitest'
import type { Answer } from '../../../server/http/call.ts'
import { createEventStreams } from '../../../server/http/event-stream.ts'
import { createLimits } from '../../../server/http/limits.ts'
import { createOrigins } from '../../../server/http/origins.ts'
import { createPipeline, type PipelineParts } from '../../../server/http/pipeline.ts'
import { createRequestQueue } from '../../../server/http/request-queue.ts'
import { Refusal } from '../../../server/runtime/refusal.ts'

const origin = 'https://relay.example'

function ask(path: string, parts: Partial<PipelineParts>, answer: () => Promise<Answer>): Promise<Response> {
  const pass = createPipeline({
    queue: createRequestQueue(),
    addressOf: () => '203.0.113.7',
    origins: createOrigins(new Map(), () => origin),
    limits: createLimits(),
    eventStreams: createEventStreams(),
    publicUrl: origin,
    refusalFor: (error) => (error instanceof Refusal ? error : new Refusal('internal')),
    ...parts,
  })
  return pass(new Request(`${origin}${path}`, { headers: { origin } }), undefined, answer)
}

const full = { enter: () => Promise.reject(new Refusal('overloaded', { retryAfterSeconds: 3 })) }
const points = { read: { windowSeconds: 60, player: 1, device: 1, address: 0 } }
const fine = async () => ({ status: 200, headers: { etag: '"1"' }, text: '{}' })

describe.each<[string, number, Partial<PipelineParts>, () => Promise<Answer>]>([
  ['in parts', 200, {}, fine],
  ['as a response', 200, {}, async () => new Response('{}')],
  ['that something was refused', 404, {}, () => Promise.reject(new Refusal('not_found'))],
  ['that something broke', 500, {}, () => Promise.reject(new Error('unforeseen'))],
  ['that too many wait', 503, { queue: full }, fine],
  ['that it was too often', 429, { limits: createLimits({ points }) }, fine],
])('An answer %s', (_, status, parts, answer) => {
  it('can be read by the page that asked, is guessed at by nobody and kept apart by origin', async () => {
    const response = await ask('/v1/tickets', parts, answer)
    expect(response.status).toBe(status)
    expect(response.headers.get('access-control-allow-origin')).toBe(origin)
    expect(response.headers.get('access-control-expose-headers')).toMatch(/\bretry-after\b/)
    expect(response.headers.get('vary')).toBe('Origin')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('strict-transport-security')).toBe('max-age=63072000')
    expect(response.headers.has('retry-after')).toBe(status === 503 || status === 429)
  })
})

it('a text of any length and writing leaves as it is', async () => {
  for (const text of ['', 'sword', 'déjà vu', '剣が消えた…', '剣'.repeat(100_000)]) {
    const response = await ask('/v1/tickets', {}, async () => ({ status: 200, headers: {}, text }))
    expect(await response.text()).toBe(text)
  }
})
