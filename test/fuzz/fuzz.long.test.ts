/**
 * Requests made from the OpenAPI document, by everybody, to everything: never a 5xx, never another player's data, and every
 * refusal one that the document names. A thousand with the other tests; `npm run test:fuzz` makes twenty thousand.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bearerHeader,
  expectDocumented,
  expectOwnOnly,
  type Field,
  printSeed,
  refresh,
  settle,
  worldOf,
} from './fuzz-field.ts'
import { type FuzzedRequest, requestTo } from './fuzz-requests.ts'

const requests = Number(process.env.FUZZ_REQUESTS ?? 1_000)
/** Players who have written too much make everything slow. */
const perRelay = 1_000

async function send({ fixture, bearers }: Field, { operation, bearer, url, headers, body }: FuzzedRequest) {
  const request = new Request(`http://relay.test${url}`, {
    method: operation.method,
    headers: { ...headers, ...bearerHeader(bearers.get(bearer)?.()) },
    // A GET has none; anything else may.
    ...(body === undefined || operation.method === 'GET' ? {} : { body }),
  })
  const response = await fixture.relay.app.fetch(request)
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
  if (isStream) await response.body?.cancel()
  return { status: response.status, headers: response.headers, text: isStream ? '' : await response.text() }
}

async function fuzz(runs: number, seed: number): Promise<Map<string, number>> {
  const field = await settle()
  const seen = new Map<string, number>()
  const world = worldOf(field)
  const request = fc.oneof(...field.operations.map((operation) => requestTo(operation, world)))
  const property = fc.asyncProperty(request, async (fuzzed) => {
    const answer = await send(field, fuzzed)
    expectDocumented(fuzzed.operation, answer)
    expectOwnOnly(field, [fuzzed.bearer], answer.text)
    const outcome = `${fuzzed.operation.name} ${answer.status < 300 ? 'done' : 'refused'}`
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    if (answer.status === 204 && fuzzed.operation.name === 'DELETE /v1/session') await refresh(field, fuzzed.bearer)
  })
  try {
    await fc.assert(property, { numRuns: runs, seed, verbose: 1 })
    expect(field.fixture.lines.filter((line) => line.includes('"level":50'))).toEqual([])
  } finally {
    await field.fixture.close()
  }
  return seen
}

describe(`${requests} requests from the document`, () => {
  it('meet no 5xx, no other player’s data and no undocumented refusal, on every route', {
    timeout: 900_000,
  }, async () => {
    const seen = new Map<string, number>()
    const seed = printSeed()
    for (let left = requests; left > 0; left -= perRelay)
      for (const [outcome, count] of await fuzz(Math.min(left, perRelay), seed + left))
        seen.set(outcome, (seen.get(outcome) ?? 0) + count)
    if (process.env.FUZZ_REQUESTS)
      console.log(
        [...seen]
          .toSorted()
          .map(([what, count]) => `${count}  ${what}`)
          .join('\n'),
      )
    // Otherwise it would only ever have knocked.
    const done = [...seen.keys()].filter((outcome) => outcome.endsWith('done'))
    expect(done.length).toBeGreaterThanOrEqual(18)
    expect([...seen.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(requests)
  })
})
