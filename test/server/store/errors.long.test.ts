/** The ledger in trouble: a full disk, a lock, a lost connection. 503, nothing half-written, and well again without a restart. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import type { Ticket } from '../../../server/contract/ticket.ts'
import { createCable } from '../../fixtures/cut-connection.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { deskToken, startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay | undefined

afterEach(async () => {
  await relay?.close()
  relay = undefined
})

const body = { message: 'Hello', language: 'en' }

async function ticketNumbers({ call }: Pick<TestRelay, 'call'>, token: string): Promise<string[]> {
  const { body } = await call<{ items: Ticket[] }>('GET /v1/tickets', { token })
  return body.items.map(({ number }) => number)
}

describe('A locked SQLite database', () => {
  it('answers 503 while it lasts, and takes the same request afterwards', async () => {
    relay = await startRelay()
    const { token } = await relay.signIn()
    const other = new DatabaseSync(join(relay.folder, 'medkit.db'))
    other.exec('begin immediate')
    const refused = await relay.call('POST /v1/tickets', { token, key: 'locked', body })
    expect(refused).toMatchObject({ status: 503, body: { code: 'store_unavailable' } })
    expect(refused.headers.get('retry-after')).not.toBeNull()
    expect(await ticketNumbers(relay, token)).toEqual([])

    other.exec('rollback')
    other.close()
    expect((await relay.call('POST /v1/tickets', { token, key: 'locked', body })).status).toBe(201)
    expect(await ticketNumbers(relay, token)).toHaveLength(1)
  })
})

describe('A lost PostgreSQL', () => {
  it('answers 503 while it lasts, and goes on by itself afterwards', { timeout: 120_000 }, async () => {
    const cable = await createCable(await freshDatabase())
    const hookSecret = 'the-hook-secret-of-the-tests'
    relay = await startRelay({ config: { store: cable.url }, game: { hookSecret } })
    const { call } = relay
    const { token } = await relay.signIn()
    expect((await call('POST /v1/tickets', { token, key: 'before', body })).status).toBe(201)

    cable.cut()
    expect(await call('POST /v1/tickets', { token, key: 'during', body })).toMatchObject({
      status: 503,
      body: { code: 'store_unavailable' },
    })
    expect((await call('GET /readyz')).status).toBe(503)
    expect((await call('GET /healthz')).status).toBe(200)
    // Nobody waits for what becomes of a hint: it must be written down, and not end the process.
    expect((await call(`POST /hooks/star-harbor/${hookSecret}`, { body: { ticketId: 'any' } })).status).toBe(204)
    const { lines } = relay
    await until(() => lines.some((line) => line.includes('reading a ticket broke off')), 'the hint has come to nothing')

    cable.mend()
    await until(
      async () => (await call('POST /v1/tickets', { token, key: 'during', body })).status === 201,
      'it takes tickets again',
    )
    expect(await ticketNumbers(relay, token)).toHaveLength(2)
    await relay.close()
    relay = undefined
    await cable.close()
  })
})

const canLimit = hasCommand('prlimit')

describe('A full disk', () => {
  // The kernel refuses every byte past the limit, as a full disk does; prlimit takes the limit off a running process.
  it.runIf(canLimit)(
    'answers 503 while it lasts, keeps what it has, and takes the same request afterwards',
    { timeout: 120_000 },
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'medkit-full-'))
      const config = join(folder, 'relay.json')
      const games = { full: { name: 'Full', players: { anonymous: true }, vendor: { kind: 'desk', token: deskToken } } }
      const secret = 'a secret of the full disk, long enough'
      await writeFile(
        config,
        JSON.stringify({
          listen: { port: 0 },
          store: `sqlite:${folder}/medkit.db`,
          files: `file:${folder}/files`,
          secret,
          games,
        }),
      )
      const { child, url } = await startLimited(config)
      const call: TestRelay['call'] = async (route, { token, key, body } = {}) => {
        const [method = '', path = ''] = route.split(' ')
        const headers = { authorization: `Bearer ${token}`, ...(key ? { 'idempotency-key': key } : {}) }
        const response = await fetch(`${url}${path}`, {
          method,
          headers,
          ...(body ? { body: JSON.stringify(body) } : {}),
        })
        return { status: response.status, headers: response.headers, body: await response.json() }
      }
      const { token } = (
        await call<{ token: string }>('POST /v1/sessions', { body: { game: 'full', kind: 'anonymous' } })
      ).body
      const large = { ...body, message: 'x'.repeat(10_000) }

      let taken = 0
      const refused = await until(async () => {
        const answer = await call<{ code: string }>('POST /v1/tickets', { token, key: `k${taken}`, body: large })
        if (answer.status === 201) taken++
        return answer.status !== 201 && answer
      }, 'the disk is full')
      expect(refused).toMatchObject({ status: 503, body: { code: 'store_unavailable' } })
      expect(await ticketNumbers({ call }, token)).toHaveLength(Math.min(taken, 20))
      // What little room is left is soon written full.
      const ready = async () => (await call('GET /readyz')).status
      await until(async () => (await ready()) === 503, 'the relay says that it is not ready')

      execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited'])
      await until(
        async () => (await call('POST /v1/tickets', { token, key: `k${taken}`, body: large })).status === 201,
        'it takes tickets again',
      )
      await until(async () => (await ready()) === 200, 'the relay says that it is ready again')
      child.kill('SIGTERM')
      await new Promise((resolve) => child.once('exit', resolve))
      await rm(folder, { recursive: true, force: true })
    },
  )
})

/** A relay whose files may not grow past a megabyte. */
async function startLimited(config: string) {
  // XFSZ is ignored, so that a write past the limit fails instead of ending the process.
  const script = `trap '' XFSZ; exec prlimit --fsize=1048576:unlimited "$0" server/main.ts --config "$1"`
  const child = spawn('sh', ['-c', script, process.execPath, config], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, MEDKIT_LOG: 'silent' },
  })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  const url = await until(() => /http:\/\/[\d.]+:\d+/.exec(said)?.[0], 'the relay listens')
  return { child, url }
}

function hasCommand(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
