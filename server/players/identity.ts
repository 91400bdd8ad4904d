/** Who sent a request: the bearer verified, whether the studio signed it or the relay itself. */
import { hash } from 'node:crypto'
import type { Games } from '../config/games.ts'
import type { PlayerKind } from '../contract/player.ts'
import { createBoundedMap } from '../runtime/bounded-map.ts'
import type { Clock } from '../runtime/clock.ts'
import { isStoreFailure } from '../store/errors.ts'
import { playerKey } from '../store/players.ts'
import type { Store } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'
import type { SignedMetadata } from '../vendors/vendor.ts'
import type { LastSeen } from './last-seen.ts'
import type { SessionTokens, VerifiedSession } from './session.ts'
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
  lastSeen: Pick<LastSeen, 'note'>
}

/** Tokens remembered as genuine, without the tokens: a bound on memory, mostly less than a kilobyte each. */
const keptTokens = 10_000

export type Identify = (bearer: string | undefined) => Promise<Identity>

/**
 * Verifies bearers. A studio's token names its game by its audience, which only the matching verifier can confirm: the
 * unverified claim chooses the verifier and nothing else.
 *
 * @throws TokenRefused
 */
export function createIdentify({ store, clock, games, sessions, studios, lastSeen }: IdentityParts): Identify {
  // What is signed stays signed: a player's calls come with the same token again and again.
  const ofStudios = createBoundedMap<string, { player: Identity; isGood: () => Promise<boolean> }>(keptTokens)
  const ofRelay = createBoundedMap<string, VerifiedSession>(keptTokens)

  async function relayIssued(token: string, name: string): Promise<Identity> {
    const session = await verifyOnce(token, name)
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
      if (!isStoreFailure(error)) throw error
    }
  }

  async function verifyOnce(token: string, name: string): Promise<VerifiedSession> {
    const known = ofRelay.get(name)
    if (known && known.expiresAt > clock.now()) return known
    const session = await sessions.verify(token)
    ofRelay.set(name, session)
    return session
  }

  async function studioSigned(token: string, name: string): Promise<Identity> {
    const known = ofStudios.get(name)
    if (known && (await known.isGood())) return known.player
    ofStudios.delete(name)
    const found = await verifyStudios(token)
    ofStudios.set(name, found)
    return found.player
  }

  async function verifyStudios(token: string) {
    const game = addressedGame(token)
    const verifier = game === undefined ? undefined : studios.get(game)
    if (game === undefined || !verifier)
      throw new TokenRefused('token_wrong_audience', 'no game here has this audience')
    const { claims, isGood } = await verifier.judge(token)
    const { subject, name, email, locale, metadata, expiresAt } = claims
    const profile = { name, email, locale, signed: metadata }
    const kind: PlayerKind = 'verified'
    const player = { key: playerKey(game, subject), game, subject, kind, ...profile, expiresAt, isRemembered: false }
    return { player, isGood }
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
    const name = hash('sha256', bearer, 'base64url')
    const isOurs = !ofStudios.has(name) && (ofRelay.has(name) || sessions.isOurs(bearer))
    const player = await (isOurs ? relayIssued(bearer, name) : studioSigned(bearer, name))
    lastSeen.note(player.key)
    return player
  }
}
