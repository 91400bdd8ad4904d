/** What happens between a 201 and the vendor: every misbehaviour by name, retries, refusals, operators. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Message } from '../../../../server/contract/message.ts'
import type { Conversation } from '../../../../server/contract/ticket.ts'
import { startRelay, type TestRelay } from '../../../fixtures/relay.ts'
import { until } from '../../../fixtures/wait.ts'
import { type Misbehaviour, misbehaviours } from '../../../simulators/misbehave.ts'
import type { VendorSimulator } from '../../../simulators/simulator.ts'
import { startThenaSimulator } from '../../../simulators/thena/simulator.ts'

describe.concurrent('A vendor that', () => {
  let relay: TestRelay
  const vendors = new Map<string, VendorSimulator>()

  beforeAll(async () => {
    for (const how of misbehaviours) vendors.set(how, await startThenaSimulator())
    const games = Object.fromEntries(
      [...vendors].map(([how, { config }]) => [how, { name: how, players: { anonymous: true }, vendor: config }]),
    )
    relay = await startRelay({ games })
  })

  afterAll(async () => {
    await relay.close()
    await Promise.all([...vendors.values()].map((vendor) => vendor.close()))
  })

  const sentences: Record<Misbehaviour, string> = {
    error: 'answers 500',
    busy: 'answers 429 with Retry-After',
    hang: 'never answers',
    reset: 'resets in the middle of its answer',
    html: 'answers HTML instead of JSON',
    'error-inside': 'answers 200 with an error inside',
    'lost-answer': 'takes the message and loses its answer',
    redirect: 'redirects',
    oversize: 'answers five megabytes',
    unauthorized: 'refuses the studio’s key for a while',
  }

  it.each(misbehaviours.map((how) => [sentences[how], how] as const))(
    '%s costs the player no wait, and gets the message once',
    { timeout: 120_000 },
    async (_sentence, how) => {
      const vendor = vendors.get(how)
      if (!vendor) throw new Error('no such vendor')
      const { token } = await relay.signIn(how)
      vendor.misbehave(how, 1, vendor.calls.open)
      const ticket = await relay.open(token, { message: `unique words of ${how}` })
      expect(ticket.messages[0]?.delivery).toBe('received')
      await until(
        async () => {
          const { body } = await relay.call<Conversation>(`GET /v1/tickets/${ticket.id}`, { token })
          return body.messages[0]?.delivery === 'delivered'
        },
        'the message is delivered',
        35_000,
      )
      const holding = vendor
        .tickets()
        .filter(({ lines }) => lines.some((line) => line.includes(`unique words of ${how}`)))
      expect(holding).toHaveLength(1)
      expect(vendor.violations).toEqual([])
    },
  )
})

describe('A message the vendor will never accept', () => {
  let relay: TestRelay
  let vendor: VendorSimulator
  let token: string

  beforeAll(async () => {
    vendor = await startThenaSimulator()
    // A team that is not there: the vendor answers a plain refusal until the studio mends its configuration.
    const games = {
      wrong: { name: 'Wrong', players: { anonymous: true }, vendor: { ...vendor.config, teamId: 'team-nowhere' } },
    }
    relay = await startRelay({ games })
    token = (await relay.signIn('wrong')).token
  })

  afterAll(async () => {
    await relay.close()
    await vendor.close()
  })

  it('becomes failed with a problem, stays readable, and can be sent again by the player', async () => {
    const ticket = await relay.open(token)
    const read = async () =>
      (await relay.call<Conversation>(`GET /v1/tickets/${ticket.id}`, { token })).body.messages[0]
    const failed = await until(async () => {
      const message = await read()
      return message?.delivery === 'failed' && message
    }, 'the message has failed')
    expect(failed).toMatchObject({ text: 'My sword is gone', problem: { code: 'vendor_refused' } })

    const path = `POST /v1/tickets/${ticket.id}/messages/${failed.id}/retry`
    const again = await relay.call<Message>(path, { token })
    expect(again).toMatchObject({ status: 200, body: { delivery: 'received' } })
    const stranger = (await relay.signIn('wrong')).token
    expect((await relay.call(path, { token: stranger })).status).toBe(404)
    await until(async () => (await read())?.delivery === 'failed', 'it has failed again')
  })

  it('is shown to an operator, who puts it back in line or drops it', async () => {
    await relay.open(token)
    const run = await operator(relay)
    const listed = await until(async () => {
      const said = await run('outbox')
      return said.includes('stuck') && said
    }, 'the outbox lists it')
    const [number = ''] = listed.split('  ')
    expect(await run('outbox', 'retry', number)).toContain(`${number} is back in line`)
    expect(await run('outbox', 'drop', number)).toContain(`${number} is dropped`)
    expect(await run('outbox')).not.toMatch(new RegExp(`^${number} `, 'm'))
    await expect(run('outbox', 'retry', '999')).rejects.toThrow('There is no delivery 999')
  })

  it('is not looked for in vain without a word', async () => {
    const idle = await startRelay()
    const run = await operator(idle)
    expect(await run('outbox', 'retry', '--stuck')).toBe('Nothing is stuck.\n')
    await idle.close()
  })
})

/** `medkit …` as an operator runs it, beside the running relay. */
async function operator(relay: TestRelay) {
  const config = join(relay.folder, 'operator.json')
  const games = {
    wrong: { name: 'Wrong', players: { anonymous: true }, vendor: { kind: 'desk', token: 'the token of a desk' } },
  }
  await writeFile(config, JSON.stringify({ store: `sqlite:${relay.folder}/medkit.db`, games }))
  return async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['server/main.ts', ...args, '--config', config])
    return stdout
  }
}
