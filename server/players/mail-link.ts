/**
 * Signing in by a link in a mail. A link holds one secret and the browser that asked holds another; the ledger knows only
 * the hash of both together. So a link works once, for 15 minutes, in that browser, and a mail scanner that opens it
 * somewhere else neither gets in nor uses it up.
 *
 * Anybody can ask for a link to anybody's mailbox, so asking must neither fill a mailbox nor shut its owner out:
 * - Who asks is refused by what they have asked for themselves, browser and address; that comes first, so what an address asks
 *   beyond its own counts against no mailbox.
 * - A mailbox is never a reason to refuse, since its owner would be refused for what others did. Once it has had its mails of
 *   the hour, the link that was last mailed stands, and is good in the browser of whoever asks next as well: only who reads
 *   the mail can open it. Where that link has less than five minutes left, another is mailed.
 * - `+tag` and, at Google, dots make one mailbox of many spellings, which share what they may have mailed. They share no link:
 *   whether a provider reads them as one is not known to us, and a link proves the spelling that it was mailed to. Spared are
 *   the plain spelling and one that has signed in before: other spellings cannot use up theirs.
 * - The answer is the same in all these cases, for else it would tell who has signed in here.
 */

import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { Clock } from '../runtime/clock.ts'
import type { MailLink, StandingLink } from '../store/mail-links.ts'
import type { MailWords } from './mail-words.ts'
import { type Mailer, MailFailed } from './mailer.ts'

const lifetimeMs = 15 * 60_000
/** After so long a link is too old to stand for another who asks. */
const standsMs = 10 * 60_000
/** More mails than this on their way at once is a mail server that hangs, or somebody's mischief. */
const maxUnsent = 100

export interface MailLinkLedger {
  /** Saving what is there already makes it last as long as this one. */
  save: (link: MailLink) => Promise<void>
  standing: (subject: string) => Promise<StandingLink | undefined>
  /** @returns false where a link mailed after `unlessSince` stands already; of two calls, one gets it */
  stand: (subject: string, link: StandingLink, unlessSince: Date) => Promise<boolean>
  /** A link that was used stands for nobody else. */
  fall: (subject: string) => Promise<void>
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
  /** By which the owner of a mailbox is known, once they have opened a link. */
  subjectOf: (game: string, email: string) => string
  /** Resolves when no mail is on its way any more. */
  settled: () => Promise<void>
}

export interface MailLinkRequest {
  game: string
  /** As {@link mailboxOf} wrote it. */
  email: string
  words: MailWords
  /** `always`: one more mail. `seldom`: where no link stands. `never`: it has to be one that stands. */
  mail: 'always' | 'seldom' | 'never'
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
  /** Makes codes of nonces. Another key leaves links as good as they were, but none that stands. */
  codeKey: Uint8Array
  clock: Clock
  ledger: MailLinkLedger
  mailer: Mailer
  /** The address the mail shows. The code belongs behind the `#`, where no server log sees it. */
  linkTo: (game: string, code: string) => string
  onMailFailure: (error: MailFailed) => void
}

export function createMailLinks(parts: MailLinkParts): MailLinks {
  const unsent = new Set<Promise<void>>()

  function sendLater(request: MailLinkRequest, code: string): void {
    if (unsent.size >= maxUnsent) {
      parts.onMailFailure(new MailFailed('EBUSY'))
      return
    }
    const sending = parts.mailer
      .send({ to: request.email, ...request.words(parts.linkTo(request.game, code)) })
      .catch((error) => parts.onMailFailure(asMailFailed(error)))
      .finally(() => unsent.delete(sending))
    unsent.add(sending)
  }

  const { ledger, clock } = parts
  const subject = (game: string, email: string) => subjectOf(parts.subjectKey, game, email)
  const codeOf = (nonce: string) => createHmac('sha256', parts.codeKey).update(nonce).digest('base64url')

  /** A link of its own where there is to be a mail, else the one that stands, if any. */
  async function linkFor({
    game,
    email,
    mail,
  }: MailLinkRequest): Promise<(StandingLink & { isNew: boolean }) | undefined> {
    const name = subject(game, email)
    const now = clock.now()
    const standsSince = new Date(now.getTime() - standsMs)
    const fresh = { nonce: makeSecret(), sentAt: now }
    if (mail !== 'never' && (await ledger.stand(name, fresh, mail === 'always' ? now : standsSince)))
      return { ...fresh, isNew: true }
    const standing = await ledger.standing(name)
    return standing && standing.sentAt > standsSince ? { ...standing, isNew: false } : undefined
  }

  return {
    async ask(request) {
      const browserSecret = isSecret(request.browserSecret) ? request.browserSecret : makeSecret()
      const link = await linkFor(request)
      if (!link) return { browserSecret }
      const code = codeOf(link.nonce)
      const expiresAt = new Date(link.sentAt.getTime() + lifetimeMs)
      const { game, email } = request
      await ledger.save({ hash: hashLink({ game, code, browserSecret }), game, email, expiresAt })
      if (link.isNew) sendLater(request, code)
      return { browserSecret }
    },
    async redeem(attempt) {
      if (!isSecret(attempt.code) || !isSecret(attempt.browserSecret)) return undefined
      const link = await ledger.take(hashLink(attempt))
      if (!link || link.game !== attempt.game || link.expiresAt <= clock.now()) return undefined
      const name = subject(link.game, link.email)
      await ledger.fall(name)
      return { subject: name, email: link.email }
    },
    subjectOf: subject,
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

/** One name for all spellings of what is most likely one mailbox. For counting alone: a mail goes to the address as it is. */
export function countedMailbox(email: string): string {
  const at = email.lastIndexOf('@')
  const [name = ''] = email.slice(0, at).split('+')
  const host = email.slice(at + 1).replace(/\.$/, '')
  const isGoogle = host === 'gmail.com' || host === 'googlemail.com'
  return isGoogle ? `${name.replaceAll('.', '')}@gmail.com` : `${name}@${host}`
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
