/** Forward only: a migration that has landed is never edited; the next change is the next entry. */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Engine } from './engine.ts'

/** All migrations by name, for one engine. Their order is that of their names. */
export function migrations(engine: Engine): Record<string, Migration> {
  return {
    '0001 the ledger': { up: (db: Kysely<unknown>) => createLedger(db, engine) },
    '0002 players and their proofs': { up: (db: Kysely<unknown>) => run(db, proofs(engine)) },
    '0003 files that are looked into': { up: (db: Kysely<unknown>) => run(db, checks()) },
    '0004 lines in the conversation': { up: (db: Kysely<unknown>) => run(db, lines()) },
    '0005 events that are swept in their order': { up: (db: Kysely<unknown>) => run(db, ['drop index events_by_age']) },
    '0006 files of a ticket': { up: (db: Kysely<unknown>) => run(db, files()) },
    '0007 one erasure at a time': { up: (db: Kysely<unknown>) => run(db, erasures()) },
    '0008 deliveries whose end is unknown': { up: (db: Kysely<unknown>) => run(db, unknownEnds()) },
    '0009 what is looked for often': { up: (db: Kysely<unknown>) => run(db, often()) },
    '0010 what the ledger knows of itself': { up: (db: Kysely<unknown>) => run(db, facts()) },
    '0011 what is to be erased at a vendor': { up: (db: Kysely<unknown>) => run(db, erasedAtVendors()) },
    '0012 nothing left of what was deleted': { up: (db: Kysely<unknown>) => run(db, wiping(engine)) },
    '0013 what a receipt of an erasure counts': { up: (db: Kysely<unknown>) => run(db, receipts()) },
    '0014 players who were not seen for long': { up: (db: Kysely<unknown>) => run(db, lastSeen(engine)) },
    '0015 what was sent with a ticket': { up: (db: Kysely<unknown>) => run(db, sentAlong()) },
    '0016 recovery keys that are replaced': { up: (db: Kysely<unknown>) => run(db, recoveryKeys()) },
    '0017 links that stand': { up: (db: Kysely<unknown>) => run(db, standingLinks()) },
    '0018 whose bytes wait': { up: (db: Kysely<unknown>) => run(db, waitingBytes()) },
    '0019 what strangers have waiting': { up: (db: Kysely<unknown>) => run(db, strangersBytes()) },
    '0020 one reader for each account': { up: (db: Kysely<unknown>) => run(db, readers()) },
  }
}

async function createLedger(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const sequence = engine === 'sqlite' ? 'integer primary key autoincrement' : 'bigserial primary key'
  await run(db, ledger(sequence))
}

async function run(db: Kysely<unknown>, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

function ledger(sequence: string): string[] {
  return [
    `create table players (
      player text primary key, game text not null, subject text not null, kind text not null, pseudonym text not null,
      name text, email text, locale text, signed text not null, recovery_hash text, merged_into text,
      created_at bigint not null)`,
    'create unique index players_by_recovery on players (recovery_hash)',

    'create table ended_sessions (session_id text primary key, expires_at bigint not null)',

    `create table tickets (
      id text primary key, game text not null, player text not null, number text not null, subject text not null,
      status text not null, language text not null, category text, fields text not null, claimed text not null,
      signed text not null, answer_to text, created_at bigint not null, updated_at bigint not null,
      heard_at bigint not null, must_read integer not null, message_count integer not null, read_position integer not null, follow_up integer not null,
      rating_score integer, rating_comment text)`,
    'create unique index tickets_by_number on tickets (game, number)',
    'create index tickets_by_player on tickets (player, updated_at, id)',

    `create table chains (
      ticket_id text not null, position integer not null, game text not null, vendor_ticket_id text not null,
      player text not null, opened_at bigint not null, primary key (ticket_id, position))`,
    'create unique index chains_by_vendor on chains (game, vendor_ticket_id)',

    `create table messages (
      id text primary key, ticket_id text not null, position integer not null, author text not null, author_name text,
      text text not null, language text, sent_at bigint not null, delivery text not null, problem_code text,
      vendor_message_id text, chain_position integer, mark text)`,
    'create unique index messages_by_ticket on messages (ticket_id, position)',

    `create table attachments (
      id text primary key, game text not null, player text not null, ticket_id text, message_id text,
      file_name text not null, file_type text not null, file_size bigint not null, state text not null, reason text,
      vendor_file_id text, position integer not null, created_at bigint not null)`,
    'create index attachments_by_message on attachments (message_id)',
    'create index attachments_by_player on attachments (player)',

    `create table deliveries (
      sequence ${sequence}, game text not null, player text not null, ticket_id text not null, operation text not null,
      message_id text, mark text not null, state text not null, attempts integer not null,
      failures integer not null, not_before bigint not null,
      problem_code text, lease_owner text, lease_until bigint not null, created_at bigint not null)`,
    'create index deliveries_by_ticket on deliveries (ticket_id, state, sequence)',
    'create index deliveries_by_due on deliveries (state, not_before)',

    `create table idempotency (
      player text not null, route text not null, key text not null, fingerprint text not null, answer text not null,
      created_at bigint not null, primary key (player, route, key))`,
    'create index idempotency_by_age on idempotency (created_at)',

    `create table events (
      sequence ${sequence}, player text not null, type text not null, ticket_id text, message_id text,
      attachment_id text, request_id text, created_at bigint not null)`,
    'create index events_by_player on events (player, sequence)',
    'create index events_by_age on events (created_at)',

    `create table deletions (
      id text primary key, game text not null, player text not null, status text not null,
      requested_at bigint not null, begins_at bigint not null, due_at bigint not null, steps text not null,
      lease_until bigint not null)`,
    'create index deletions_by_player on deletions (player, requested_at)',
    'create index deletions_by_status on deletions (status, begins_at)',
  ]
}

function proofs(engine: Engine): string[] {
  // Counts need not outlive a crash, so PostgreSQL need not wait for the disk with each.
  const unlogged = engine === 'postgres' ? 'unlogged' : ''
  return [
    'create table mail_links (hash text primary key, game text not null, email text not null, expires_at bigint not null)',
    'create index mail_links_by_age on mail_links (expires_at)',

    `create ${unlogged} table limits (key text primary key, count integer not null, ends_at bigint not null)`,
    'create index limits_by_age on limits (ends_at)',

    'create table spent_proofs (challenge text primary key, used_for text not null, expires_at bigint not null)',
    'create index spent_proofs_by_age on spent_proofs (expires_at)',

    'create table merges (anonymous text primary key, verified text not null, merged_at bigint not null)',
    'create index merges_by_age on merges (merged_at)',
  ]
}

function checks(): string[] {
  return [
    'alter table attachments add column check_at bigint not null default 0',
    'alter table attachments add column checks integer not null default 0',
    'create index attachments_by_check on attachments (state, check_at)',
  ]
}

function lines(): string[] {
  return [
    'alter table messages add column event text',
    'alter table messages add column event_by text',
    'alter table tickets add column said_position integer not null default 0',
    'update tickets set said_position = message_count',
  ]
}

/** What is swept with its ticket is found by it. */
function files(): string[] {
  return ['create index attachments_by_ticket on attachments (ticket_id)']
}

/** Of two that were asked for at the same moment, the first stands. */
function erasures(): string[] {
  const unfinished = "status in ('waiting', 'begun')"
  return [
    `update deletions set status = 'withdrawn' where ${unfinished} and exists (
      select 1 from deletions as earlier where earlier.player = deletions.player and earlier.${unfinished}
        and (earlier.requested_at < deletions.requested_at
          or (earlier.requested_at = deletions.requested_at and earlier.id < deletions.id)))`,
    `create unique index deletions_unfinished on deletions (player) where ${unfinished}`,
  ]
}

/** Attempts made before this may have arrived: they are looked for first. What was due is found without reading it all. */
function unknownEnds(): string[] {
  return [
    'alter table deliveries add column choked integer not null default 0',
    'alter table deliveries add column first_failed_at bigint',
    'alter table deliveries add column failed_at bigint',
    'alter table deliveries add column unsure_since bigint',
    'alter table deliveries add column looks integer not null default 0',
    'alter table deliveries add column resent integer not null default 0',
    'alter table deliveries add column writing integer not null default 0',
    'update deliveries set unsure_since = created_at where attempts > 0',
    'drop index deliveries_by_due',
    "create index deliveries_failed on deliveries (game, not_before) where state = 'waiting' and failures > 0",
    "create index deliveries_waiting on deliveries (game, failures, sequence) where state = 'waiting'",
    'create table vendor_health (game text primary key, taken_at bigint not null)',
    'create table copies (ticket_id text not null, name text not null, primary key (ticket_id, name))',
    `create table late_copies (
      mark text primary key, game text not null, ticket_id text not null, message_id text not null, player text not null,
      look_at bigint not null, looks integer not null)`,
    'create index late_copies_by_due on late_copies (look_at)',
    'create index late_copies_by_ticket on late_copies (ticket_id)',
  ]
}

/** Tickets whose text is gone are not looked through again, however many there are. */
function often(): string[] {
  return [
    'create table readiness (id integer primary key, looks bigint not null)',
    'alter table tickets add column emptied integer not null default 0',
    `update tickets set emptied = 1 where not exists (
      select 1 from messages where messages.ticket_id = tickets.id)`,
    'create index tickets_untouched on tickets (updated_at) where emptied = 0',
    'create index players_by_merge on players (merged_into) where merged_into is not null',
    'create index ended_sessions_by_age on ended_sessions (expires_at)',
    'create index deliveries_by_player on deliveries (player)',
    'create index deliveries_by_message on deliveries (message_id) where message_id is not null',
    'create index deliveries_by_owner on deliveries (lease_owner) where lease_owner is not null',
  ]
}

/** A ledger that has had files until now is the one that the files at its place belong to. */
function facts(): string[] {
  return [
    'create table ledger_facts (name text primary key, value text not null)',
    `insert into ledger_facts (name, value)
      select 'files unmarked', 'yes' where exists (select 1 from attachments where vendor_file_id is null)`,
  ]
}

function standingLinks(): string[] {
  return [
    'create table standing_links (subject text primary key, nonce text not null, sent_at bigint not null)',
    'create index standing_links_by_age on standing_links (sent_at)',
  ]
}

/** A ledger that has ever held anything may have kept some of it where it lay; it is written anew at the start, once. */
function wiping(engine: Engine): string[] {
  const everywhere = [
    'alter table tickets add column refilled_at bigint not null default 0',
    // Their messages are gone; what else was said is swept after them.
    'update tickets set emptied = 0 where emptied = 1',
  ]
  if (engine === 'postgres') return everywhere
  return [
    ...everywhere,
    `insert into ledger_facts (name, value)
      select 'unscrubbed', 'yes' where exists (select 1 from sqlite_sequence)`,
  ]
}

function erasedAtVendors(): string[] {
  return [
    'alter table deletions add column failures integer not null default 0',
    'alter table deletions add column called_off integer not null default 0',
    'alter table deletions add column unsure_since bigint',
    // Whoever had one of these in hand may have asked, and lost the answer.
    "update deletions set unsure_since = requested_at where status = 'begun'",
    `create table erasures (
      request_id text not null, kind text not null, name text not null, game text not null, ticket_id text not null,
      number text not null, player text not null, message_id text, state text not null, settled_at bigint not null,
      told_by text, primary key (request_id, kind, name))`,
  ]
}

function receipts(): string[] {
  return [
    'alter table deletions add column held text',
    'alter table deletions add column about text',
    'alter table deletions add column at_vendor text',
  ]
}

/** Nobody has been seen for as long as nobody has looked: for those of before, that begins now. */
function lastSeen(engine: Engine): string[] {
  const nowMs = engine === 'sqlite' ? 'unixepoch() * 1000' : 'cast(extract(epoch from now()) * 1000 as bigint)'
  return [
    'alter table players add column seen_at bigint not null default 0',
    `update players set seen_at = ${nowMs}`,
    'create index players_by_sight on players (seen_at, player)',
    // What a player is needed for is found by them.
    'create index chains_by_player on chains (player)',
    'create index late_copies_by_player on late_copies (player)',
    'create index erasures_by_player on erasures (player)',
  ]
}

/** Of those given before it is not known on which device they lie: they count as written down. */
function recoveryKeys(): string[] {
  return [
    `create table recovery_keys (
      hash text primary key, player text not null, session_id text, replaces text, given_at bigint not null)`,
    'create index recovery_keys_by_player on recovery_keys (player)',
    'create index recovery_keys_by_session on recovery_keys (session_id)',
    `insert into recovery_keys (hash, player, given_at)
      select recovery_hash, player, created_at from players where recovery_hash is not null`,
    'drop index players_by_recovery',
    'alter table players drop column recovery_hash',
  ]
}

/** Of what was opened before, nobody wrote down what the vendor was given. */
function sentAlong(): string[] {
  return ['alter table chains add column given text']
}

/** What has not been heard for long is found among open tickets alone, by how long ago something happened on them. */
function readers(): string[] {
  return [
    `create table readers (
      account text primary key, owner text not null, lease_until bigint not null, watched_until bigint not null,
      asked integer not null default 0, asked_until bigint not null default 0)`,
    `create table read_wishes (
      account text not null, ticket_id text not null, position integer not null, wished_at bigint not null,
      primary key (account, ticket_id, position))`,
    'alter table chains add column seen text',
    "create index tickets_open on tickets (game, updated_at, heard_at, created_at) where status <> 'closed'",
  ]
}

/** The sums that announcing looks at are read off indexes alone, and only of what waits. */
function waitingBytes(): string[] {
  return [
    'alter table attachments add column waiting_from text',
    'create index attachments_waiting on attachments (waiting_from, file_size) where waiting_from is not null',
    `create index attachments_waiting_by_game on attachments (game, waiting_from, file_size)
      where waiting_from is not null`,
    `create index attachments_coming on attachments (state, waiting_from, file_size)
      where state = 'uploading' and waiting_from is not null`,
  ]
}

/** Of what waits by now nobody knows whose it was: it counts as that of players who are known. */
function strangersBytes(): string[] {
  return [
    'alter table attachments add column from_stranger integer not null default 0',
    `create index attachments_of_strangers on attachments (game, from_stranger, file_size)
      where waiting_from is not null and from_stranger = 1`,
  ]
}
