/**
 * `npm run bench`: what the relay costs, each figure beside a floor or a peer that runs in the same run, and all of them in
 * `bench.json`. `npm run bench -- reading start` runs only those. Fails where a bound is not kept.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchFanOut } from './fan-out.ts'
import { benchIdleStreams } from './idle-streams.ts'
import { benchOpening } from './opening.ts'
import { benchReading } from './reading.ts'
import type { Result } from './result.ts'
import { benchStart } from './start.ts'

const benches: Record<string, (folder: string) => Promise<Result[]>> = {
  start: benchStart,
  reading: benchReading,
  opening: benchOpening,
  'fan-out': benchFanOut,
  'idle-streams': benchIdleStreams,
}

const asked = process.argv.slice(2)
const results: Record<string, Result[]> = {}
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const folder = await mkdtemp(join(tmpdir(), 'medkit-bench-'))
  try {
    results[name] = await bench(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  console.log(`\n${name}`)
  for (const result of results[name]) console.log(`  ${line(result)}`)
}
await writeFile('bench.json', `${JSON.stringify({ node: process.version, results }, undefined, 2)}\n`)
const missed = Object.values(results)
  .flat()
  .filter(({ isKept }) => !isKept)
if (missed.length > 0) process.exitCode = 1

function line({ name, relay, peer, unit, ratio, least, most, isKept }: Result): string {
  const figures =
    ratio === relay ? `${round(relay)} ${unit}` : `${ratio.toFixed(2)}   (${round(relay)} to ${round(peer)} ${unit})`
  const bound = [least === undefined ? '' : `at least ${least}`, most === undefined ? '' : `at most ${most}`].join('')
  return `${name}: ${figures}${bound && `   ${bound}${isKept ? '' : ': MISSED'}`}`
}

function round(figure: number): string {
  return figure >= 100 ? figure.toFixed(0) : figure.toFixed(1)
}
