/** The sandbox a studio tries a vendor in. */
import { afterEach, expect, it } from 'vitest'
import type { Session } from '../../server/contract/player.ts'
import type { Conversation } from '../../server/contract/ticket.ts'
import { until } from '../fixtures/wait.ts'
import { type SimulatorName, simulatorNames } from '../simulators/simulators.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'

let sandbox: Sandbox | undefined
let printed: string[] = []

afterEach(async () => {
  await sandbox?.close()
  sandbox = undefined
})

async function begin(vendor: SimulatorName): Promise<Sandbox> {
  printed = []
  const browserFiles = new Map([['/demo.html', page()]])
  sandbox = await startSandbox({ vendor, port: 0, browserFiles, print: (text) => printed.push(plain(text)) })
  return sandbox
}

function page() {
  const bytes = new TextEncoder().encode('<!doctype html>')
  return { bytes, encoded: () => bytes, type: 'text/html', etag: '"1"', isHashed: false }
}

/** Without colours. */
function plain(text: string): string {
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '')
}

const has = (text: string) => printed.some((line) => line.includes(text))

async function open(address: string): Promise<{ token: string; id: string }> {
  const post = async <T>(path: string, body: unknown, headers = {}) => {
    const init = {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    }
    return (await (await fetch(`${address}/v1${path}`, init)).json()) as T
  }
  const { token } = await post<Session>('/sessions', { game: 'demo', kind: 'anonymous' })
  const body = { message: 'Where is my ship?', language: 'en', email: 'ada@players.example' }
  const headers = { authorization: `Bearer ${token}`, 'idempotency-key': crypto.randomUUID() }
  return { token, id: (await post<Conversation>('/tickets', body, headers)).id }
}

it.each(simulatorNames)('prints what %s receives, and lets one be its agent', async (vendor) => {
  const { address, type } = await begin(vendor)
  expect(has(`${address}/demo`)).toBe(true)
  expect((await fetch(`${address}/demo`)).status).toBe(200)
  await type('list')
  expect(printed.at(-1)).toContain('no ticket yet')
  await open(address)
  await until(() => has('Where is my ship?'), 'the request is printed')
  expect(has('POST')).toBe(true)
  expect(has('against the vendor')).toBe(false)
  await type('list')
  expect(printed.at(-1)).toMatch(/1 {2}open .*Where is my ship\?/)
  await type('answer Behind the moon.')
  await type('note 1 A secret thought')
  await type('show 1')
  expect(printed.at(-1)).toContain('Behind the moon.')
  await type('close')
  await type('list')
  expect(printed.at(-1)).toMatch(/1 {2}closed/)
  expect(await type('quit')).toBe(false)
})

it('brings the answer to the player by the vendor’s hook', async () => {
  const { address, type } = await begin('thena')
  const { id, token } = await open(address)
  const read = async () => {
    const answer = await fetch(`${address}/v1/tickets/${id}`, { headers: { authorization: `Bearer ${token}` } })
    return (await answer.json()) as Conversation
  }
  await until(async () => (await read()).messages[0]?.delivery === 'delivered', 'it has arrived')
  await type('answer Behind the moon.')
  await until(
    async () => (await read()).messages.some(({ text }) => text === 'Behind the moon.'),
    'the answer is there',
  )
})

it('lets the vendor be down and up again', async () => {
  const { address, type } = await begin('theymes')
  await type('down')
  await open(address)
  await until(() => has('→ 500'), 'the failure is printed')
  await type('up')
  await open(address)
  await until(() => has('POST   /tickets → 200'), 'the next is taken')
})

it('lets the vendor choke on one message, show late what it took, and do neither any more', async () => {
  const { address, type } = await begin('theymes')
  await type('choke my ship')
  await type('lag 600')
  await open(address)
  await until(() => has('→ 500'), 'the failure is printed')
  await type('up')
  await open(address)
  await until(() => has('POST   /tickets → 200'), 'the next is taken')
})

it('lets the vendor carry a ticket out late, once', async () => {
  const { address, type } = await begin('thena')
  await type('late 3600')
  await open(address)
  await until(() => has('POST   /v1/tickets → no answer'), 'the vendor has it, and says nothing')
  await type('list')
  expect(printed.at(-1)).toContain('no ticket yet')
  await open(address)
  await until(() => has('POST   /v1/tickets → 201'), 'the next is taken at once')
})

it.each([
  ['choke', 'On what should it choke?'],
  ['dance', 'There is no “dance”'],
  ['answer', 'no ticket yet'],
  ['answer 7 Hello', 'There is no ticket 7'],
  ['HELP', 'answer [2] <text>'],
])('answers “%s” with what can be typed', async (line, said) => {
  const { type } = await begin('i3d')
  expect(await type(line)).toBe(true)
  expect(printed.at(-1)).toContain(said)
})
