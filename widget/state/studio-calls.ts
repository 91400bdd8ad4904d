/**
 * How often a studio's backend is asked for a player's token: twice in any minute at most, by all tabs of a game together,
 * whatever goes wrong here, there or at the relay.
 *
 * A call takes one of two locks and keeps it for a minute after its answer. Locks are known to every tab, store nothing,
 * need no clock, and go with their page: whoever walks from page to page is signed in on each of them. There are two, so
 * that a token that is refused is replaced at once; from the second failure on, a page waits longer and longer. Where both
 * are taken, a page waits, and what is written meanwhile stays in the outbox.
 *
 * Somebody else who signs in waits for none of this: signing out lets go of the locks of its page, and a page that hands
 * over another function than the one it has asked before may call it at once, and so once a minute.
 * Without Web Locks each tab counts by itself.
 *
 * What one tab gets, the others take up in memory, each for the player that its own function has named since it was
 * handed over: a tab never becomes anybody by what another says. Who can listen is script of the same origin, which
 * could as well ask the studio itself.
 */

import type { Clock } from './clock.ts'

export interface StudioCallsParts {
  game: string
  clock: Clock
  /** Takes up what the function gave. */
  hold(token: string): void
  /** Another tab got one, for whichever player. */
  offer(token: string): void
}

export interface StudioCalls {
  /** @throws Error when it is too soon, or nothing came in time; else whatever the function threw */
  ask(source: () => Promise<string>): Promise<void>
  /** There is another source, or nobody: whoever waits goes on, and what comes now counts for nobody. */
  abandon(): void
  /** The relay did not take what was given. */
  refused(): void
  /** Lets go of the locks. */
  free(): void
  /** Abandoned already. */
  destroy(): void
}

const minuteMs = 60_000
const answerWithinMs = 20_000
/** A tab that a device has put to sleep may keep its lock for good: nobody waits longer for it. */
const longestWaitMs = 30 * minuteMs

export function createStudioCalls({ game, clock, hold, offer }: StudioCallsParts): StudioCalls {
  let channel: BroadcastChannel | undefined
  let letGo: (() => void)[] = []
  let goOn = () => {}
  let endPause = () => {}
  let callOffRelief = () => {}
  let isPausing = false
  /** In a row: calls without an answer, or with one that the relay did not take. */
  let failures = 0
  let isPatient = true
  let endWaiting: (() => void) | undefined
  /** Rises with each call, and with whoever asks: only the newest counts. */
  let newest = 0
  let hasAsked = false
  /** The source of now takes the place of one that was asked. */
  let isAnother = false
  let hasHurried = false
  /** The source of now has named the player itself. */
  let hasNamed = false

  const fail = () => {
    callOffRelief()
    failures += 1
    if (failures < 2) return
    isPausing = true
    endPause()
    endPause = clock.after(minuteMs * 2 ** Math.min(failures - 1, 3) * (1 + Math.random() / 4), () => {
      isPausing = false
    })
  }
  const inTime = (answer: Promise<void>) =>
    new Promise<void>((resolve, reject) => {
      answer.then(resolve, reject)
      clock.after(answerWithinMs, () => reject(Error('no answer')))
    })
  /** As long as the lock is kept. */
  const rest = (answer: Promise<void>) => {
    const wait = () => new Promise<void>((end) => clock.after(minuteMs * (1 + Math.random() / 4), end))
    return Promise.race([answer.catch(fail).then(wait), new Promise<void>((end) => letGo.push(end))])
  }
  const listen = () => {
    if (channel || !globalThis.BroadcastChannel) return
    channel = new BroadcastChannel(`medkit:${game}:token`)
    channel.onmessage = ({ data }) => {
      if (hasNamed) offer(data)
    }
  }
  const call = async (source: () => Promise<string>) => {
    newest += 1
    const mine = newest
    const token = await source()
    // Late is better than never, but not once somebody else was asked.
    if (mine !== newest) return
    if (!token) throw Error('no token')
    hold(token)
    hasNamed = true
    // Refused later on, it has only run out.
    callOffRelief = clock.after(minuteMs, () => {
      failures = 0
    })
    listen()
    channel?.postMessage(token)
  }
  const isTurn = async (begin: () => unknown): Promise<boolean> => {
    if (isPausing) return false
    for (const lock of [1, 2]) if (await ifUnlocked(`medkit:${game}:token:${lock}`, begin)) return true
    if (isAnother && !hasHurried) {
      hasHurried = true
      clock.after(minuteMs, () => {
        hasHurried = false
      })
    } else if (isPatient) {
      endWaiting ??= clock.after(longestWaitMs, () => {
        isPatient = false
      })
      return false
    }
    begin()
    return true
  }
  const abandon = () => {
    newest += 1
    failures = 0
    endPause()
    callOffRelief()
    isPausing = hasNamed = false
    isAnother = hasAsked
    goOn()
  }
  const free = () => {
    for (const end of letGo) end()
    letGo = []
  }

  return {
    ask: (source) =>
      new Promise((resolve, reject) => {
        const asker = newest
        goOn = resolve
        const begin = () => {
          if (asker !== newest) return undefined
          hasAsked = true
          isAnother = false
          isPatient = true
          endWaiting?.()
          endWaiting = undefined
          const answer = inTime(call(source))
          answer.then(resolve, reject)
          return rest(answer)
        }
        isTurn(begin).then((is) => is || reject(Error('too soon')))
      }),
    abandon,
    refused: fail,
    free,
    destroy() {
      free()
      channel?.close()
    },
  }
}

/** What this page holds where the browser keeps no locks. */
const held = new Set<string>()

/**
 * Runs only where no tab holds the lock, and holds it until what it returns has come.
 *
 * @param run never fails
 * @returns whether it runs
 */
function ifUnlocked(name: string, run: () => unknown): Promise<boolean> {
  return new Promise((resolve) => {
    const begin = (lock: unknown) => {
      resolve(!!lock)
      return lock ? run() : undefined
    }
    const beginAlone = async () => {
      const lock = !held.has(name)
      held.add(name)
      await begin(lock)
      if (lock) held.delete(name)
    }
    if (navigator.locks) navigator.locks.request(name, { ifAvailable: true }, begin).catch(beginAlone)
    else beginAlone()
  })
}
