/**
 * What a seed makes of a history. Each has only some of the troubles there are, because one hides another: a vendor that
 * is always out never shows what it does when it is slow.
 */
import { type KindName, kindNames } from './kinds.ts'
import type { Chance } from './random.ts'
import { fair, type Weather } from './weather.ts'

export interface Plan {
  relays: number
  games: readonly [GamePlan, ...GamePlan[]]
  /** How long players write and things go wrong. */
  troubleMs: number
  players: number
  deeds: number
  mostTickets: number
  restMs: number
  /** The most a relay's wall clock is off by. */
  skewMs: number
  /** How often a clock is set, of a relay or of the ledger. */
  steps: number
  pauses: number
  longestPauseMs: number
  kills: number
  /** The longest the ledger takes to answer. */
  slowestLedgerMs: number
  /** How long a ticket's text stays in the ledger after its last activity; `Infinity`: longer than any history. */
  retentionMs: number
  /** How likely a player is to ask for erasure. */
  erasures: number
  /** How long an erasure can be withdrawn. */
  graceMs: number
}

type TroubledPlan = Omit<Plan, 'erasures' | 'graceMs'>

export interface GamePlan {
  key: string
  kind: KindName
  settleSeconds: number
  weather: Weather
  outages: number
  /** Messages that the vendor never takes. */
  poisons: number
}

export function planOf(chance: Chance): Plan {
  return withErasures(troubledPlan(chance), chance.fork('erasures'))
}

function troubledPlan(chance: Chance): TroubledPlan {
  const drawn = chance.next()
  if (drawn < 0.05) return poisonedPlan(chance)
  return drawn < 0.12 ? retentionPlan(chance) : mixedPlan(chance)
}

/**
 * Players who come back after a long silence, just as what they wrote is being forgotten. A minute stands for thirty days
 * here, so no clock may be off by one and nobody may be stopped for one.
 */
function retentionPlan(chance: Chance): TroubledPlan {
  const plan = mixedPlan(chance)
  const longestPauseMs = Math.min(plan.longestPauseMs, 10_000)
  const retentionMs = 60_000
  const silence = {
    restMs: 1.3 * retentionMs,
    deeds: 5,
    players: 4,
    mostTickets: 1,
    troubleMs: 6 * retentionMs,
    retentionMs,
  }
  return { ...plan, ...silence, longestPauseMs, skewMs: 0, steps: 0, slowestLedgerMs: chance.pick([2, 30, 300]) }
}

function mixedPlan(chance: Chance): TroubledPlan {
  const often = (probability: number, most: number) => (chance.happens(probability) ? chance.between(1, most) : 0)
  return {
    relays: chance.pick([1, 1, 2, 2, 3]),
    games: [gamePlan('game1', chance), ...(chance.happens(0.3) ? [gamePlan('game2', chance)] : [])],
    troubleMs: chance.between(20, 150) * 1_000,
    players: chance.between(1, 4),
    deeds: chance.between(1, 10),
    mostTickets: chance.between(1, 3),
    restMs: chance.pick([500, 5_000, 40_000]),
    skewMs: chance.happens(0.4) ? chance.pick([1_000, 8_000, 60_000]) : 0,
    steps: often(0.3, 4),
    pauses: often(0.4, 4),
    longestPauseMs: chance.pick([3_000, 10_000, 60_000, 150_000]),
    kills: often(0.4, 4),
    slowestLedgerMs: chance.pick([0, 2, 30, 2_000]),
    retentionMs: Number.POSITIVE_INFINITY,
  }
}

/** From numbers of their own, so that whatever else a seed makes stays as it is. */
function withErasures(plan: TroubledPlan, chance: Chance): Plan {
  const erasures = chance.happens(0.4) ? chance.pick([0.3, 0.6, 1]) : 0
  const graceMs = chance.pick([0, 5_000, 40_000])
  if (erasures === 0 || !chance.happens(0.3)) return { ...plan, erasures, graceMs }
  const [first, ...others] = plan.games
  return { ...plan, games: [{ ...first, kind: 'theymes that erases' }, ...others], erasures, graceMs }
}

function gamePlan(key: string, chance: Chance): GamePlan {
  return {
    key,
    kind: chance.pick(kindNames),
    settleSeconds: chance.pick([10, 20, 20, 90]),
    weather: weatherOf(chance),
    outages: chance.happens(0.25) ? chance.between(1, 2) : 0,
    poisons: chance.happens(0.1) ? chance.between(1, 4) : 0,
  }
}

function weatherOf(chance: Chance): Weather {
  if (chance.happens(0.25)) return fair
  const often = (most: number) => (chance.happens(0.35) ? chance.next() * most : 0)
  return {
    noConnection: often(0.3),
    busy: often(0.2),
    failed: often(0.3),
    failedButDone: often(0.2),
    lostRequest: often(0.2),
    lostAnswer: often(0.3),
    late: often(0.3),
    slowestMs: chance.pick([50, 800, 8_000, 20_000]),
    latestMs: chance.pick([17_000, 17_000, 60_000, 200_000]),
    longestLagMs: chance.pick([0, 2_000, 30_000, 120_000]),
  }
}

/** A vendor that was out, and that many messages choke: it shows who is let through first. */
function poisonedPlan(chance: Chance): TroubledPlan {
  const plan = calmPlan(chance)
  const [game] = plan.games
  const poisoned = { ...game, settleSeconds: 10, outages: 2, poisons: chance.between(6, 9) }
  const rush = { players: 4, deeds: 8, mostTickets: 8, restMs: 2_000, troubleMs: 60_000 }
  return { ...plan, ...rush, games: [poisoned] }
}

/** One relay, a vendor that takes everything, clocks that are right, and nobody who wants to be forgotten. */
export function mildPlan(chance: Chance): Plan {
  return { ...calmPlan(chance), erasures: 0, graceMs: 0 }
}

function calmPlan(chance: Chance): TroubledPlan {
  const plan = mixedPlan(chance)
  const calm = { weather: fair, outages: 0, poisons: 0 }
  const [first, ...others] = plan.games
  const games: Plan['games'] = [{ ...first, ...calm }, ...others.map((game) => ({ ...game, ...calm }))]
  return { ...plan, games, relays: 1, skewMs: 0, steps: 0, pauses: 0, kills: 0, slowestLedgerMs: 2 }
}
