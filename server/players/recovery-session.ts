/**
 * Sessions that come with a recovery key. A device holds one of its own, replaced whenever it was used and dead when the
 * device signs out; the player may hold one more, on paper, which is asked for on purpose. So what lay on a device is good
 * only there and once, and what was written down outlives every device.
 */
import type { Clock } from '../runtime/clock.ts'
import type { Ledger, Store } from '../store/store.ts'
import type { Identity } from './identity.ts'
import { hashRecoveryKey, makeRecoveryKey, normaliseRecoveryKey, type RecoveryKey } from './recovery-key.ts'
import type { IssuedSession, SessionTokens } from './session.ts'

export interface RecoveryParts {
  store: Store
  clock: Clock
  sessions: Pick<SessionTokens, 'issue'>
  lifetimeSeconds: number
}

export interface RecoverySession extends IssuedSession {
  recoveryKey: RecoveryKey
}

export function createRecovery({ store, clock, sessions, lifetimeSeconds }: RecoveryParts) {
  async function issue(game: string, subject: string): Promise<RecoverySession & { recoveryHash: string }> {
    const recoveryKey = makeRecoveryKey()
    const recoveryHash = hashRecoveryKey(recoveryKey)
    const issued = await sessions.issue({ game, subject, kind: 'anonymous', recoveryHash, lifetimeSeconds })
    return { ...issued, recoveryKey, recoveryHash }
  }

  return {
    /** Writes nothing: the token brings the key along until the player writes. */
    begin: (game: string, subject: string): Promise<RecoverySession> => issue(game, subject),

    /**
     * For a key, another and a session with it. The answer may be lost: until one of the two is seen in use, the old key
     * is as good as before.
     */
    async recover(game: string, typed: string): Promise<RecoverySession | undefined> {
      const key = normaliseRecoveryKey(typed)
      const hash = key && hashRecoveryKey(key)
      const known = hash && (await store.recoveryKeys.find(game, hash))
      if (!known) return undefined
      const given = await issue(game, known.subject)
      const { player } = known
      const isTaken = await store.transaction(async (ledger) => {
        await ledger.players.see([player], clock.now())
        if (!(await ledger.recoveryKeys.find(game, hash))) return false
        await ledger.recoveryKeys.confirm('hash', hash)
        await ledger.recoveryKeys.add({
          hash: given.recoveryHash,
          player,
          session_id: given.sessionId,
          replaces: hash,
          given_at: clock.now().getTime(),
        })
        await ledger.recoveryKeys.bound(player)
        return true
      })
      return isTaken ? given : undefined
    },

    /** The key that the player keeps, in place of an earlier one. Runs inside a transaction. */
    async keep(ledger: Ledger, player: Identity): Promise<RecoveryKey> {
      const recoveryKey = makeRecoveryKey()
      await ledger.recoveryKeys.dropKept(player.key)
      const given = { session_id: null, replaces: null, given_at: clock.now().getTime() }
      await ledger.recoveryKeys.add({ hash: hashRecoveryKey(recoveryKey), player: player.key, ...given })
      return recoveryKey
    },
  }
}

/** The key that a token brings along, now that its player is in the ledger. Runs inside a transaction. */
export async function rememberKey(ledger: Ledger, player: Identity, now: Date): Promise<void> {
  const { recoveryHash: hash, sessionId: session_id, key } = player
  if (hash && session_id)
    await ledger.recoveryKeys.add({ hash, player: key, session_id, replaces: null, given_at: now.getTime() })
}
