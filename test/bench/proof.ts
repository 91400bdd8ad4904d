/**
 * `npm run bench:proof`: how long the widget's own solver takes in a real Chromium for what the relay asks by default, how
 * long a program takes for the same on the same machine, and how long the relay takes to check it.
 *
 * For a phone the browser is made slower, by four and by six, as Lighthouse does for a middling and a cheap one. Chromium's own
 * throttling holds up the page's thread alone, and this work is done beside it; so the page's whole process is stopped
 * and let go on as well.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { type Browser, chromium } from 'playwright-core'
import { systemClock } from '../../server/clock.ts'
import { readConfig } from '../../server/config.ts'
import type { Challenge } from '../../server/contract/proof.ts'
import { createProofs } from '../../server/players/proof.ts'
import type { Store } from '../../server/store/store.ts'
import { chromiumLaunch } from '../chromium.ts'
import { decode, solve } from '../relay/players/solve.ts'

const rounds = Number(process.env.ROUNDS ?? 10)
const seconds = defaultSeconds()
/** For so long a process that is slowed down runs at a time. */
const turnMs = 10
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
for (const times of [4, 6]) {
  report(`… its page throttled ${times}×`, await solveInChromium(challenges, { throttled: times }))
  report(`… all of it ${times}× slower`, await solveInChromium(challenges, { stopped: times }))
}
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

/** By the median: others work on the machine as well. */
function report(who: string, measured: readonly Measured[]): void {
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
  const ms = median(measured.map((one) => one.ms)).toFixed(1)
  const rate = median(measured.map((one) => one.iterations / one.ms / 1_000)).toFixed(1)
  console.log(`${who.padEnd(28)} ${ms.padStart(6)} ms, ${rate} million iterations a second`)
}

/** How much longer everything is to take. */
interface Slowness {
  /** By Chromium's own throttling of the page's thread. */
  throttled?: number
  /** By stopping the page's process for all but this share of the time. */
  stopped?: number
}

/** @returns what lets it go on as ever */
async function slowDown(browser: Browser, { stopped = 1 }: Slowness): Promise<() => void> {
  if (stopped === 1) return () => undefined
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const pages = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
    for (const id of pages) process.kill(id, name)
  }
  let isOver = false
  const run = async () => {
    while (!isOver) {
      signal('SIGCONT')
      await setTimeout(turnMs)
      if (!isOver) signal('SIGSTOP')
      await setTimeout(turnMs * (stopped - 1))
    }
  }
  void run()
  return () => {
    isOver = true
    signal('SIGCONT')
  }
}

/** Runs the very file that players fetch, on a page with no more rights than theirs. */
async function solveInChromium(challenges: readonly Challenge[], slow: Slowness = {}): Promise<Measured[]> {
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
    await session.send('Emulation.setCPUThrottlingRate', { rate: slow.throttled ?? 1 })
    const goOn = await slowDown(browser, slow)
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
    goOn()
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
