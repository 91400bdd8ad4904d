/**
 * Every route of the relay against what a bare socket can send: no 5xx but the two that say "later", no other player's data,
 * no refusal that nobody has named, and nothing left open or piled up afterwards. Once round all routes and bodies with the
 * other tests; `npm run test:fuzz` goes round until it has made twenty thousand.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { openIn } from '../fixtures/open-files.ts'
import { until } from '../fixtures/wait.ts'
import { type Door, doorsOf, hookSecret, type Knock } from './fuzz-doors.ts'
import { expectDocumented, expectOwnOnly, type Field, printSeed, refresh, settle } from './fuzz-field.ts'
import { type BodyPlan, bodyPlans, exchange, type Heard, headPlans, type Oddity } from './fuzz-wire.ts'

const requests = Number(process.env.FUZZ_REQUESTS ?? 1)
const atOnce = 24
/** How long the relay waits for a client here: so that those who stall are seen to be let go. */
const timeouts = { headersMs: 2_000, bodyMs: 500, formMs: 500, pieceMs: 2_000, silenceMs: 10_000 }

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medkit-pages-'))
  await writeFile(join(folder, 'medkit.js'), 'void 0')
  await writeFile(join(folder, 'index.html'), '<!doctype html>')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Case {
  door: Door
  knock: Knock
  oddity: Oddity
}

const mixed = fc.record({ bodyPlan: fc.constantFrom(...bodyPlans), headPlan: fc.constantFrom(...headPlans) })
/** Each kind of body under sound header lines, each kind of header lines above a sound body, and some of both. */
const plans = [
  ...bodyPlans.map((bodyPlan) => fc.constant({ bodyPlan, headPlan: 'plain' as const })),
  ...headPlans.map((headPlan) => fc.constant({ bodyPlan: 'whole' as const, headPlan })),
  ...Array.from({ length: 6 }, () => mixed),
]

/** All of them for each route; whose, and about what, is drawn. */
function casesOf(doors: readonly Door[], seed: number): Case[] {
  return doors.flatMap((door, n) => {
    const drawn = fc.tuple(...plans.map((plan) => fc.record({ knock: door.knock, plan, turn: fc.nat(100_000) })))
    const [cases = []] = fc.sample(drawn, { numRuns: 1, seed: seed + n })
    return cases.map(({ knock, plan, turn }) => ({ door, knock, oddity: { ...plan, turn } }))
  })
}

/** What Node itself says of lines that are no HTTP, or of a body that never comes. It has nothing to say about it. */
const ofNode = [400, 408, 417, 431]
const unfinished: readonly BodyPlan[] = ['stalled', 'stalled in chunks', 'endless', 'broken off', 'in no chunks']
const inPieces: readonly BodyPlan[] = [...unfinished, 'dribbled', 'longer than it says', 'shorter than it says']

function judge(field: Field, { door, knock, oddity }: Case, heard: Heard): void {
  const { call, readers } = knock
  expectOwnOnly(field, readers, heard.raw)
  for (const later of heard.statuses.slice(1)) expect(ofNode.concat(404)).toContain(later)
  const [status] = heard.statuses
  // A line that is cut while the client still writes may take the answer along.
  const mayBeCut = inPieces.includes(oddity.bodyPlan) || oddity.headPlan === 'too long' || call.body.byteLength > 16_000
  if (status === undefined) return void expect(mayBeCut, 'closed without an answer').toBe(true)
  const isPlain = oddity.headPlan === 'plain' && ['none', 'whole', 'in chunks'].includes(oddity.bodyPlan)
  // A busy machine may be too late for anybody.
  const isOfNode = (!isPlain && ofNode.includes(status)) || status === 408
  if (isOfNode && /^0?\s*$/.test(heard.text)) return
  if (oddity.bodyPlan.startsWith('packed') && door.operation?.body) expect(status).toBeGreaterThanOrEqual(400)
  if (door.operation) expectDocumented(door.operation, { ...heard, status })
  else expect([...door.answers, 429]).toContain(status)
}

/** @returns what it heard, `route: body: status` */
async function ask(field: Field, { door, knock, oddity }: Case): Promise<string> {
  const heard = await exchange(Number(new URL(field.fixture.url).port), knock.call, oddity)
  try {
    judge(field, { door, knock, oddity }, heard)
  } catch (error) {
    const { method, url, headers } = knock.call
    const asked = { method, url, headers: Object.keys(headers), bearer: knock.bearer, ...oddity }
    throw new Error(`${door.name}: ${JSON.stringify(asked)}\n${error}\nheard ${heard.raw.slice(0, 300)}`, {
      cause: error,
    })
  }
  if (door.name === 'DELETE /v1/session' && heard.statuses[0] === 204) await refresh(field, knock.bearer)
  return `${door.name}: ${oddity.bodyPlan}: ${heard.statuses[0] ?? 'cut'}`
}

async function askAll(field: Field, cases: readonly Case[]): Promise<string[]> {
  const queue = [...cases]
  const heard: string[] = []
  const wrong: unknown[] = []
  async function client(): Promise<void> {
    for (let next = queue.pop(); next; next = queue.pop())
      await ask(field, next).then(
        (outcome) => heard.push(outcome),
        (error) => wrong.push(error),
      )
  }
  await Promise.all(Array.from({ length: atOnce }, client))
  expect(wrong.map(String).toSorted()).toEqual([])
  return heard
}

const openNow = (kind: string) => process.getActiveResourcesInfo().filter((name) => name === kind).length

/** Nothing of a request outlives it: no connection, no event stream, no file, no timer. */
async function expectNothingLeft({ fixture }: Field, before: Record<string, number>): Promise<void> {
  await until(() => openNow('TCPSocketWrap') <= (before.TCPSocketWrap ?? 0), 'every connection is closed')
  const metrics = async () => (await fixture.relay.app.fetch(new Request('http://localhost/metrics'))).text()
  await until(async () => /^medkit_streams 0$/m.test(await metrics()), 'no event stream is open')
  if (existsSync('/proc/self/fd'))
    await until(() => openIn(join(fixture.folder, 'files')).length === 0, 'no file is open')
  // A few are the relay's own, which comes and goes about its work.
  await until(() => openNow('Timeout') <= (before.Timeout ?? 0) + 20, 'no request has left a timer')
}

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function heldBytes(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function goRound(seed: number): Promise<string[]> {
  const field = await settle({
    game: { hookSecret },
    start: { timeouts, browserFiles: readBrowserFiles(folder) },
  })
  try {
    const cases = casesOf(await doorsOf(field), seed)
    const before = { TCPSocketWrap: openNow('TCPSocketWrap'), Timeout: openNow('Timeout') }
    const heard = await askAll(field, cases)
    await expectNothingLeft(field, before)
    expect(field.fixture.lines.filter((line) => line.includes('"level":50'))).toEqual([])
    expect((await field.fixture.call('GET /healthz')).status).toBe(200)
    return heard
  } finally {
    await field.fixture.close()
  }
}

it('meets bodies and headers that no client sends with no 5xx, no leak, no unnamed refusal, and nothing left open', {
  timeout: 3_600_000,
}, async () => {
  const closedByGarbage: string[] = []
  process.on('warning', ({ message }) => void (/garbage/.test(message) && closedByGarbage.push(message)))
  const seed = printSeed()
  const heard: string[] = []
  const held: number[] = []
  do {
    heard.push(...(await goRound(seed + heard.length)))
    held.push(heldBytes())
  } while (heard.length < requests)
  const [afterFirst = 0, afterLast = 0] = [held[0], held.at(-1)]
  if (process.env.FUZZ_REQUESTS) {
    const mega = held.map((bytes) => (bytes / 1e6).toFixed(1))
    console.log(
      `${heard.length} requests; held after each round, in MB: ${mega.join(' ')}; resident ${(process.memoryUsage.rss() / 1e6).toFixed(0)}`,
    )
  }
  // Otherwise it would only ever have knocked.
  const done = new Set(heard.filter((one) => /: (2\d\d|303)$/.test(one)).map((one) => one.split(': ')[0]))
  expect(done.size).toBeGreaterThanOrEqual(25)
  // A file that somebody left open is closed by the garbage collector in the end, which says so.
  expect(closedByGarbage).toEqual([])
  // What was let go is gone, whatever came since. One round has nothing to be compared with.
  if (held.length > 1) expect(afterLast).toBeLessThan(2 * afterFirst + 32e6)
})
