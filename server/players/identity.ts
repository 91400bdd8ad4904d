/** Who sent a request: the bearer verified, whether the studio signed it or the relay itself. */
import type { Clock } from '../clock.ts'
import type { PlayerKind } from '../contract/player.ts'
import type { Games } from '../games.ts'
import { playerKey } from '../store/players.ts'
import type { Store } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'
import { isStoreTrouble } from '../store/trouble.ts'
import type { SignedMetadata } from '../vendors/vendor.ts'
import type { SessionTokens, VerifiedSession } from './session.ts'
import type { Sightings } from './sightings.ts'
import type { StudioVerifier } from './studio-token.ts'
import { audiencesOf, readTokenParts } from './token-parts.ts'
import { TokenRefused } from './token-refused.ts'

export interface Identity {
  key: PlayerKey
  game: string
  subject: string
  kind: PlayerKind
  name?: string | undefined
  email?: string | undefined
  locale?: string | undefined
  signed: SignedMetadata
  expiresAt: Date
  /** The ledger has this player, with all that the token says of them. */
  isRemembered: boolean
  /** Only of tokens the relay issued; what signing out ends. */
  sessionId?: string | undefined
  /** Of the key that gives an anonymous player their history back, once there is any. */
  recoveryHash?: string | undefined
}

export interface IdentityParts {
  store: Store
  clock: Clock
  games: Games
  sessions: SessionTokens
  studios: ReadonlyMap<string, StudioVerifier>
  sightings: Pick<Sightings, 'note'>
}

/** Signatures remembered as good: a bound on memory, about a kilobyte each. */
const keptSessions = 5_000

export type Identify = (bearer: string | undefined) => Promise<Identity>

/** True once a session of the relay's was signed out or its player merged: what a stream asks before it says more. */
export async function isOver(store: Store, { sessionId, key }: Identity): Promise<boolean> {
  if (sessionId === undefined) return false
  if (await store.players.sessionHasEnded(sessionId)) return true
  const row = await store.players.find(key)
  return (row?.merged_into ?? null) !== null
}

/**
 * Verifies bearers. A studio's token names its game by its audience, which only the matching verifier can confirm: the
 * unverified claim chooses the verifier and nothing else.
 *
 * @throws TokenRefused
 */
export function createIdentify({ store, clock, games, sessions, studios, sightings }: IdentityParts): Identify {
  const verified = new Map<string, VerifiedSession>()

  async function relayIssued(token: string): Promise<Identity> {
    const session = await verifyOnce(token)
    if (!games.has(session.game))
      throw new TokenRefused('token_wrong_audience', 'the session is of a game that is gone')
    const key = playerKey(session.game, session.subject)
    const { isRemembered, email, isMerged, hasEnded, hasNewKey } = await store.players.ofSession(key, session.sessionId)
    if (isMerged) throw new TokenRefused('session_ended', 'the player has since been verified')
    if (hasEnded) throw new TokenRefused('session_ended', 'the player signed out')
    if (hasNewKey) await confirmKey(session.sessionId)
    return { ...session, key, signed: {}, email, isRemembered }
  }

  /** The session has reached its device, and its key with it. A ledger that takes nothing in hears of it with a later call. */
  async function confirmKey(sessionId: string): Promise<void> {
    try {
      await store.transaction((ledger) => ledger.recoveryKeys.confirm('session_id', sessionId))
    } catch (error) {
      if (!isStoreTrouble(error)) throw error
    }
  }

  /** A player's calls come with the same token again and again, and what is signed stays signed until it expires. */
  async function verifyOnce(token: string): Promise<VerifiedSession> {
    const known = verified.get(token)
    if (known && known.expiresAt > clock.now()) return known
    const session = await sessions.verify(token)
    if (verified.size >= keptSessions) verified.clear()
    verified.set(token, session)
    return session
  }

  async function studioSigned(token: string): Promise<Identity> {
    const game = addressedGame(token)
    const verifier = game === undefined ? undefined : studios.get(game)
    if (game === undefined || !verifier)
      throw new TokenRefused('token_wrong_audience', 'no game here has this audience')
    const { subject, name, email, locale, metadata, expiresAt } = await verifier.verify(token)
    const key = playerKey(game, subject)
    const profile = { name, email, locale, signed: metadata }
    return { key, game, subject, kind: 'verified', ...profile, expiresAt, isRemembered: false }
  }

  /** A lone verifier judges every token, so that its refusal can say what is really wrong. */
  function addressedGame(token: string): string | undefined {
    if (studios.size === 1) return [...studios.keys()][0]
    const audiences = audiencesOf(readTokenParts(token).claims)
    if (audiences.length === 0) throw new TokenRefused('token_missing_claim', '"aud" must name the game')
    return [...studios.keys()].find((game) => audiences.includes(audienceOf(game)))
  }

  function audienceOf(game: string): string {
    return games.get(game)?.config.players.jwt?.audience ?? game
  }

  return async (bearer) => {
    if (!bearer) throw new TokenRefused('token_missing', 'there is no bearer token')
    const player = await (verified.has(bearer) || sessions.isOurs(bearer) ? relayIssued(bearer) : studioSigned(bearer))
    sightings.note(player.key)
    return player
  }
}
