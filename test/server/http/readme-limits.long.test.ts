/**
 * The documented limits as a player, a device and an address meet them: each on a relay with its own default, asked until it
 * refuses. The fences around an address are counted as configured, a few instead of thousands, save where they are narrow.
 */

import { afterEach, describe, expect, it } from 'vitest'
import { type LimitKind, limitKinds } from '../../../server/config/limits.ts'
import type { Conversation } from '../../../server/contract/ticket.ts'
import { documentedLimit, documentedNumber } from '../../docs.ts'
import type { Answer } from '../../fixtures/relay.ts'
import { type RelayFixture, startTwoGames } from '../../fixtures/two-games.ts'
import { until } from '../../fixtures/wait.ts'

const nobodys = 'AAAAAAAAAAAAAAAAAAAAAA'
const roomy = { player: 1_000_000, device: 1_000_000, address: 1_000_000 }
/** So that a slow machine meets the same window as a quick one. */
const windowSeconds = 3_600

let fixture: RelayFixture
afterEach(() => fixture.close())

/** The one kind is as it comes, but for what is given; all others have room. */
async function startWith(kind: LimitKind, points: Record<string, number> = {}): Promise<void> {
  const limits = Object.fromEntries(limitKinds.map((one) => [one, one === kind ? { windowSeconds, ...points } : roomy]))
  fixture = await startTwoGames({ config: { limits } })
}

type Ask = (token: string, n: number) => Promise<Answer>

/** One call that spends from each kind; whether there is anything to be had by it makes no difference. */
const asks: Readonly<Record<LimitKind, Ask>> = {
  session: (token) => fixture.call('POST /v1/sessions/merge', { token, body: { anonymousToken: 'none' } }),
  unproved: () => fixture.call('POST /v1/sessions', { body: { game: 'star-harbor', kind: 'anonymous' } }),
  unprovedMail: (_, n) => asks.mail('', n),
  mail: (_, n) =>
    fixture.call('POST /v1/sessions', {
      body: { game: 'star-harbor', kind: 'email', email: `ada-${n}@players.example`, browserSecret: 'of one browser' },
    }),
  open: (token) =>
    fixture.call('POST /v1/tickets', { token, key: crypto.randomUUID(), body: { message: 'Hello', language: 'en' } }),
  reply: (token) => fixture.call(`POST /v1/tickets/${nobodys}/close`, { token }),
  read: (token) => fixture.call('GET /v1/deletion-requests', { token }),
  upload: (token) => fixture.call(`DELETE /v1/attachments/${nobodys}`, { token }),
  piece: (token) => fixture.call(`HEAD /v1/uploads/${nobodys}`, { token, headers: { 'tus-resumable': '1.0.0' } }),
  export: (token) => fixture.call('GET /v1/export', { token }),
  work: (token) => fixture.call('GET /v1/tickets', { token }),
  desk: (_, n) => fixture.call('GET /desk', { headers: { authorization: `Bearer a-guess-at-it-${n}` } }),
}

/** @returns how many were let through before one was refused, which was told when to come again */
async function servedBefore(ask: (n: number) => Promise<Answer>): Promise<number> {
  for (let n = 0; ; n += 1) {
    const { status, headers } = await ask(n)
    if (status !== 429) continue
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    return n
  }
}

/** These count something else than calls, or nobody in particular, or refuse nobody. */
const counted = limitKinds.filter((kind) => !['unproved', 'unprovedMail', 'mail', 'work', 'desk'].includes(kind))

describe('The documented limit is where the relay refuses', () => {
  it.each(counted)('a player and a device: %s', async (kind) => {
    await startWith(kind)
    const { player, device } = documentedLimit(kind)
    const verified = fixture.verified({ sub: 'ada' })
    const anonymous = (await fixture.signIn()).token
    expect(await servedBefore((n) => asks[kind](verified, n))).toBe(player)
    expect(await servedBefore((n) => asks[kind](anonymous, n))).toBe(device)
    expect((await asks[kind](fixture.verified({ sub: 'grace' }), 0)).status).not.toBe(429)
  })

  it('a browser and an address that ask for mails, and a mailbox that gets them', async () => {
    await startWith('mail')
    const { player, device, address = 0 } = documentedLimit('mail')
    expect(await servedBefore((n) => asks.mail('', n))).toBe(device)
    const ask = (email: string) =>
      fixture.call('POST /v1/sessions', { body: { game: 'star-harbor', kind: 'email', email } })
    // Nobody is told what others have asked of a mailbox.
    for (let n = 0; n < player + 3; n += 1) expect((await ask('grace@players.example')).status).toBe(202)
    await ask('last@players.example')
    const sentTo = (to: string) => fixture.mails.filter((mail) => mail.to.includes(to)).length
    await until(() => sentTo('last@players.example') === 1, 'the last mail has come')
    await until(() => sentTo('grace@players.example') >= player, 'those before it have')
    expect(sentTo('grace@players.example')).toBe(player)
    const before = device + player + 3 + 1
    expect(await servedBefore((n) => ask(`more-${n}@players.example`))).toBe(address - before)
  })

  it('an address from which many come in without proof of work, where a game asks for it: the next bring some', async () => {
    const limits = { ...Object.fromEntries(limitKinds.map((kind) => [kind, roomy])), unproved: { windowSeconds } }
    fixture = await startTwoGames({ config: { limits }, players: { proofOfWork: {} } })
    let served = 0
    while ((await asks.unproved('', 0)).status === 201) served += 1
    expect(served).toBe(documentedLimit('unproved').address)
    expect((await asks.unproved('', 0)).body).toMatchObject({ errors: [{ path: 'proof', code: 'missing' }] })
  })

  it('an address from which many mails are asked for without proof of work: the next bring some', async () => {
    const limits = { ...Object.fromEntries(limitKinds.map((kind) => [kind, roomy])), unprovedMail: { windowSeconds } }
    fixture = await startTwoGames({ config: { limits }, players: { proofOfWork: {} } })
    let served = 0
    while ((await asks.unprovedMail('', served)).status === 202) served += 1
    expect(served).toBe(documentedLimit('unprovedMail').address)
    expect((await asks.unprovedMail('', served)).body).toMatchObject({ errors: [{ path: 'proof', code: 'missing' }] })
  })

  it('whoever guesses at the desk', async () => {
    await startWith('desk')
    expect(await servedBefore((n) => asks.desk('', n))).toBe(documentedLimit('desk').address)
  })

  it('a player’s and a device’s work, in KiB', async () => {
    await startWith('work')
    const { player, device } = documentedLimit('work')
    expectReached(await readUntilRefused((await fixture.signIn()).token), device)
    expectReached(await readUntilRefused(fixture.verified({ sub: 'ada' })), player)
  })
})

/** One KiB for asking, and one for each whole KiB of an answer: the last that is let in may go beyond. */
function expectReached(spent: readonly number[], limit: number): void {
  const sum = (parts: readonly number[]) => parts.reduce((total, one) => total + one, 0)
  expect(sum(spent)).toBeGreaterThanOrEqual(limit)
  expect(sum(spent.slice(0, -1))).toBeLessThan(limit)
}

/** @returns what each reading of a ticket with a hundred long messages spent */
async function readUntilRefused(token: string): Promise<number[]> {
  const { id } = await fixture.open(token)
  const body = { message: 'x'.repeat(10_000) }
  for (let n = 0; n < 100; n += 1) await fixture.call(`POST /v1/tickets/${id}/messages`, { token, key: `${n}`, body })
  const spent: number[] = []
  await servedBefore(async () => {
    const answer = await fixture.call<Conversation>(`GET /v1/tickets/${id}?limit=100`, { token })
    // One that was put off, because the machine is busy, has been asked for all the same.
    const answered = answer.status === 200 ? Math.floor(JSON.stringify(answer.body).length / 1_024) : 0
    if (answer.status !== 429) spent.push(1 + answered)
    return answer
  })
  return spent
}

describe('The fence around an address', () => {
  const fenced = counted.filter((kind) => documentedLimit(kind).address !== undefined)
  const someAtOnce = 7

  it.each([...fenced, 'work' as const])(
    'counts whoever comes from there together, as many as are configured: %s',
    async (kind) => {
      await startWith(kind, { address: someAtOnce })
      // Every request is a read of its address, whoever makes it.
      const ask: Ask = kind === 'read' ? () => fixture.call('GET /healthz') : asks[kind]
      expect(await servedBefore((n) => ask(fixture.verified({ sub: `player-${n}` }), n))).toBe(someAtOnce)
    },
  )

  it.each(limitKinds.filter((kind) => documentedLimit(kind).address === undefined))(
    'is not there for %s',
    async (kind) => {
      await startWith(kind, { address: 1 })
      for (let n = 0; n < 5; n += 1)
        expect((await asks[kind](fixture.verified({ sub: `player-${n}` }), n)).status).not.toBe(429)
    },
  )
})

describe('What the pages say of one request and one player', () => {
  const open = (token: string, more: object, message = 'Hello') =>
    fixture.call('POST /v1/tickets', { token, key: crypto.randomUUID(), body: { message, language: 'en', ...more } })

  it('is what a body, a message and metadata may have', async () => {
    fixture = await startTwoGames()
    const { token } = await fixture.signIn()
    const bytes = documentedNumber('docs/configuration.md', 'A body may have # KiB of JSON') * 1_024
    const padded = (length: number) => JSON.stringify({ message: 'Hello', language: 'en' }).padEnd(length)
    const send = (raw: string) => fixture.call('POST /v1/tickets', { token, key: crypto.randomUUID(), raw })
    expect([(await send(padded(bytes))).status, (await send(padded(bytes + 1))).status]).toEqual([201, 413])
    const characters = documentedNumber('docs/configuration.md', 'a message # characters')
    const long = [await open(token, {}, 'x'.repeat(characters)), await open(token, {}, 'x'.repeat(characters + 1))]
    expect(long.map(({ status }) => status)).toEqual([201, 422])
    const values = documentedNumber('docs/configuration.md', '`metadata` # values')
    const each = documentedNumber('docs/configuration.md', 'values of # characters')
    const metadata = (count: number, length: number) => ({
      metadata: Object.fromEntries(Array.from({ length: count }, (_, n) => [`key-${n}`, 'x'.repeat(length)])),
    })
    const claimed = [metadata(values, each), metadata(values + 1, 1), metadata(1, each + 1)]
    const statuses = []
    for (const more of claimed) statuses.push((await open(token, more)).status)
    expect(statuses).toEqual([201, 422, 422])
  })

  it('is how many files may wait for a message', async () => {
    fixture = await startTwoGames()
    const { token } = await fixture.signIn()
    const body = { fileName: 'a.png', fileType: 'image/png', fileSize: 1 }
    const announced = await servedBefore(() => fixture.call('POST /v1/attachments', { token, body }))
    expect(announced).toBe(documentedNumber('docs/files.md', 'A player may have # files'))
  })

  it('is how many event streams a player has: the oldest gives way', async () => {
    fixture = await startTwoGames()
    const { token } = await fixture.signIn()
    const most = documentedNumber('docs/configuration.md', 'A player has room for # of them')
    const listen = () => fetch(`${fixture.url}/v1/events`, { headers: { authorization: `Bearer ${token}` } })
    const first = await listen()
    const others = []
    for (let n = 1; n < most; n += 1) others.push(await listen())
    const open = async () =>
      Number(/^medkit_streams (\d+)$/m.exec((await fixture.call<string>('GET /metrics')).body)?.[1])
    await until(async () => (await open()) === most, 'all are open')
    others.push(await listen())
    await first.text()
    await until(async () => (await open()) === most, 'as many are open as there were')
    for (const { body } of others) await body?.cancel()
  })
})
