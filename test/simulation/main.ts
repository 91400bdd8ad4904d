/** `npm run test:sim -- --runs 20000 [--seed N] [--verbose]`: histories one after another, or one of them step by step. */
import { parseArgs } from 'node:util'
import { runHistory } from './history.ts'
import { createSimulatedLedger } from './ledger.ts'
import { planOf } from './plan.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    /** Of the one history to run, and to print. */
    seed: { type: 'string' },
    /** Where a run of many begins. */
    from: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
  },
})
const print = (line: string) => console.log(line)
const ledger = await createSimulatedLedger()

async function runOne(seed: number): Promise<boolean> {
  const { violations } = await runHistory({ seed, ledger, planOf, print })
  print(violations.length === 0 ? `seed ${seed}: as promised` : `seed ${seed}: ${violations.join('; ')}`)
  return violations.length === 0
}

async function runMany(first: number, runs: number): Promise<boolean> {
  const began = performance.now()
  const sums = { messages: 0, calls: 0, copies: 0, minutes: 0 }
  for (let seed = first; seed < first + runs; seed++) {
    const outcome = await runHistory({
      seed,
      ledger,
      planOf,
      print: values.verbose ? print : undefined,
    })
    for (const name of ['messages', 'calls', 'copies', 'minutes'] as const) sums[name] += outcome[name]
    if (outcome.violations.length > 0) {
      print(`seed ${seed} breaks a promise: ${outcome.violations.join('; ')}`)
      print(`step by step: npm run test:sim -- --seed ${seed}`)
      return false
    }
    const done = seed - first + 1
    if (done % 500 === 0 || done === runs) print(progressOf(done, runs, performance.now() - began, sums))
  }
  return true
}

function progressOf(
  done: number,
  runs: number,
  ms: number,
  sums: { messages: number; calls: number; copies: number; minutes: number },
): string {
  const { messages, calls, copies, minutes } = sums
  const each = (ms / done).toFixed(1)
  return `${done} of ${runs}: ${messages} messages, ${calls} calls, ${copies} copies, ${Math.round(minutes / 60)} hours; ${each} ms each`
}

const isKept =
  values.seed === undefined
    ? await runMany(Number(values.from), Number(values.runs))
    : await runOne(Number(values.seed))
await ledger.close()
process.exit(isKept ? 0 : 1)
