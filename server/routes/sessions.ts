/** Signing in and out. */
import { randomUUID } from 'node:crypto'
import type { Bells } from '../bells.ts'
import type { Clock } from '../clock.ts'
import type { Session } from '../contract/player.ts'
import { type Games, type LiveGame, requireGame } from '../games.ts'
import type { Identify } from '../players/identity.ts'
import { hashRecoveryKey, makeRecoveryKey, normaliseRecoveryKey } from '../players/recovery.ts'
import type { SessionKind, SessionTokens } from '../players/session.ts'
import { Refusal } from '../problem.ts'
import { playerKey } from '../store/players.ts'
import type { Store } from '../store/store.ts'
import type { Edge } from './edge.ts'
import type { HandlersOf } from './handlers.ts'

export interface SessionRouteParts {
  store: Store
  clock: Clock
  bells: Bells
  games: Games
  sessions: SessionTokens
  identify: Identify
  edge: Edge
  pseudonymOf: (game: string, subject: string) => string
}

type SessionRoutes = HandlersOf<'POST /sessions' | 'POST /sessions/merge' | 'DELETE /session'>

/** The widget renews an anonymous session with its recovery key long before; a device unused for longer needs the key. */
const lifetimeSeconds = 30 * 86_400

export function sessionRoutes(parts: SessionRouteParts): SessionRoutes {
  const { store, clock, bells, games, sessions, identify, edge, pseudonymOf } = parts

  async function issue(game: string, subject: string, kind: SessionKind): Promise<Session> {
    const { token, expiresAt } = await sessions.issue({ game, subject, kind, lifetimeSeconds })
    return { token, kind, expiresAt: expiresAt.toISOString() }
  }

  async function anonymous(game: LiveGame): Promise<Session> {
    if (!game.config.players.anonymous) throw new Refusal('unsupported')
    const subject = `anon:${randomUUID()}`
    const recoveryKey = makeRecoveryKey()
    await store.players.remember({
      player: playerKey(game.key, subject),
      game: game.key,
      subject,
      kind: 'anonymous',
      pseudonym: pseudonymOf(game.key, subject),
      name: null,
      email: null,
      locale: null,
      signed: '{}',
      recovery_hash: hashRecoveryKey(recoveryKey),
      merged_into: null,
      created_at: clock.now().getTime(),
    })
    return { ...(await issue(game.key, subject, 'anonymous')), recoveryKey }
  }

  async function recover(game: LiveGame, typed: string): Promise<Session> {
    const key = normaliseRecoveryKey(typed)
    const row = key && (await store.players.findByRecovery(game.key, hashRecoveryKey(key)))
    if (!key || !row) throw new Refusal('not_found')
    return { ...(await issue(game.key, row.subject, 'anonymous')), recoveryKey: key }
  }

  return {
    async 'POST /sessions'({ body, request }) {
      const game = requireGame(games, body.game)
      edge.checkOrigin(request, game)
      if (body.kind === 'anonymous') return { status: 201, body: await anonymous(game) }
      if (body.kind === 'recover') return { status: 201, body: await recover(game, body.recoveryKey) }
      throw new Refusal('unsupported')
    },

    async 'POST /sessions/merge'({ player, body }) {
      if (player.kind !== 'verified') throw new Refusal('unsupported')
      const anonymous = await identify(body.anonymousToken)
      if (anonymous.kind !== 'anonymous' || anonymous.game !== player.game) throw new Refusal('unsupported')
      const tickets = await store.transaction(async (ledger) => {
        await ledger.players.remember({
          player: player.key,
          game: player.game,
          subject: player.subject,
          kind: player.kind,
          pseudonym: pseudonymOf(player.game, player.subject),
          name: player.name ?? null,
          email: player.email ?? null,
          locale: player.locale ?? null,
          signed: JSON.stringify(player.signed),
          recovery_hash: null,
          merged_into: null,
          created_at: clock.now().getTime(),
        })
        if (!(await ledger.players.mergeInto(anonymous.key, player.key))) return 0
        await ledger.attachments.move(anonymous.key, player.key)
        await ledger.deliveries.move(anonymous.key, player.key)
        return ledger.tickets.move(anonymous.key, player.key)
      })
      bells.player.ring(player.key)
      return { status: 200, body: { tickets } }
    },

    async 'DELETE /session'({ player }) {
      if (player.sessionId) await store.players.endSession(player.sessionId, player.expiresAt)
      return { status: 204 }
    },
  }
}
