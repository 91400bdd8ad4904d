/**
 * `npm run bench:accept`: how fast a ticket is accepted, and what the relay's time goes to: a last one, which counts for
 * nothing, is profiled.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Measured } from './load.ts'
import { connections, openingRounds, type Round, relay, requests, rounds } from './opening.ts'
import { type Share, sharesIn } from './profile.ts'

const folder = await mkdtemp(join(tmpdir(), 'medkit-bench-'))
try {
  const results = await openingRounds(folder)
  const profiles = join(folder, 'profiles')
  await relay(folder, rounds, ['--cpu-prof', '--cpu-prof-dir', profiles])
  report(results, sharesIn(profiles))
} finally {
  await rm(folder, { recursive: true, force: true })
}

function report(results: readonly Round[], shares: readonly Share[]): void {
  console.log(`Opening a ticket, ${connections} connections, ${requests} requests a round\n`)
  for (const { alone, together, relay } of results) {
    console.log(`  floor, a flush a request   ${line(alone)}`)
    console.log(`  floor, flushes shared      ${line(together)}`)
    console.log(`  relay                      ${line(relay)}\n`)
  }
  console.log(
    `  the relay's throughput, median: ${ratio(results, 'alone')} of the first floor, ${ratio(results, 'together')} of the second\n`,
  )
  console.log('  what its time goes to')
  for (const { what, share } of shares) console.log(`    ${(share * 100).toFixed(0).padStart(3)} %  ${what}`)
}

function ratio(results: readonly Round[], floor: 'alone' | 'together'): string {
  const ratios = results.map((round) => round.relay.perSecond / round[floor].perSecond).sort((a, b) => a - b)
  return (ratios[Math.floor(ratios.length / 2)] ?? 0).toFixed(2)
}

function line({ perSecond, p50Ms, p99Ms }: Measured): string {
  return `${perSecond.toFixed(0).padStart(6)} /s   p50 ${p50Ms.toFixed(1)} ms   p99 ${p99Ms.toFixed(1)} ms`
}
