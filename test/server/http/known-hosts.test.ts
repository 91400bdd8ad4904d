/** A relay that was not told its address answers this machine's own names and no other, however it is called by them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay
afterEach(() => relay.close())

/** `fetch` writes its own `Host`. */
function get(path: string, host: string, origin?: string): Promise<{ status: number; body: string }> {
  const { port } = new URL(relay.url)
  const headers = { host, ...(origin ? { origin } : {}) }
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (piece: string) => {
        body += piece
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    sent.on('error', reject).end()
  })
}

describe('Without publicUrl', () => {
  beforeEach(async () => {
    relay = await startRelay()
  })

  it.each([
    'evil.example',
    'evil.example:8787',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.1.20:8787',
    '0.0.0.0',
    '128.0.0.1',
  ])('whoever is called %s is refused, with what to do about it', async (host) => {
    for (const path of ['/v1/games/star-harbor', '/', '/desk', '/openapi.json']) {
      const { status, body } = await get(path, host, `http://${host}`)
      expect(status).toBe(403)
      expect(JSON.parse(body)).toMatchObject({ code: 'host_not_allowed', detail: expect.stringContaining('publicUrl') })
    }
  })

  it.each(['localhost', 'localhost:8787', 'LOCALHOST', '127.0.0.1:8787', '127.8.7.6', '[::1]:8787'])(
    '%s is answered',
    async (host) => {
      expect((await get('/v1/games/star-harbor', host)).status).toBe(200)
    },
  )

  it('whoever watches over it is told how it is, whatever they call it', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await get(path, '10.1.2.3:8787')).status).toBe(200)
  })
})

it('With publicUrl a proxy may call it what it likes, and a page of that name is still no page of its own', async () => {
  relay = await startRelay({ config: { publicUrl: 'https://support.studio.example' } })
  expect((await get('/v1/games/star-harbor', 'relay-7.internal')).status).toBe(200)
  const post = await fetch(`${relay.url}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: relay.url },
    body: JSON.stringify({ game: 'star-harbor', kind: 'anonymous' }),
  })
  expect(post.status).toBe(403)
})

it.each([
  ['0.0.0.0', true],
  ['127.0.0.1', false],
])('A relay started with HOST=%s says at once whether that is enough to be reached', async (host, isAdvised) => {
  relay = await startRelay()
  const folder = await mkdtemp(join(tmpdir(), 'medkit-hosts-'))
  const main = join(import.meta.dirname, '../../../server/main.ts')
  const started = spawn(process.execPath, [main], { cwd: folder, env: { ...process.env, HOST: host, PORT: '0' } })
  let said = ''
  started.stdout.setEncoding('utf8').on('data', (piece: string) => {
    said += piece
  })
  await until(() => said.includes('/desk') && said.endsWith('\n\n'), 'it has said where it is')
  started.kill('SIGINT')
  await once(started, 'exit')
  await rm(folder, { recursive: true, force: true })
  expect(said.includes('"publicUrl"')).toBe(isAdvised)
  expect(said).not.toContain('http://0.0.0.0')
})
