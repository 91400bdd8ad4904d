/** Signing in and out. */
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { type Games, type LiveGame, requireGame } from '../../config/games.ts'
import { languageOf } from '../../contract/language.ts'
import type { NewSession, Session } from '../../contract/player.ts'
import {
  countedMailbox,
  type MailLinkRequest,
  type MailLinks,
  type MailPlayer,
  mailboxOf,
} from '../../players/mail-link.ts'
import { mailWords } from '../../players/mail-words.ts'
import { newcomerTo, type Proofs } from '../../players/proof-of-work.ts'
import { createRecovery, type RecoverySession, rememberKey } from '../../players/recovery-session.ts'
import { refuseWhileErasing } from '../../players/refuse-while-erasing.ts'
import { type SessionPlayer, type SessionTokens, sessionDays } from '../../players/session.ts'
import type { Clock } from '../../runtime/clock.ts'
import { Refusal } from '../../runtime/refusal.ts'
import type { Notifier } from '../../store/notifier.ts'
import { playerKey } from '../../store/players.ts'
import type { Store } from '../../store/store.ts'
import type { PlayerTable } from '../../store/tables.ts'
import type { Merging } from '../../tickets/merge.ts'
import { newPlayer } from '../../tickets/new-rows.ts'
import type { HandlersOf } from '../handlers.ts'
import type { Limits } from '../limits.ts'
import type { Origins } from '../origins.ts'
import { spend } from '../route-limits.ts'

export interface SessionRouteParts {
  store: Store
  clock: Clock
  notifier: Notifier
  games: Games
  sessions: SessionTokens
  /** Absent where no mail can be sent. */
  mailLinks: MailLinks | undefined
  merging: Merging
  limits: Limits
  proofs: Pick<Proofs, 'spend'>
  origins: Origins
  pseudonymOf: (game: string, subject: string) => string
}

type SessionRoutes = HandlersOf<
  'POST /sessions' | 'POST /sessions/merge' | 'POST /recovery-keys' | 'GET /session' | 'DELETE /session'
>
type ByMail = Extract<z.output<typeof NewSession>, { kind: 'email' }>

interface Unproved {
  proof: string | undefined
  address: string | undefined
}

/** The widget renews an anonymous session with its recovery key; a device unused for longer needs the key. */
const lifetimeSeconds = sessionDays * 86_400

export function sessionRoutes(parts: SessionRouteParts): SessionRoutes {
  const { store, clock, notifier, games, sessions, mailLinks, merging, limits, proofs, origins, pseudonymOf } = parts

  const recovery = createRecovery({ store, clock, sessions, lifetimeSeconds })

  async function issue(player: SessionPlayer): Promise<Session> {
    const { token, expiresAt } = await sessions.issue({ ...player, lifetimeSeconds })
    return { token, kind: player.kind, expiresAt: expiresAt.toISOString() }
  }

  /** The ledger hears of them with the first that they write: whoever only looks, or asks for sessions in masses, leaves nothing. */
  async function anonymous({ key, config }: LiveGame): Promise<Session> {
    if (!config.players.anonymous) throw new Refusal('unsupported')
    return withKey(await recovery.begin(key, `anon:${randomUUID()}`))
  }

  /** Of newcomers from an address of which much was asked lately. A browser that knows may bring its proof at once. */
  async function requireProof({ key, config }: LiveGame, limit: 'unproved' | 'unprovedMail', from: Unproved) {
    const { proof, address } = from
    if (!config.players.proofOfWork) return
    if (proof === undefined && (await limits.spend(limit, { address })).ok) return
    await proofs.spend(proof, { solver: newcomerTo(key), use: randomUUID() })
  }

  async function recover({ key }: LiveGame, typed: string): Promise<Session> {
    const given = await recovery.recover(key, typed)
    if (!given) throw new Refusal('not_found')
    return withKey(given)
  }

  function mailLinksOf({ config }: LiveGame): MailLinks {
    if (!config.players.email || !mailLinks) throw new Refusal('unsupported')
    return mailLinks
  }

  /** What a mailbox may have mailed is no matter of who asks: nobody is refused for it. */
  async function mailsFor(links: MailLinks, { key }: LiveGame, email: string): Promise<MailLinkRequest['mail']> {
    const counted = countedMailbox(email)
    const known = await store.players.find(playerKey(key, links.subjectOf(key, email)))
    const isSpared = known !== undefined || counted === email
    const spent = await limits.spend('mail', {
      player: isSpared ? `${key} ${email}` : `${key} spellings of ${counted}`,
    })
    if (spent.ok) return 'always'
    return isSpared ? 'seldom' : 'never'
  }

  /** Whoever asks is told nothing of the address: not whether it is known, and not whether the mail arrived. */
  async function sendLink(game: LiveGame, typed: string, { browserSecret, language, proof }: ByMail, address?: string) {
    const links = mailLinksOf(game)
    const email = mailboxOf(typed)
    if (email === undefined) throw new Refusal('invalid', { errors: [{ path: 'email', code: 'invalid_format' }] })
    // First: what is asked without the work counts against nobody else behind that address.
    await requireProof(game, 'unprovedMail', { proof, address })
    await spend(limits, 'mail', { device: browserSecret, address })
    const mail = await mailsFor(links, game, email)
    const [first = 'en'] = game.config.languages
    const words = mailWords(languageOf(language ?? first) ?? first, game.config.name)
    return { sent: true as const, ...(await links.ask({ game: game.key, email, words, mail, browserSecret })) }
  }

  async function redeem(game: LiveGame, code: string, browserSecret = ''): Promise<Session> {
    const player = await mailLinksOf(game).redeem({ game: game.key, code, browserSecret })
    if (!player) throw new Refusal('not_found')
    await store.players.remember(mailed(game.key, player))
    return issue({ game: game.key, subject: player.subject, kind: 'email' })
  }

  /** The address is known only from here: no token has it. */
  function mailed(game: string, { subject, email }: MailPlayer): PlayerTable {
    const now = clock.now().getTime()
    return {
      player: playerKey(game, subject),
      game,
      subject,
      kind: 'email',
      pseudonym: pseudonymOf(game, subject),
      name: null,
      email,
      locale: null,
      signed: '{}',
      merged_into: null,
      created_at: now,
      seen_at: now,
    }
  }

  return {
    async 'POST /sessions'({ body, request, address }) {
      const game = requireGame(games, body.game)
      origins.checkOrigin(request, game)
      if (body.kind === 'email' && body.email !== undefined)
        return { status: 202, body: await sendLink(game, body.email, body, address) }
      await spend(limits, 'session', { address })
      if (body.kind === 'anonymous') {
        await requireProof(game, 'unproved', { proof: body.proof, address })
        return { status: 201, body: await anonymous(game) }
      }
      if (body.kind === 'recover') return { status: 201, body: await recover(game, body.recoveryKey) }
      return { status: 201, body: await redeem(game, body.code ?? '', body.browserSecret) }
    },

    async 'POST /sessions/merge'({ player, body }) {
      return { status: 200, body: { tickets: await merging.merge(player, body.anonymousToken) } }
    },

    async 'GET /session'({ player: { kind, subject, name, email } }) {
      return { status: 200, body: { kind, subject, ...(name && { name }), ...(email && { email }) } }
    },

    async 'DELETE /session'({ player }) {
      const { sessionId, expiresAt } = player
      if (sessionId)
        await store.transaction(async (ledger) => {
          await ledger.players.endSession(sessionId, expiresAt)
          await ledger.recoveryKeys.endSession(sessionId)
        })
      // Wakes the player's streams, which then find that they are over.
      notifier.player.notify(player.key)
      return { status: 204 }
    },

    async 'POST /recovery-keys'({ player }) {
      if (player.kind !== 'anonymous') throw new Refusal('unsupported')
      const recoveryKey = await store.transaction(async (ledger) => {
        await refuseWhileErasing(ledger, player.key)
        const now = clock.now()
        await ledger.players.remember(newPlayer(player, pseudonymOf(player.game, player.subject), now))
        await rememberKey(ledger, player, now)
        return recovery.keep(ledger, player)
      })
      return { status: 201, body: { recoveryKey } }
    },
  }
}

function withKey({ token, expiresAt, recoveryKey }: RecoverySession): Session {
  return { token, kind: 'anonymous', expiresAt: expiresAt.toISOString(), recoveryKey }
}
