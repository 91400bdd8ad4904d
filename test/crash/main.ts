/** `npm run test:crash`: two hundred kills on each engine, and the counts. */
import { stopPostgres } from '../fixtures/postgres.ts'
import { type CrashOptions, crash } from './crash.ts'

const kills = Number(process.argv[2] ?? 200)
const runs: CrashOptions[] = [
  { engine: 'sqlite', relays: 1, kills },
  { engine: 'postgres', relays: 3, kills },
]

let failed = 0
for (const run of runs) {
  const result = await crash(run)
  const broken = result.lost.length + result.doubled.length + result.outOfOrder.length + result.violations.length
  // Nothing acknowledged proves nothing.
  if (broken > 0 || result.acknowledged === 0) failed++
  console.log(`${run.engine}, ${run.relays} ${run.relays === 1 ? 'relay' : 'relays'}`)
  console.log(`  kills               ${result.kills}`)
  console.log(`  acknowledged        ${result.acknowledged}`)
  console.log(`  lost                ${result.lost.length} ${result.lost.slice(0, 5).join(' ')}`)
  console.log(`  at the vendor twice ${result.doubled.length} ${result.doubled.slice(0, 5).join(' ')}`)
  console.log(`  tickets out of order ${result.outOfOrder.length} ${result.outOfOrder.slice(0, 5).join(' ')}`)
  console.log(`  forbidden requests  ${result.violations.length} ${result.violations.slice(0, 5).join(' | ')}`)
  console.log(`  vendor misbehaved   ${JSON.stringify(result.misbehaviours)}`)
  console.log(`  parked, sent again  ${result.sentAgain}`)
  console.log(`  all delivered       ${result.drainSeconds.toFixed(1)} s after the last kill\n`)
}
await stopPostgres()
process.exit(failed)
