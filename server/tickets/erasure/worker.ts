/**
 * The worker behind requests for erasure: takes up those that are due, several side by side, so that a vendor that hangs
 * keeps nobody waiting but its own game's players.
 */

import { every } from '../../runtime/clock.ts'
import { type ErasureParts, leaseMs } from './parts.ts'
import { createCarryOut } from './steps.ts'

export interface Erasures {
  /** Takes up what is due and has room, once. Resolves with how many were taken up when each has come as far as it can. */
  carryOutDue: () => Promise<number>
  start: () => void
  /** Waits for no vendor any more: what is in hand is taken up again by whoever comes next. */
  stop: () => Promise<void>
}

/** Requests of one game in hand at the same time. */
const perGame = 4
const everyMs = 2_000

export function createErasures(parts: ErasureParts): Erasures {
  const { store, clock, timers, notifier, log } = parts
  const stopping = new AbortController()
  const carryOut = createCarryOut({ ...parts, stopping: stopping.signal })
  const inHand = new Map<Promise<void>, string>()

  function fullGames(): string[] {
    const games = [...inHand.values()]
    return [...new Set(games)].filter((game) => games.filter((one) => one === game).length >= perGame)
  }

  async function takeDue(): Promise<Promise<void>[]> {
    const taken: Promise<void>[] = []
    while (!stopping.signal.aborted) {
      const now = clock.now()
      const claimed = await store.deletions.claim(now, new Date(now.getTime() + leaseMs), fullGames())
      if (!claimed) break
      const work = carryOut(claimed.request, claimed.begins)
        .catch((error: unknown) => log.error({ err: error, game: claimed.request.game }, 'an erasure broke off'))
        .finally(() => inHand.delete(work))
      inHand.set(work, claimed.request.game)
      taken.push(work)
    }
    return taken
  }

  let taking: Promise<unknown> | undefined
  let isRung = false

  /** One look at a time; what is rung for meanwhile is looked for after it. */
  function look(): void {
    isRung = true
    taking ??= lookAgain().finally(() => {
      taking = undefined
    })
  }

  async function lookAgain(): Promise<void> {
    while (isRung) {
      isRung = false
      await takeDue().catch((error: unknown) => log.error({ err: error }, 'requests for erasure could not be read'))
    }
  }

  let cancel = () => {}
  let stopListening = () => {}

  return {
    async carryOutDue() {
      const taken = await takeDue()
      await Promise.all(taken)
      return taken.length
    },
    start() {
      cancel = every(timers, everyMs, look)
      stopListening = notifier.erasure.listen(look)
      look()
    },
    async stop() {
      cancel()
      stopListening()
      stopping.abort()
      await taking
      await Promise.all(inHand.keys())
    },
  }
}
