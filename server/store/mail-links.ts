/** Sign-in links on their way to a mailbox. */
import type { Kysely } from 'kysely'
import { sweepBefore } from './sweep.ts'
import type { Tables } from './tables.ts'

export interface MailLink {
  /** SHA-256 in hex over game, link secret and browser secret. */
  hash: string
  game: string
  email: string
  expiresAt: Date
}

/** The link that was last mailed to somebody, without what would open it. */
export interface StandingLink {
  /** Makes the code again, with the relay's key. */
  nonce: string
  sentAt: Date
}

/** Longer than a link is good. */
const keptStandingMs = 3_600_000

export function mailLinkRows(db: Kysely<Tables>) {
  return {
    save: ({ hash, game, email, expiresAt }: MailLink) =>
      db
        .insertInto('mail_links')
        .values({ hash, game, email, expires_at: expiresAt.getTime() })
        .onConflict((conflict) =>
          conflict.column('hash').doUpdateSet({ expires_at: (set) => set.ref('excluded.expires_at') }),
        )
        .execute(),

    async take(hash: string): Promise<MailLink | undefined> {
      const row = await db.deleteFrom('mail_links').where('hash', '=', hash).returningAll().executeTakeFirst()
      return row && { hash, game: row.game, email: row.email, expiresAt: new Date(row.expires_at) }
    },

    async standing(subject: string): Promise<StandingLink | undefined> {
      const row = await db
        .selectFrom('standing_links')
        .select(['nonce', 'sent_at'])
        .where('subject', '=', subject)
        .executeTakeFirst()
      return row && { nonce: row.nonce, sentAt: new Date(Number(row.sent_at)) }
    },

    /** In one statement: of several relays, one mails. */
    async stand(subject: string, { nonce, sentAt }: StandingLink, unlessSince: Date): Promise<boolean> {
      const row = await db
        .insertInto('standing_links')
        .values({ subject, nonce, sent_at: sentAt.getTime() })
        .onConflict((conflict) =>
          conflict
            .column('subject')
            .doUpdateSet({ nonce, sent_at: sentAt.getTime() })
            .where('standing_links.sent_at', '<=', unlessSince.getTime()),
        )
        .returning('subject')
        .executeTakeFirst()
      return row !== undefined
    },

    fall: (subject: string) => db.deleteFrom('standing_links').where('subject', '=', subject).execute(),

    /** @returns whether an address went with them */
    async sweep(now: Date): Promise<boolean> {
      const hadLinks = await sweepBefore(db, 'mail_links', 'expires_at', now.getTime())
      await sweepBefore(db, 'standing_links', 'sent_at', now.getTime() - keptStandingMs)
      return hadLinks
    },
  }
}
