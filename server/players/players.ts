/** Who may come in, and how often: everything that knows players and their proofs, put together. */
import { setTimeout } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import type { Games } from '../config/games.ts'
import { createAddressOf } from '../http/address.ts'
import { createLimits } from '../http/limits.ts'
import type { Clock } from '../runtime/clock.ts'
import { deriveKey, type RelaySecrets } from '../runtime/derived-keys.ts'
import type { Log } from '../runtime/log.ts'
import type { Notifier } from '../store/notifier.ts'
import type { Store } from '../store/store.ts'
import { createMerging } from '../tickets/merge.ts'
import { createIdentify } from './identity.ts'
import { createLastSeen } from './last-seen.ts'
import { createMailLinks } from './mail-link.ts'
import { createMailer } from './mailer.ts'
import type { NameKeys } from './name-keys.ts'
import { createProofs } from './proof-of-work.ts'
import { createPseudonyms } from './pseudonym.ts'
import { createSessionTokens } from './session.ts'
import { createStudioVerifier } from './studio-token.ts'

const lastMailsMs = 2_000

export interface PlayersParts {
  config: Config
  /** Sign what the relay issues. */
  secrets: RelaySecrets
  /** By which players get their names. */
  nameKeys: NameKeys
  store: Store
  clock: Clock
  notifier: Notifier
  games: Games
  log: Log
}

export function createPlayers({ config, secrets, nameKeys, store, clock, notifier, games, log }: PlayersParts) {
  const sessions = createSessionTokens(secrets, { clock })
  const pseudonymOf = createPseudonyms(nameKeys.pseudonym)
  const lastSeen = createLastSeen({ store, clock })
  const studios = studioVerifiers(games, clock, log)
  const mail = createMail({ config, secrets, nameKeys, store, clock, log })
  return {
    sessions,
    pseudonymOf,
    lastSeen,
    identify: createIdentify({ store, clock, games, sessions, studios, lastSeen }),
    merging: createMerging({ store, clock, notifier, sessions, pseudonymOf }),
    proofs: createProofs(secrets, { store, clock }),
    mailLinks: mail?.links,
    addressOf: createAddressOf(config.trustedProxies),
    limits: createLimits({
      points: config.limits,
      ledger: store.isShared ? countTogether(store) : undefined,
      onLedgerFailure: (error) => log.warn({ err: error }, 'limits are counted by this relay alone for now'),
    }),
    /** Waits a moment for mails that are on their way: whoever gets none asks again. */
    close: async () => {
      const moment = setTimeout(lastMailsMs, undefined, { ref: false })
      await Promise.race([mail?.links.settled(), moment])
      mail?.mailer.close()
    },
  }
}

function countTogether({ limits }: Store) {
  // By the machine's own clock, as the counts in memory are.
  return { count: (key: string, windowMs: number, by: number) => limits.count(key, windowMs, by, new Date()) }
}

function createMail({ config, secrets, nameKeys, store, clock, log }: Omit<PlayersParts, 'notifier' | 'games'>) {
  const { mail, publicUrl } = config
  if (!mail || publicUrl === undefined) return undefined
  const mailer = createMailer(mail)
  const links = createMailLinks({
    subjectKey: nameKeys.mailbox,
    codeKey: deriveKey(secrets[0], 'mail code'),
    clock,
    ledger: {
      save: async (link) => void (await store.mailLinks.save(link)),
      take: store.mailLinks.take,
      standing: store.mailLinks.standing,
      stand: store.mailLinks.stand,
      fall: async (subject) => void (await store.mailLinks.fall(subject)),
    },
    mailer,
    // Never from a request's own idea of where it is: whoever writes the Host header would be sent the code.
    linkTo: (game, code) => `${publicUrl}/?game=${game}#code=${code}`,
    // Not even the cause: a mail server's answer quotes the address.
    onMailFailure: ({ code }) => log.warn({ code }, 'a sign-in mail could not be handed over'),
  })
  return { mailer, links }
}

function studioVerifiers(games: Games, clock: Clock, log: Log) {
  const onJwksFailure = ({ game, ...failure }: { game: string }) =>
    log.warn({ game, ...failure }, 'a studio’s key server')
  return new Map(
    [...games.values()].flatMap(({ key, config }) =>
      config.players.jwt
        ? [[key, createStudioVerifier(key, config.players.jwt, { clock, onJwksFailure })] as const]
        : [],
    ),
  )
}
