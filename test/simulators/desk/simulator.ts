/** The built-in desk as the suite for all vendors wants to see it: what agents do and read, on the desk's own tables. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import { z } from 'zod'
import { createDeskLedger, type DeskTables, migrateDesk } from '../../../server/desk/ledger.ts'
import { openDatabase } from '../../../server/store/database.ts'
import { createDesk, type DeskFiles, deskId } from '../../../server/vendors/desk/desk.ts'
import type { VendorParts } from '../../../server/vendors/parts.ts'
import type { Started } from '../../server/vendors/suite/parts.ts'
import { type AgentFile, canary, type SeenTicket, type VendorSimulator } from '../simulator.ts'
import { createWorld } from '../world.ts'

const game = 'star-harbor'
const seenPlayers = `
  create table seen (player_id text primary key);
  create trigger note_player after insert on desk_tickets
    begin insert or ignore into seen values (new.player_id); end`

const Json = z.string().transform((text) => z.record(z.string(), z.unknown()).parse(JSON.parse(text)))
const TicketRow = z.looseObject({ id: z.string(), status: z.string(), signed: Json, claimed: Json, fields: Json })
const MessageRow = z.object({ author: z.string(), text: z.string(), mark: z.string().nullable() })
const FileRow = z.object({ id: z.string(), file_name: z.string(), file_type: z.string() })

export async function startDesk(parts: VendorParts): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'medkit-desk-'))
  const database = await openDatabase(`sqlite:${folder}/desk.db`)
  const db = database.db as unknown as Kysely<DeskTables>
  await migrateDesk(db)
  const rows = new DatabaseSync(join(folder, 'desk.db'), { timeout: 5_000 })
  rows.exec(seenPlayers)
  const { files, bytes } = keepInMemory()
  const vendor = createDesk(game, { clock: parts.clock, tagOf: parts.tagOf, ledger: createDeskLedger(db), files })

  const all = (query: string, ...values: string[]) => rows.prepare(query).all(...values)

  function say(ticketId: string, author: 'agent' | 'note', text: string, file?: AgentFile): void {
    const [message, now] = [deskId(), Date.now()]
    rows.exec('begin immediate')
    rows.prepare('update desk_tickets set message_count = message_count + 1 where id = ?').run(ticketId)
    rows
      .prepare(
        `insert into desk_messages
          select ?, id, message_count, ?, ?, ?, ?, null from desk_tickets where id = ?`,
      )
      .run(message, author, author === 'note' ? canary('desk-author') : 'Robin', text, now, ticketId)
    if (file) attach(ticketId, message, file)
    rows.exec('commit')
  }

  function attach(ticketId: string, messageId: string, file: AgentFile): void {
    const id = deskId<string>()
    bytes.set(id, file.bytes)
    rows
      .prepare('insert into desk_files values (?, ?, ?, ?, ?, ?)')
      .run(id, ticketId, messageId, file.fileName, file.fileType, file.bytes.byteLength)
  }

  function seen(): SeenTicket[] {
    return all('select * from desk_tickets order by rowid').map((row) => {
      const ticket = TicketRow.parse(row)
      const messages = all('select author, text, mark from desk_messages where ticket_id = ?', ticket.id)
      const attached = all('select id, file_name, file_type from desk_files where ticket_id = ?', ticket.id)
      return {
        vendorTicketId: ticket.id,
        closed: ticket.status === 'closed',
        lines: [...labelled(ticket), ...messages.map((one) => MessageRow.parse(one)).flatMap(linesOf)],
        files: attached
          .map((one) => FileRow.parse(one))
          .map(({ id, file_name, file_type }) => {
            return { fileName: file_name, fileType: file_type, bytes: bytes.get(id) ?? new Uint8Array() }
          }),
      }
    })
  }

  const nothing = () => undefined
  // It has no wire that anything could befall.
  const world = createWorld()
  const simulator: VendorSimulator = {
    url: '',
    world,
    pass: world.pass,
    received: [],
    violations: [],
    answered: [],
    misbehave: nothing,
    behave: nothing,
    mutate: nothing,
    hold: () => ({ count: () => 0, release: nothing }),
    config: { kind: 'desk', token: 'a token of the desk' },
    calls: { open: '', reply: '', lists: [] },
    tickets: seen,
    agentAnswers: (id, text, file) => say(id, 'agent', text, file),
    agentNotes: (id, text) => say(id, 'note', text),
    agentCloses: (id) => void rows.prepare("update desk_tickets set status = 'closed' where id = ?").run(id),
    forgotten: () =>
      all('select player_id from seen where player_id not in (select player_id from desk_tickets)').map((row) =>
        String(row.player_id),
      ),
    close: async () => {
      rows.close()
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return { vendor, simulator }
}

/** A ticket's fields as the desk's page labels them. */
function labelled({ signed, claimed, fields, ...ticket }: z.output<typeof TicketRow>): string[] {
  const line =
    (label: string) =>
    ([name, value]: [string, unknown]) =>
      `${label}${name}: ${JSON.stringify(value)}`
  return [
    ...Object.entries(ticket).map(line('')),
    ...Object.entries(signed).map(line('[signed] ')),
    ...Object.entries(claimed).map(line('[claimed] ')),
    ...Object.entries(fields).map(line('[typed by the player] ')),
  ]
}

function linesOf({ text, mark }: z.output<typeof MessageRow>): string[] {
  return [...text.split('\n'), `mark: ${mark}`]
}

function keepInMemory(): { files: DeskFiles; bytes: Map<string, Uint8Array> } {
  const bytes = new Map<string, Uint8Array>()
  const files: DeskFiles = {
    write: async (id, body) => bytes.set(id, await new Response(body).bytes()),
    read: async (id) => {
      const kept = bytes.get(id)
      return kept && { body: new Blob([Uint8Array.from(kept)]).stream(), size: kept.byteLength }
    },
    remove: async (id) => void bytes.delete(id),
  }
  return { files, bytes }
}
