/**
 * `npm run bench:proof`: how long the widget's own solver takes in a real Chromium for what the relay asks by default, how
 * long a program takes for the same on the same machine, and how long the relay takes to check it.
 *
 * For a phone the page is throttled by four and by six, as Lighthouse does it for a middling and a cheap one. That holds up the
 * page's own thread: each try is handed over by it and waits for it, so that the work is held up nearly as much.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium } from 'playwright-core'
import { readConfig } from '../../server/config/config.ts'
import type { Challenge } from '../../server/contract/proof.ts'
import { createProofs } from '../../server/players/proof-of-work.ts'
import { systemClock } from '../../server/runtime/clock.ts'
import type { Store } from '../../server/store/store.ts'
import { chromiumLaunch } from '../fixtures/chromium.ts'
import { decode, solve } from '../fixtures/solve-challenge.ts'

const rounds = Number(process.env.ROUNDS ?? 10)
const seconds = defaultSeconds()
// Only spending looks at the ledger, and none of these was spent before.
const store = { proofs: { spend: async () => true } } as unknown as Store
const proofs = createProofs([Buffer.alloc(32, 'bench')], { store, clock: systemClock })

interface Measured {
  /** Milliseconds a challenge. */
  ms: number
  iterations: number
}

const challenges = await Promise.all(Array.from({ length: rounds }, () => proofs.challenge('bench', seconds)))
const native = challenges.map((challenge) => timed(challenge, () => solve(challenge)))
report('a program, one thread', native)
report('the widget in Chromium', await solveInChromium(challenges))
for (const times of [4, 6]) report(`… throttled ${times} times`, await solveInChromium(challenges, times))
report('to check one, the relay', await checked(challenges))

async function checked(challenges: readonly Challenge[]): Promise<Measured[]> {
  const measured: Measured[] = []
  for (const challenge of challenges) {
    const proof = solve(challenge)
    const began = performance.now()
    await proofs.spend(proof, { solver: 'bench', use: 'bench' })
    measured.push({ ms: performance.now() - began, iterations: challenge.parameters.cost })
  }
  return measured
}

function timed(challenge: Challenge, work: () => string): Measured {
  const began = performance.now()
  const proof = work()
  return { ms: performance.now() - began, iterations: iterationsOf(challenge, proof) }
}

function iterationsOf({ parameters }: Challenge, proof: string): number {
  return (decode(proof).solution.counter + 1) * parameters.cost
}

/** The median, because others work on the machine as well; and the best, which is what it does with nobody beside. */
function report(who: string, measured: readonly Measured[]): void {
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
  const ms = median(measured.map((one) => one.ms)).toFixed(1)
  const rates = measured.map((one) => one.iterations / one.ms / 1_000)
  const rate = `${median(rates).toFixed(1)} million iterations a second, at best ${Math.max(...rates).toFixed(1)}`
  console.log(`${who.padEnd(24)} ${ms.padStart(6)} ms, ${rate}`)
}

/**
 * Runs the very file that players fetch, on a page with no more rights than theirs.
 *
 * @param slower - what Chromium's throttling takes
 */
async function solveInChromium(challenges: readonly Challenge[], slower = 1): Promise<Measured[]> {
  const folder = 'dist/widget/assets'
  const name = readdirSync(folder).find((file) => /^proof-.*\.js$/.test(file))
  if (!name) throw new Error('the widget was not built')
  const code = readFileSync(`${folder}/${name}`)
  const server = createServer((request, response) => {
    response.setHeader('content-type', request.url === '/proof.js' ? 'text/javascript' : 'text/html')
    response.end(request.url === '/proof.js' ? code : '<!doctype html>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const browser = await chromium.launch(await chromiumLaunch())
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const session = await page.context().newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate: slower })
    const measured: Measured[] = []
    for (const challenge of challenges) {
      const [ms, proof] = await page.evaluate(async (challenge) => {
        const { solve } = await import('/proof.js' as string)
        const began = performance.now()
        const proof: string = await solve(challenge)
        return [performance.now() - began, proof] as const
      }, challenge)
      measured.push({ ms, iterations: iterationsOf(challenge, proof) })
    }
    return measured
  } finally {
    await browser.close()
    server.close()
  }
}

/** What `"proofOfWork": {}` means. */
function defaultSeconds(): number {
  const players = { anonymous: true, proofOfWork: {} }
  const game = { name: 'Bench', players, vendor: { kind: 'desk', token: 'a token of the bench' } }
  const { proofOfWork } = readConfig(JSON.stringify({ games: { bench: game } }), {}).config.games.bench?.players ?? {}
  if (!proofOfWork) throw new Error('the configuration asks for no work')
  return proofOfWork.seconds
}
