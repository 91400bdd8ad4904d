/** The desk's own tables. They share the relay's database and nothing else: no row here is known to the ledger. */
import { type Insertable, type Kysely, type Selectable, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { TicketStatus } from '../contract/ticket.ts'
import type { VendorFileId, VendorMessageId, VendorTicketId } from '../vendors/vendor.ts'

export interface DeskTicketTable {
  id: VendorTicketId
  game: string
  mark: string
  number: string
  subject: string
  status: TicketStatus
  language: string
  category: string | null
  player_id: string
  player_kind: string
  player_name: string | null
  player_email: string | null
  pseudonym: string
  /** JSON: what the studio signed, what the browser claimed, what the player answered. Shown apart. */
  signed: string
  claimed: string
  fields: string
  purpose: string
  follows: VendorTicketId | null
  rating: string | null
  message_count: number
  opened_at: number
  changed_at: number
}

/** `note` is for agents alone. */
export type DeskAuthor = 'player' | 'agent' | 'note'

export interface DeskMessageTable {
  id: VendorMessageId
  ticket_id: VendorTicketId
  position: number
  author: DeskAuthor
  author_name: string | null
  text: string
  sent_at: number
  mark: string | null
}

export interface DeskFileTable {
  id: VendorFileId
  ticket_id: VendorTicketId
  message_id: VendorMessageId
  file_name: string
  file_type: string
  file_size: number
}

/** An agent who is signed in: hashes of what the browser has and of the token that opened it. */
export interface DeskSessionTable {
  id_hash: string
  token_hash: string
  expires_at: number
}

export interface DeskTables {
  desk_tickets: DeskTicketTable
  desk_messages: DeskMessageTable
  desk_files: DeskFileTable
  desk_sessions: DeskSessionTable
}

export type DeskTicket = Selectable<DeskTicketTable>
export type DeskMessage = Selectable<DeskMessageTable>
export type DeskFile = Selectable<DeskFileTable>
export type DeskLedger = ReturnType<typeof createDeskLedger>

/** Brings the desk's tables up to date. */
export async function migrateDesk(db: Kysely<DeskTables>): Promise<void> {
  const migrations = { '0001 the desk': { up: createTables }, '0002 sessions': { up: createSessions } }
  const provider = { getMigrations: () => Promise.resolve(migrations) }
  const migrator = new Migrator({
    db,
    provider,
    migrationTableName: 'desk_migrations',
    migrationLockTableName: 'desk_migrations_lock',
  })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
}

export function createDeskLedger(db: Kysely<DeskTables>) {
  return {
    find: (game: string, id: VendorTicketId) =>
      db.selectFrom('desk_tickets').selectAll().where('game', '=', game).where('id', '=', id).executeTakeFirst(),

    findByMark: (game: string, mark: string) =>
      db.selectFrom('desk_tickets').selectAll().where('game', '=', game).where('mark', '=', mark).executeTakeFirst(),

    list: (games: readonly string[], limit: number) =>
      db
        .selectFrom('desk_tickets')
        .selectAll()
        .where('game', 'in', games)
        .orderBy('changed_at', 'desc')
        .limit(limit)
        .execute(),

    messages: (id: VendorTicketId) =>
      db.selectFrom('desk_messages').selectAll().where('ticket_id', '=', id).orderBy('position').execute(),

    files: (id: VendorTicketId) => db.selectFrom('desk_files').selectAll().where('ticket_id', '=', id).execute(),

    filesOf: async (ids: readonly VendorTicketId[]): Promise<VendorFileId[]> => {
      const rows = await db.selectFrom('desk_files').select('id').where('ticket_id', 'in', ids).execute()
      return rows.map(({ id }) => id)
    },

    /** Of these ids, those that are files of the desk. */
    filesAmong: async (ids: readonly string[]): Promise<VendorFileId[]> => {
      const among = ids as readonly VendorFileId[]
      const rows = await db.selectFrom('desk_files').select('id').where('id', 'in', among).execute()
      return rows.map(({ id }) => id)
    },

    findFile: (id: VendorFileId) => db.selectFrom('desk_files').selectAll().where('id', '=', id).executeTakeFirst(),

    findMessage: (ticketId: VendorTicketId, mark: string) =>
      db
        .selectFrom('desk_messages')
        .selectAll()
        .where('ticket_id', '=', ticketId)
        .where('mark', '=', mark)
        .executeTakeFirst(),

    open: (
      ticket: Insertable<DeskTicketTable>,
      message: Omit<DeskMessageTable, 'position'>,
      files: readonly DeskFile[],
    ) =>
      db.transaction().execute(async (change) => {
        await change.insertInto('desk_tickets').values(ticket).execute()
        await change
          .insertInto('desk_messages')
          .values({ ...message, position: 1 })
          .execute()
        if (files.length > 0)
          await change
            .insertInto('desk_files')
            .values([...files])
            .execute()
      }),

    /** Adds a message and moves the ticket to the state it leaves it in. */
    say: (
      message: Omit<DeskMessageTable, 'position'>,
      files: readonly DeskFile[],
      then: { status?: TicketStatus; changed_at: number },
    ) =>
      db.transaction().execute(async (change) => {
        const { message_count } = await change
          .updateTable('desk_tickets')
          .set((set) => ({ ...then, message_count: set('message_count', '+', 1) }))
          .where('id', '=', message.ticket_id)
          .returning('message_count')
          .executeTakeFirstOrThrow()
        await change
          .insertInto('desk_messages')
          .values({ ...message, position: message_count })
          .execute()
        if (files.length > 0)
          await change
            .insertInto('desk_files')
            .values([...files])
            .execute()
      }),

    setStatus: (id: VendorTicketId, status: TicketStatus, changedAt: Date) =>
      db
        .updateTable('desk_tickets')
        .set({ status, changed_at: changedAt.getTime() })
        .where('id', '=', id)
        .where('status', '!=', status)
        .execute(),

    setRating: (id: VendorTicketId, rating: string) =>
      db.updateTable('desk_tickets').set({ rating }).where('id', '=', id).execute(),

    ofPlayer: (game: string, pseudonym: string) =>
      db.selectFrom('desk_tickets').select('id').where('game', '=', game).where('pseudonym', '=', pseudonym).execute(),

    /** Removes tickets with all that was said on them; the ids of their files come back so that the bytes can go too. */
    forget: (ids: readonly VendorTicketId[]): Promise<VendorFileId[]> =>
      db.transaction().execute(async (change) => {
        const files = await change.deleteFrom('desk_files').where('ticket_id', 'in', ids).returning('id').execute()
        await change.deleteFrom('desk_messages').where('ticket_id', 'in', ids).execute()
        await change.deleteFrom('desk_tickets').where('id', 'in', ids).execute()
        return files.map((file) => file.id)
      }),

    findSession: (idHash: string, now: Date) =>
      db
        .selectFrom('desk_sessions')
        .selectAll()
        .where('id_hash', '=', idHash)
        .where('expires_at', '>', now.getTime())
        .executeTakeFirst(),

    /** Those that are over go at the same time. */
    async addSession(session: DeskSessionTable, now: Date): Promise<void> {
      await db.deleteFrom('desk_sessions').where('expires_at', '<=', now.getTime()).execute()
      await db.insertInto('desk_sessions').values(session).execute()
    },

    async endSession(idHash: string): Promise<void> {
      await db.deleteFrom('desk_sessions').where('id_hash', '=', idHash).execute()
    },
  }
}

async function createTables(db: Kysely<unknown>): Promise<void> {
  const statements = [
    `create table desk_tickets (
      id text primary key, game text not null, mark text not null, number text not null, subject text not null,
      status text not null, language text not null, category text, player_id text not null, player_kind text not null,
      player_name text, player_email text, pseudonym text not null, signed text not null, claimed text not null,
      fields text not null, purpose text not null, follows text, rating text, message_count integer not null,
      opened_at bigint not null, changed_at bigint not null)`,
    'create unique index desk_tickets_by_mark on desk_tickets (game, mark)',
    'create index desk_tickets_by_change on desk_tickets (game, changed_at)',
    'create index desk_tickets_by_player on desk_tickets (game, pseudonym)',
    `create table desk_messages (
      id text primary key, ticket_id text not null, position integer not null, author text not null, author_name text,
      text text not null, sent_at bigint not null, mark text)`,
    'create unique index desk_messages_by_ticket on desk_messages (ticket_id, position)',
    'create unique index desk_messages_by_mark on desk_messages (ticket_id, mark)',
    `create table desk_files (
      id text primary key, ticket_id text not null, message_id text not null, file_name text not null,
      file_type text not null, file_size bigint not null)`,
    'create index desk_files_by_ticket on desk_files (ticket_id)',
  ]
  for (const statement of statements) await sql.raw(statement).execute(db)
}

async function createSessions(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw('create table desk_sessions (id_hash text primary key, token_hash text not null, expires_at bigint not null)')
    .execute(db)
}
