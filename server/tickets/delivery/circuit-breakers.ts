/** The pace of every game's deliveries: its own, and that of the vendor's key, which games of one studio often share. */

import type { Games } from '../../config/games.ts'
import type { Timers } from '../../runtime/clock.ts'
import { type BreakerOutcome, type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts'

/** What a delivery says of its vendor's state. `isGames`: it says so of this game's configuration and of no other's. */
export type Outcome = BreakerOutcome & { isGames?: boolean }

export interface CircuitBreakers {
  /** How many more of a game's deliveries may be begun now. */
  room: (game: string) => number
  /** Whether what is begun now is a probe. */
  isOut: (game: string) => boolean
  began: (game: string) => void
  /** @param outcome - undefined when the vendor was not asked. @returns what changed for an operator to know */
  ended: (game: string, outcome: Outcome | undefined) => 'out' | 'back' | undefined
  /** Games on the same key, this one among them. */
  sharing: (game: string) => readonly string[]
}

export function createCircuitBreakers(games: Games, timers: Timers, random: () => number): CircuitBreakers {
  const breakers = new Map<string, CircuitBreaker>()

  function named(name: string): CircuitBreaker {
    const known = breakers.get(name) ?? createCircuitBreaker(timers, random)
    breakers.set(name, known)
    return known
  }

  const own = (game: string) => named(`game ${game}`)
  const shared = (game: string) => named(`key ${keyOf(game, games)}`)

  return {
    room: (game) => Math.min(own(game).room(), shared(game).room()),
    isOut: (game) => own(game).isOut() || shared(game).isOut(),
    began: (game) => {
      own(game).began()
      shared(game).began()
    },
    ended: (game, outcome) => {
      const ofOthers = outcome?.isGames ? undefined : outcome
      const ofGame = !outcome || outcome.ok || outcome.isGames ? outcome : undefined
      const changes = [own(game).ended(ofGame), shared(game).ended(ofOthers)]
      return changes.find((change) => change !== undefined)
    },
    sharing: (game) => [...games.keys()].filter((other) => keyOf(other, games) === keyOf(game, games)),
  }
}

/** Names the vendor account of a game, by its key. The desk is within the relay: no two games wear out one. */
export function keyOf(game: string, games: Games): string {
  const vendor = games.get(game)?.config.vendor
  if (!vendor || vendor.kind === 'desk') return game
  return `${vendor.kind} ${vendor.baseUrl} ${'apiKey' in vendor ? vendor.apiKey : vendor.token}`
}
