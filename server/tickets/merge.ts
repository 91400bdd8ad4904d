/**
 * An anonymous player who turns out to be somebody the studio vouches for. Both must be proved, by a token each: nothing
 * that a browser merely claims ever moves a ticket.
 */

import type { Identity } from '../players/identity.ts'
import { refuseWhileErasing } from '../players/refuse-while-erasing.ts'
import type { SessionTokens, VerifiedSession } from '../players/session.ts'
import { TokenRefused } from '../players/token-refused.ts'
import type { Clock } from '../runtime/clock.ts'
import { Refusal } from '../runtime/refusal.ts'
import type { Notifier } from '../store/notifier.ts'
import { playerKey } from '../store/players.ts'
import type { Ledger, Store } from '../store/store.ts'
import type { MergeTable } from '../store/tables.ts'
import { newPlayer } from './new-rows.ts'

export interface MergeParts {
  store: Store
  clock: Clock
  notifier: Notifier
  sessions: SessionTokens
  pseudonymOf: (game: string, subject: string) => string
}

export interface Merging {
  /**
   * Once, all or nothing; the anonymous session is over with it. To repeat it is safe.
   *
   * @returns how many tickets were moved
   * @throws Refusal `unsupported`, `erasure_under_way`, `invalid` with what is wrong with the anonymous token
   */
  merge: (verified: Identity, anonymousToken: string) => Promise<number>
  /** Moves what reached the ledger under the old name while the merge was being written. */
  sweep: () => Promise<void>
}

/** No request takes longer than this. */
const lateMs = 3_600_000
/** Tickets that the player's other devices are told of one by one. */
const toldTickets = 100

export function createMerging({ store, clock, notifier, sessions, pseudonymOf }: MergeParts): Merging {
  async function move(ledger: Ledger, pair: Pick<MergeTable, 'anonymous' | 'verified'>): Promise<number> {
    const moved = await ledger.merges.move(pair)
    const changed = moved.slice(-toldTickets).map((ticket_id) => ({ type: 'ticket-changed' as const, ticket_id }))
    if (moved.length > 0) await ledger.events.add(pair.verified, clock.now(), ...changed, { type: 'unread' })
    return moved.length
  }

  async function write(ledger: Ledger, verified: Identity, anonymous: VerifiedSession): Promise<number> {
    const now = clock.now()
    const from = playerKey(anonymous.game, anonymous.subject)
    await refuseWhileErasing(ledger, from, verified.key)
    // What would happen to everything else of the verified player is not for a merge to decide.
    if (await ledger.deletions.findUnfinished(from))
      throw new Refusal('unsupported', { detail: 'the anonymous player has asked for erasure: withdraw that first' })
    await ledger.players.remember(newPlayer(verified, pseudonymOf(verified.game, verified.subject), now))
    await ledger.players.endSession(anonymous.sessionId, anonymous.expiresAt)
    // Who has written nothing may have files here, or another device that is to hear of it.
    const before = { ...anonymous, key: from, signed: {}, isRemembered: false }
    await ledger.players.remember(newPlayer(before, pseudonymOf(before.game, before.subject), now))
    if (!(await ledger.players.mergeInto(from, verified.key, now))) return alreadyMerged(ledger, from, verified)
    await ledger.recoveryKeys.forget([from])
    await ledger.merges.add({ anonymous: from, verified: verified.key, merged_at: now.getTime() })
    return move(ledger, { anonymous: from, verified: verified.key })
  }

  return {
    async merge(verified, anonymousToken) {
      if (verified.kind !== 'verified' || !sessions.isOurs(anonymousToken)) throw new Refusal('unsupported')
      const anonymous = await sessions.verify(anonymousToken).catch(asInvalid)
      // A mailbox is not used up as an anonymous session is: its owner comes back under the same name. Were it merged, whoever
      // held one session of it for a moment would keep the history for good, and lock its owner out of the portal.
      if (anonymous.kind !== 'anonymous' || anonymous.game !== verified.game) throw new Refusal('unsupported')
      const key = playerKey(anonymous.game, anonymous.subject)
      const row = await store.players.find(key)
      if (row?.merged_into === verified.key) return 0
      if (row?.merged_into || (await store.players.sessionHasEnded(anonymous.sessionId))) throw invalid('session_ended')
      const tickets = await store.transaction((ledger) => write(ledger, verified, anonymous))
      notifier.player.notify(verified.key)
      // Their streams, which then find that they are over.
      notifier.player.notify(key)
      return tickets
    },

    async sweep() {
      const since = new Date(clock.now().getTime() - lateMs)
      for (const pair of await store.merges.since(since)) {
        const moved = await store.transaction((ledger) => move(ledger, pair))
        if (moved > 0) notifier.player.notify(pair.verified)
      }
      await store.merges.sweep(since)
    },
  }
}

/** Another merge of the same player came first. */
async function alreadyMerged(ledger: Ledger, anonymous: Identity['key'], verified: Identity): Promise<number> {
  const row = await ledger.players.find(anonymous)
  if (row?.merged_into !== verified.key) throw invalid('session_ended')
  return 0
}

/** Not the bearer's trouble: a 401 would send the widget off to renew the wrong token. */
function asInvalid(error: unknown): never {
  if (error instanceof TokenRefused) throw invalid(error.code)
  throw error
}

function invalid(code: string): Refusal {
  return new Refusal('invalid', { errors: [{ path: 'anonymousToken', code }] })
}
