/** The budget of a vendor account: no minute has more, whoever asks and however often. */
import { expect, it } from 'vitest'
import type { Timers } from '../../../../server/runtime/clock.ts'
import { createBudget } from '../../../../server/tickets/sync/budget.ts'
import { createChance } from '../../../simulation/random.ts'
import { createWorld } from '../../../simulation/world.ts'

const minuteMs = 60_000
const signal = new AbortController().signal

function begin() {
  const world = createWorld({ settle: () => new Promise((resolve) => setImmediate(resolve)) })
  const timers: Timers = { elapsedMs: world.now, after: (ms, act) => world.after(Math.max(1, ms), act) }
  const runUntil = async (ms: number) => {
    world.after(ms - world.now(), () => undefined)
    await new Promise((resolve) => setImmediate(resolve))
    await world.run(() => world.now() >= ms)
  }
  return { world, timers, runUntil }
}

/** Whoever wants calls without end, a few at a time. */
function greedy(timers: Timers, budget: ReturnType<typeof createBudget>, each: () => number): number[] {
  const left: number[] = []
  const ask = async () => {
    const calls = each()
    const grant = budget.grant(calls)
    for (let call = 0; call < calls; call += 1) {
      await grant.take(signal)
      left.push(timers.elapsedMs())
    }
    grant.end()
    timers.after(1, () => void ask())
  }
  for (let count = 0; count < 5; count += 1) void ask()
  return left
}

function fullestMinute(left: readonly number[]): number {
  return Math.max(...left.map((at) => left.filter((other) => other > at - minuteMs && other <= at).length))
}

it.each([6, 10, 60, 240])(
  'lets no more than %i calls leave in any minute, and nearly as many',
  async (callsPerMinute) => {
    const { timers, runUntil } = begin()
    const chance = createChance(callsPerMinute)
    const left = greedy(timers, createBudget(timers, callsPerMinute), () => chance.between(1, 4))
    await runUntil(10 * minuteMs)
    expect(fullestMinute(left)).toBeLessThanOrEqual(callsPerMinute)
    expect(left.length).toBeGreaterThan(10 * callsPerMinute * 0.45)
  },
)

it('lets nothing leave before the time that a 429 named, less for a while, and all of it again later', async () => {
  const { world, timers, runUntil } = begin()
  const budget = createBudget(timers, 60)
  const left = greedy(timers, budget, () => 1)
  const countIn = (from: number) => left.filter((at) => at >= from && at < from + minuteMs).length
  await runUntil(2 * minuteMs)
  const usual = countIn(minuteMs)
  budget.slowDown(30_000)
  const slowedAt = world.now()
  await runUntil(20 * minuteMs)
  expect(left.filter((at) => at > slowedAt && at < slowedAt + 30_000)).toEqual([])
  expect(countIn(slowedAt + 30_000)).toBeLessThan(usual * 0.75)
  expect(countIn(15 * minuteMs)).toBeGreaterThanOrEqual(usual - 1)
})

it('keeps a part of it for what goes first', async () => {
  const { timers } = begin()
  const budget = createBudget(timers, 60)
  while (budget.has(1, 0.5)) await budget.grant(1).take(signal)
  expect(budget.has(1, 0)).toBe(true)
})

it('gives back what was taken and not needed', async () => {
  const { timers } = begin()
  const budget = createBudget(timers, 40)
  for (let count = 0; count < 100; count += 1) budget.grant(5).end()
  expect(budget.has(10, 0)).toBe(true)
})

it('does not let a call leave that was called off while it waited', async () => {
  const { timers, runUntil } = begin()
  const budget = createBudget(timers, 6, { isFull: false })
  const caller = new AbortController()
  const waiting = budget.grant(1).take(caller.signal)
  caller.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'unreachable', mayHaveActed: false })
  await runUntil(1_000)
})
