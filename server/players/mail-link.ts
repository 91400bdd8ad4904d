/**
 * Signing in by a link in a mail. A link holds one secret and the browser that asked holds another; the ledger knows only
 * the hash of both together. So a link works once, for 15 minutes, in that browser, and a mail scanner that opens it
 * somewhere else neither gets in nor uses it up.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { MailWords } from './mail-words.ts'
import { type Mailer, MailFailed } from './mailer.ts'

const lifetimeMs = 15 * 60_000
/** More mails than this on their way at once is a mail server that hangs, or somebody's mischief. */
const maxUnsent = 100

export interface MailLink {
  /** SHA-256 in hex over game, link secret and browser secret. */
  hash: string
  game: string
  email: string
  expiresAt: Date
}

export interface MailLinkLedger {
  save: (link: MailLink) => Promise<void>
  /** Removes the link and returns it, in one atomic step: of two calls, one gets it. */
  take: (hash: string) => Promise<MailLink | undefined>
}

export interface MailLinks {
  /**
   * Saves a link and hands its mail over in the background, so that neither the answer nor its timing tells what the
   * mail server thinks of the address.
   *
   * @returns what the browser must keep until the link is opened; pass it in again when the same browser asks again
   */
  ask: (request: MailLinkRequest) => Promise<{ browserSecret: string }>
  /** @returns `undefined` for a link that is used up, too old, of another game or another browser, or none at all */
  redeem: (attempt: { game: string; code: string; browserSecret: string }) => Promise<MailPlayer | undefined>
  /** Resolves when no mail is on its way any more. */
  settled: () => Promise<void>
}

export interface MailLinkRequest {
  game: string
  /** As {@link mailboxOf} wrote it. */
  email: string
  words: MailWords
  browserSecret?: string | undefined
}

/** A proved mailbox. */
export interface MailPlayer {
  /** `email:<hash>`, keyed: the same for the same mailbox and game, and no help in guessing the address. */
  subject: string
  email: string
}

export interface MailLinkParts {
  /** By which a mailbox gets its subject: another key would make strangers of all who sign in by mail. */
  subjectKey: Uint8Array
  clock: Clock
  ledger: MailLinkLedger
  mailer: Mailer
  /** The address the mail shows. The code belongs behind the `#`, where no server log sees it. */
  linkTo: (game: string, code: string) => string
  onMailTrouble: (error: MailFailed) => void
}

export function createMailLinks(parts: MailLinkParts): MailLinks {
  const unsent = new Set<Promise<void>>()

  function sendLater(request: MailLinkRequest, code: string): void {
    if (unsent.size >= maxUnsent) {
      parts.onMailTrouble(new MailFailed('EBUSY'))
      return
    }
    const sending = parts.mailer
      .send({ to: request.email, ...request.words(parts.linkTo(request.game, code)) })
      .catch((error) => parts.onMailTrouble(asMailFailed(error)))
      .finally(() => unsent.delete(sending))
    unsent.add(sending)
  }

  return {
    async ask(request) {
      const code = makeSecret()
      const browserSecret = isSecret(request.browserSecret) ? request.browserSecret : makeSecret()
      const expiresAt = new Date(parts.clock.now().getTime() + lifetimeMs)
      const { game, email } = request
      await parts.ledger.save({ hash: hashLink({ game, code, browserSecret }), game, email, expiresAt })
      sendLater(request, code)
      return { browserSecret }
    },
    async redeem(attempt) {
      if (!isSecret(attempt.code) || !isSecret(attempt.browserSecret)) return undefined
      const link = await parts.ledger.take(hashLink(attempt))
      if (!link || link.game !== attempt.game || link.expiresAt <= parts.clock.now()) return undefined
      return { subject: subjectOf(parts.subjectKey, link.game, link.email), email: link.email }
    },
    async settled() {
      await Promise.all(unsent)
    },
  }
}

/**
 * One spelling for a mailbox, and the one the mail goes to: whoever reads that mailbox is the player, however the address
 * was typed. ASCII only, because lower-casing the rest of Unicode turns strangers into namesakes.
 *
 * @returns `undefined` for what is no plain address
 */
export function mailboxOf(email: string): string | undefined {
  const mailbox = email.trim().toLowerCase()
  const isPlain =
    mailbox.length <= 254 && /^[\x21-\x7e]+$/.test(email.trim()) && /^[^@<>,;:"()\\]+@[^@<>,;:"()\\]+$/.test(mailbox)
  return isPlain ? mailbox : undefined
}

function subjectOf(key: Uint8Array, game: string, email: string): string {
  return `email:${createHmac('sha256', key).update(`${game}\0${email}`).digest('hex').slice(0, 32)}`
}

function asMailFailed(error: unknown): MailFailed {
  return error instanceof MailFailed ? error : new MailFailed('EUNKNOWN', { cause: error })
}

/** 256 bits as 43 characters of base64url. */
function makeSecret(): string {
  return randomBytes(32).toString('base64url')
}

function isSecret(text: string | undefined): text is string {
  return text !== undefined && /^[A-Za-z0-9_-]{43}$/.test(text)
}

/** Every part has a fixed shape without NUL, so no two attempts make one text. */
function hashLink({ game, code, browserSecret }: { game: string; code: string; browserSecret: string }): string {
  return createHash('sha256').update(`medkit mail link\0${game}\0${code}\0${browserSecret}`).digest('hex')
}
