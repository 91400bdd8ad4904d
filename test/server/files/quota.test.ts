/** Bytes have owners and ends: what waits from one network, of strangers and of one game, and what stays free on the disks. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { deskToken, type StartOptions, startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { announce, begin, filesIn, offsetOf, pngOf, send, untilState, upload } from '../../fixtures/relay-files.ts'
import { png } from '../../fixtures/sample-files.ts'
import { createStudio, createTestClock, type TestClock } from '../../fixtures/studio.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay
let clock: TestClock

beforeEach(() => {
  clock = createTestClock(new Date())
})
afterEach(() => relay.close())

/** docs/files.md: each file counts with so much beside its bytes. */
const beside = 256 * 1_024
const roomFor = (files: number, bytes: number) => files * (bytes + beside)
const full = { status: 507, body: { code: 'storage_full', retryAfterSeconds: 60 } }
const storeOf = async (engine: string) => (engine === 'postgres' ? { store: await freshDatabase() } : {})

/** Believes what its players say of where they are. */
async function start(storage: object, { config, ...more }: StartOptions = {}): Promise<void> {
  relay = await startRelay({
    clock,
    game: { players: { jwt: studio.config, anonymous: true } },
    ...more,
    config: { trustedProxies: ['127.0.0.0/8'], storage, ...config },
  })
}

const studio = createStudio()
const strangers = (count: number) => Promise.all(Array.from({ length: count }, () => relay.signIn()))

/** Somebody whom the studio has signed in. */
function known(n: number): string {
  const iat = Math.floor(clock.now().getTime() / 1_000)
  return studio.sign({ sub: `player-${n}`, iat, exp: iat + 3_600 })
}

/** An address in a network of its own. */
const elsewhere = (n: number) => `203.0.${n}.7`

const taken = (answers: readonly { status: number }[]) => answers.filter(({ status }) => status === 201).length

/** A ledger that is too busy says so, and is asked again. */
async function announceFrom(address: string, token: string, fileSize: number): ReturnType<typeof announce> {
  const headers = { 'x-forwarded-for': address }
  const answer = await relay.call('POST /v1/attachments', { token, body: pngOf(fileSize), headers })
  return answer.status === 503
    ? announceFrom(address, token, fileSize)
    : (answer as Awaited<ReturnType<typeof announce>>)
}

async function metric(name: string): Promise<number> {
  const { body } = await relay.call<string>('GET /metrics')
  return Number(new RegExp(`^${name.replaceAll(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(body)?.[1] ?? Number.NaN)
}

describe.each(['sqlite', 'postgres'])('On %s', (engine) => {
  it('thirty sessions behind one address come to an end together, also at once, and write on', async () => {
    const size = 10_000_000
    await start({ addressBytes: roomFor(9, size) + 1 }, { config: await storeOf(engine) })
    const flood = await strangers(30)
    const answers = await Promise.all(flood.map(({ token }) => announceFrom('203.0.113.7', token, size)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(9)
    expect(answers.filter(({ status }) => status === 507)).toHaveLength(21)
    expect(answers.find(({ status }) => status === 507)).toMatchObject(full)
    expect(await metric('medkit_files_waiting_bytes{game="star-harbor"}')).toBe(9 * size)
    expect(await filesIn(relay.folder)).toHaveLength(9)
    const [first] = flood
    expect((await relay.open(first?.token ?? '')).id).toBeTruthy()
    expect((await announceFrom('203.0.114.7', first?.token ?? '', size)).status).toBe(201)
  })

  it('a game comes to its end, wherever its players are, and another does not', async () => {
    const star = { name: 'Star', players: { jwt: studio.config }, vendor: { kind: 'desk', token: deskToken } }
    const moon = { ...star, players: { anonymous: true }, vendor: { kind: 'desk', token: 'another-desk-token' } }
    const games = { 'star-harbor': star, moon }
    await start({ gameBytes: roomFor(5, 1_000) }, { games, config: await storeOf(engine) })
    const flood = Array.from({ length: 12 }, (_, n) => announceFrom(elsewhere(n), known(n), 1_000))
    const answers = await Promise.all(flood)
    expect(taken(answers)).toBe(4)
    expect(answers.filter(({ status }) => status === 507)).toHaveLength(8)
    expect((await announceFrom(elsewhere(1), (await relay.signIn('moon')).token, 1_000)).status).toBe(201)
  })

  it('strangers together leave as much as they take to players who are known, wherever they come from', async () => {
    await start({ gameBytes: roomFor(16, 1_000) }, { config: await storeOf(engine) })
    const { token: delivered } = await relay.signIn()
    await relay.open(delivered)
    await until(async () => (await relay.desk.list()).length === 1, 'the vendor has a ticket of one of them')
    const flood = await strangers(30)
    const answers = await Promise.all(flood.map(({ token }, n) => announceFrom(elsewhere(n), token, 1_000)))
    expect(taken(answers)).toBe(8)
    const [late] = await strangers(1)
    expect(await announceFrom(elsewhere(200), late?.token ?? '', 1_000)).toMatchObject(full)
    expect((await announceFrom(elsewhere(201), known(1), 1_000)).status).toBe(201)
    expect((await announceFrom(elsewhere(202), delivered, 1_000)).status).toBe(201)
  })

  it('there is room again for what was dropped, refused or delivered, and not before', async () => {
    await start({ addressBytes: roomFor(3, 1_000) }, { config: await storeOf(engine) })
    const { token } = await relay.signIn()
    const carried = await upload(relay, token, png({ comment: 'x'.repeat(800) }))
    const { id: refused, url } = await begin(relay, token, pngOf(1_000))
    const { id: dropped } = await begin(relay, token, pngOf(1_000))
    const { token: neighbour } = await relay.signIn()
    const another = () => announce(relay, neighbour, pngOf(1_000))
    expect(await another()).toMatchObject(full)
    await relay.call(`DELETE /v1/attachments/${dropped}`, { token })
    expect((await another()).status).toBe(201)
    expect(await another()).toMatchObject(full)
    await send(url, token, 'x'.repeat(1_000))
    await untilState(relay, token, refused, 'refused')
    expect((await another()).status).toBe(201)
    expect(await another()).toMatchObject(full)
    await relay.open(token, { attachments: [carried] })
    await until(async () => (await another()).status === 201, 'the file is with the vendor')
    expect(await another()).toMatchObject(full)
  })

  it('at the floor of a disk nothing is announced, and everything else goes on', async () => {
    let free = 5_000_000
    const floors = { freeBytes: 1_000_000, ledgerFreeBytes: 900_000 }
    await start(floors, { freeBytesOf: async () => free, config: await storeOf(engine) })
    const { token } = await relay.signIn()
    const bytes = png({ comment: 'x'.repeat(800) })
    const { id, url } = await begin(relay, token, pngOf(bytes.length))
    const ticket = await relay.open(token)
    free = 1_000_000 + 2 * beside
    expect(await announce(relay, token, pngOf(1_000))).toMatchObject(full)
    expect(await metric('medkit_free_bytes{disk="files"}')).toBe(free)
    expect((await send(url, token, bytes)).status).toBe(204)
    await untilState(relay, token, id, 'ready')
    const reply = { message: 'Here it is', attachments: [id] }
    const replied = await relay.call(`POST /v1/tickets/${ticket.id}/messages`, { token, key: 'a', body: reply })
    expect(replied.status).toBe(201)
    expect((await relay.open(token)).id).toBeTruthy()
    free = 5_000_000
    expect((await announce(relay, token, pngOf(1_000))).status).toBe(201)
  })

  it('what was promised is kept free: those who announce at once do not share the same room', async () => {
    const freeBytes = 1_000
    await start(
      { freeBytes, ledgerFreeBytes: 0 },
      { freeBytesOf: async () => freeBytes + roomFor(4, 1_000), config: await storeOf(engine) },
    )
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => announceFrom(elsewhere(n), known(n), 1_000)))
    expect(taken(answers)).toBe(3)
    expect(answers.filter(({ status }) => status === 507)).toHaveLength(7)
  })
})

it('One network leaves to all others as much as it takes, by whichever of its addresses, and the next finds room', async () => {
  await start({ gameBytes: roomFor(16, 1_000) })
  const takenFrom = async (addressOf: (n: number) => string) => {
    const answers = []
    for (let n = 0; n < 20; n += 1) answers.push(await announceFrom(addressOf(n), known(n), 1_000))
    return taken(answers)
  }
  expect(await takenFrom((n) => `203.0.113.${n}`)).toBe(8)
  expect(await takenFrom((n) => `2001:db8:1:${n}::1`)).toBe(4)
  expect(await takenFrom((n) => `203.0.114.${n}`)).toBe(2)
  expect(await takenFrom((n) => `2001:db8:1:${n + 100}::1`)).toBe(0)
})

it('What is announced and not begun gives its room back after a quarter of an hour, unless a message carries it', async () => {
  await start({ addressBytes: roomFor(4, 1_000) })
  const { token } = await relay.signIn()
  const file = () => begin(relay, token, pngOf(1_000))
  const [untouched, hardly, begun, carried] = [await file(), await file(), await file(), await file()]
  await send(hardly.url, token, 'x'.repeat(9))
  await send(begun.url, token, 'x'.repeat(10))
  await relay.open(token, { attachments: [carried.id] })
  expect(await announce(relay, token, pngOf(1_000))).toMatchObject(full)
  clock.pass(15 * 60_000)
  await until(async () => Number.isNaN(await offsetOf(untouched.url, token)), 'what was not begun is gone')
  await until(async () => Number.isNaN(await offsetOf(hardly.url, token)), 'nor is there what hardly was')
  expect(await offsetOf(begun.url, token)).toBe(10)
  expect(await offsetOf(carried.url, token)).toBe(0)
  expect((await announce(relay, token, pngOf(1_000))).status).toBe(201)
  expect((await announce(relay, token, pngOf(1_000))).status).toBe(201)
  expect(await announce(relay, token, pngOf(1_000))).toMatchObject(full)
})

it('The disk of the ledger has a floor of its own', async () => {
  let ledger = 2_000
  // Its folder is the one above that of the files.
  const freeBytesOf = async (folder: string) => (folder.endsWith('/files') ? 1e12 : ledger)
  await start({ ledgerFreeBytes: 1_000 }, { freeBytesOf })
  const { token } = await relay.signIn()
  expect((await announce(relay, token, pngOf(1_000))).status).toBe(201)
  ledger = 999
  expect(await announce(relay, token, pngOf(1_000))).toMatchObject(full)
  expect(await metric('medkit_free_bytes{disk="ledger"}')).toBe(999)
  expect((await relay.open(token)).id).toBeTruthy()
})

it('A disk that does not say how much is free stops nobody, and the operator is told', async () => {
  await start({}, { freeBytesOf: () => Promise.reject(new Error('no such call')) })
  expect((await announce(relay, (await relay.signIn()).token, pngOf(1_000))).status).toBe(201)
  expect(relay.lines.join()).toContain('does not say how much is free')
})

it('Without an injected reader the system is asked, also before the folder of the files is there', async () => {
  await start({ freeBytes: Number.MAX_SAFE_INTEGER, ledgerFreeBytes: 0 })
  expect(await announce(relay, (await relay.signIn()).token, pngOf(1_000))).toMatchObject(full)
  expect(await metric('medkit_free_bytes{disk="files"}')).toBeGreaterThan(0)
})
