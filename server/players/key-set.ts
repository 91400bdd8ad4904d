/**
 * A studio's published keys (JWKS), kept at hand. Its server may be down, slow, redirecting or talking nonsense: players
 * whose key is known go on, nobody new gets in, and no stream of made-up `kid`s becomes a stream of requests to it.
 */
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../runtime/clock.ts'
import { type KeySetFailure, readKeySet, type StudioKey } from './key-set-reading.ts'

/** After this a key set is read again in the background, while the known keys still serve. */
const freshForMs = 10 * 60_000
/** After this a relay that had nobody to ask waits for the answer: a withdrawn key must not outlive a quiet night. */
const patientForMs = 60 * 60_000
/** After this, with the server gone all the while, known keys are believed no more. */
const believedForMs = 7 * 24 * 60 * 60_000
/** The least time between two reads, whatever `kid`s tokens name. */
const cooldownMs = 30_000
/** The same while reading fails, so that a short outage at start is a short outage. */
const retryMs = 5_000

export interface KeySetParts {
  clock: Clock
  fetch: typeof fetch
  onFailure: (failure: KeySetFailure) => void
  /** For the whole read, body and all. */
  timeoutMs: number
}

export interface KeySet {
  /** The keys that may have signed a token with this header; empty when none can be had. Never rejects. */
  find: (wanted: { kid: string | undefined; alg: string }) => Promise<readonly KeyObject[]>
}

/** Nothing is read until the first token comes. */
export function createKeySet(url: URL, parts: KeySetParts): KeySet {
  let keys: readonly StudioKey[] | undefined
  let readAt = Number.NEGATIVE_INFINITY
  let triedAt = Number.NEGATIVE_INFINITY
  let failing = false
  let pending: Promise<void> | undefined

  async function read(): Promise<void> {
    triedAt = parts.clock.now().getTime()
    const found = await readKeySet(url, parts)
    failing = found === undefined
    if (!found) return
    keys = found
    readAt = parts.clock.now().getTime()
  }

  function readOnce(): Promise<void> {
    pending ??= read().finally(() => {
      pending = undefined
    })
    return pending
  }

  function age(since: number): number {
    // Absolute, so that a clock set back an hour does not make a cooldown last an hour.
    return Math.abs(parts.clock.now().getTime() - since)
  }

  function mayRead(): boolean {
    return pending !== undefined || age(triedAt) >= (failing ? retryMs : cooldownMs)
  }

  async function renew(): Promise<void> {
    if (age(readAt) < freshForMs || !mayRead()) return
    const reading = readOnce()
    if (!keys || (age(readAt) >= patientForMs && !failing)) await reading
  }

  function matching(wanted: { kid: string | undefined; alg: string }): readonly KeyObject[] {
    if (!keys || (failing && age(readAt) >= believedForMs)) return []
    return keys
      .filter((key) => key.algorithms.includes(wanted.alg) && (wanted.kid === undefined || wanted.kid === key.kid))
      .map(({ key }) => key)
  }

  return {
    async find(wanted) {
      await renew()
      const found = matching(wanted)
      if (found.length > 0 || !mayRead()) return found
      await readOnce()
      return matching(wanted)
    },
  }
}
