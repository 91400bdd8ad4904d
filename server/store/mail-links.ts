/** Sign-in links on their way to a mailbox. */
import type { Kysely } from 'kysely'
import type { MailLink } from '../players/mail-link.ts'
import { sweepBefore } from './sweep.ts'
import type { Tables } from './tables.ts'

export function mailLinkRows(db: Kysely<Tables>) {
  return {
    save: ({ hash, game, email, expiresAt }: MailLink) =>
      db.insertInto('mail_links').values({ hash, game, email, expires_at: expiresAt.getTime() }).execute(),

    async take(hash: string): Promise<MailLink | undefined> {
      const row = await db.deleteFrom('mail_links').where('hash', '=', hash).returningAll().executeTakeFirst()
      return row && { hash, game: row.game, email: row.email, expiresAt: new Date(row.expires_at) }
    },

    sweep: (now: Date) => sweepBefore(db, 'mail_links', 'expires_at', now.getTime()),
  }
}
