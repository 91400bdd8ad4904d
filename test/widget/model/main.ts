/** `npm run test:model -- --runs 5000 [--seed N [--path P] [--verbose]]`: random histories of the widget's, or one of them again. */
import { registerHooks } from 'node:module'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { installGlobals } from './globals.ts'
import { context, type Page } from './time.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    path: { type: 'string' },
    /** Play those that once did not hold, though a seed is given. */
    known: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})

// Where it is told apart by a bundler, Node takes the one for Node.
const inBrowsers = 'tus-js-client/lib.esm/browser/index.js'
const pages = new WeakMap<Page, number>()
let count = 0
registerHooks({
  resolve(name, from, next) {
    const found = next(name === 'tus-js-client' ? inBrowsers : name, from)
    const page = context.getStore()
    if (!page || !name.endsWith('/studio-calls.ts')) return found
    // It remembers what its page holds, so that each page has one of its own.
    if (!pages.has(page)) pages.set(page, ++count)
    return { ...found, url: `${found.url}?page=${pages.get(page)}` }
  },
})
installGlobals()
// Fetched while a history runs, it would take time that is not virtual.
const { prepare } = await import('./prepare.ts')
await prepare()
const { historyProperty } = await import('./histories.ts')
const { playKnown } = await import('./known.ts')

const strays: unknown[] = []
process.on('unhandledRejection', (reason) => strays.push(reason))

const isAgain = values.seed !== undefined && !values.known
const known = isAgain ? { count: 0, failures: [] } : await playKnown()
for (const failure of known.failures) console.log(failure)
if (!isAgain) console.log(`${known.count} known histories: ${known.failures.length ? 'not all' : 'all'} as promised`)

let lines: readonly string[] = []
const property = historyProperty((told) => {
  // The last that fails is the shortest.
  lines = told
})
const began = performance.now()
const runs = Number(values.runs)
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
const outcome = await fc.check(property, {
  numRuns: runs,
  seed,
  ...(values.path !== undefined && { path: values.path }),
})
const seconds = ((performance.now() - began) / 1000).toFixed(1)
if (outcome.failed) {
  const [setting, history] = outcome.counterexample ?? []
  const { message } = outcome.errorInstance instanceof Error ? outcome.errorInstance : Error('unknown')
  // Which of the histories it was; what comes behind it is how it was made shorter, and is found again.
  const which = outcome.counterexamplePath?.split(':')[0]
  console.log(
    `history ${outcome.numRuns}, ${JSON.stringify(setting)}:\n  ${String(history).replaceAll(',', '\n  ')}\n${message}`,
  )
  if (values.verbose) console.log(lines.join('\n'))
  console.log(`again: npm run test:model -- --seed ${outcome.seed} --path ${which}`)
} else console.log(`${outcome.numRuns} histories, seed ${outcome.seed}: as promised; ${seconds} s`)
if (strays.length) console.log(`${strays.length} rejections that nobody handled, the first:`, strays[0])
process.exit(outcome.failed || strays.length || known.failures.length ? 1 : 0)
