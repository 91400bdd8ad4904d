/** `/readyz`: what a load balancer goes by. */
import { Agent, get, type IncomingMessage } from 'node:http'
import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { createReadiness } from '../../../server/http/readiness.ts'
import { systemTimers, type Timers } from '../../../server/runtime/clock.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay | undefined

afterEach(async () => {
  await relay?.close()
  relay = undefined
})

describe('A relay that is asked to end', () => {
  const pauseMs = 123_456

  it('is not ready at once, goes on accepting until the pause is over, and then no more', async () => {
    let endPause = () => {}
    const after: Timers['after'] = (ms, act) => {
      if (ms !== pauseMs) return systemTimers.after(ms, act)
      endPause = act
      return () => {}
    }
    relay = await startRelay({ timers: { ...systemTimers, after } })
    const { url, open, signIn } = relay
    const standing = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = () => answerOf(`${url}/readyz`, standing)
    expect(await ask()).toEqual({ status: 200, isStanding: false })

    const closed = relay.relay.close({ pauseMs })
    expect(await ask()).toEqual({ status: 503, isStanding: true })
    // By a new connection.
    expect(await answerOf(`${url}/healthz`, new Agent())).toEqual({ status: 200, isStanding: false })
    await open((await signIn()).token)

    endPause()
    await closed
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
    standing.destroy()
    relay = undefined
  })
})

function answerOf(url: string, agent: Agent): Promise<{ status: number | undefined; isStanding: boolean }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response: IncomingMessage) => {
      response.resume().once('end', () => resolve({ status: response.statusCode, isStanding: request.reusedSocket }))
    })
    request.once('error', reject)
  })
}

describe('A relay whose PostgreSQL is read only', () => {
  it('is not ready while that lasts', async () => {
    const store = await freshDatabase()
    relay = await startRelay({ config: { store } })
    const { call } = relay
    const ready = async () => (await call('GET /readyz')).status
    expect(await ready()).toBe(200)

    await makeReadOnly(store, true)
    await until(async () => (await ready()) === 503, 'it is not ready')
    expect(await call('GET /readyz')).toMatchObject({ status: 503, body: { code: 'store_unavailable' } })
    await makeReadOnly(store, false)
    await until(async () => (await ready()) === 200, 'it is ready again')
  })
})

/** As after a failover to a standby: old connections are gone, and new ones may only read. */
async function makeReadOnly(store: string, isReadOnly: boolean): Promise<void> {
  const admin = new pg.Client(store)
  await admin.connect()
  await admin.query('set default_transaction_read_only = off')
  const database = new URL(store).pathname.slice(1)
  await admin.query(`alter database ${database} set default_transaction_read_only = ${isReadOnly}`)
  await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> $2', [
    database,
    (await admin.query('select pg_backend_pid() as pid')).rows[0].pid,
  ])
  await admin.end()
}

describe('However many ask at once, and however often', () => {
  it('the ledger is written to once, and once more when a second has passed', async () => {
    let elapsedMs = 0
    let written = 0
    const store = {
      isWritable: async () => {
        written++
        return true
      },
    }
    const readiness = createReadiness({ store, timers: { ...systemTimers, elapsedMs: () => elapsedMs } })
    const askMany = () => Promise.all(Array.from({ length: 100 }, readiness.state))
    expect(new Set([...(await askMany()), ...(await askMany())])).toEqual(new Set(['ready']))
    expect(written).toBe(1)
    elapsedMs = 1_000
    await askMany()
    expect(written).toBe(2)
  })
})
