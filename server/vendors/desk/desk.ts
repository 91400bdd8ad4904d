/**
 * The built-in desk: a helpdesk of its own behind the same interface as the others, for small studios, the demo and
 * tests. Agents work at its pages; the relay sees it only through `Vendor`.
 */
import { randomBytes } from 'node:crypto'
import type { Can } from '../../contract/can.ts'
import type { DeskFile, DeskLedger, DeskMessage, DeskTicket } from '../../desk/ledger.ts'
import type { Clock } from '../../runtime/clock.ts'
import { guarded, type TagOf, withAgentNote } from '../text/agent-note.ts'
import {
  type Opening,
  type Reply,
  type Vendor,
  VendorError,
  type VendorFile,
  type VendorFileId,
  type VendorMessageId,
  type VendorTicketId,
  type VendorTicketRef,
} from '../vendor.ts'
import { hintOf } from './hook.ts'
import { publicMessages } from './translate.ts'

/** Where the desk keeps the bytes of what players and agents attach. */
export interface DeskFiles {
  write: (
    id: string,
    body: ReadableStream<Uint8Array>,
    options: { maxBytes: number; signal?: AbortSignal },
  ) => Promise<unknown>
  read: (id: string) => Promise<{ body: ReadableStream<Uint8Array>; size: number } | undefined>
  remove: (id: string) => Promise<void>
}

export interface DeskParts {
  clock: Clock
  tagOf: TagOf
  ledger: DeskLedger
  files: DeskFiles
}

const deskCan: Can = {
  open: true,
  reply: 'thread',
  reopen: 'native',
  close: true,
  answers: 'thread',
  attachments: {
    types: [
      'image/png',
      'image/jpeg',
      'image/gif',
      'image/webp',
      'image/heic',
      'video/mp4',
      'video/quicktime',
      'video/webm',
      'application/pdf',
      'text/plain',
      'application/zip',
    ],
    maxBytes: 209_715_200,
    maxCount: 5,
  },
  history: 'relay',
  deletion: 'vendor',
  rating: 'native',
  push: 'hook',
}

/** The desk of one game. */
export function createDesk(game: string, { clock, tagOf, ledger, files }: DeskParts): Vendor {
  async function ticketOf({ vendorTicketId, player }: VendorTicketRef): Promise<DeskTicket> {
    const ticket = await ledger.find(game, vendorTicketId)
    if (!ticket || ticket.pseudonym !== player.pseudonym) throw new VendorError('missing', 'desk: no such ticket')
    return ticket
  }

  return {
    kind: 'desk',
    can: deskCan,
    once: { open: 'vendor', reply: 'vendor' },
    needsNoHook: true,

    async open(opening, signal) {
      const known = await ledger.findByMark(game, opening.mark)
      if (known) return { vendorTicketId: known.id }
      const id = deskId<VendorTicketId>()
      const message = messageFrom(id, opening, tagOf)
      const rows = await keep(files, opening.files, message, signal)
      await ledger.open(ticketFrom(id, game, opening), message, rows)
      return { vendorTicketId: id, vendorMessageId: message.id }
    },

    async reply(reply, signal) {
      const ticket = await ticketOf(reply)
      const known = await ledger.findMessage(ticket.id, reply.mark)
      if (known) return { vendorMessageId: known.id }
      const message = messageFrom(ticket.id, reply, tagOf)
      const rows = await keep(files, reply.files, message, signal)
      await ledger.say(message, rows, { status: 'open', changed_at: clock.now().getTime() })
      return { vendorMessageId: message.id }
    },

    async close(ref) {
      await ledger.setStatus((await ticketOf(ref)).id, 'closed', clock.now())
    },

    async reopen(ref) {
      const ticket = await ticketOf(ref)
      if (ticket.status === 'closed') await ledger.setStatus(ticket.id, 'open', clock.now())
    },

    async rate(ref, rating) {
      await ledger.setRating((await ticketOf(ref)).id, JSON.stringify(rating))
    },

    async read(ref) {
      const ticket = await ticketOf(ref)
      const [messages, attached] = await Promise.all([ledger.messages(ticket.id), ledger.files(ticket.id)])
      return {
        status: ticket.status,
        updatedAt: new Date(ticket.changed_at),
        messages: publicMessages(messages, attached),
      }
    },

    async download(ref, file) {
      const ticket = await ticketOf(ref)
      const row = await ledger.findFile(file.vendorFileId)
      const kept = row?.ticket_id === ticket.id ? await files.read(row.id) : undefined
      if (!row || !kept) throw new VendorError('missing', 'desk: no such file')
      return { body: kept.body, fileType: row.file_type, fileSize: kept.size }
    },

    async forget(player) {
      const tickets = await ledger.ofPlayer(game, player.pseudonym)
      if (tickets.length === 0) return
      const ids = tickets.map((ticket) => ticket.id)
      // The bytes first: as long as a row names them, the next try finds what this one left.
      for (const id of await ledger.filesOf(ids)) await files.remove(id)
      for (const id of await ledger.forget(ids)) await files.remove(id)
    },

    receive: hintOf,
  }
}

/** 22 characters, as the keep of the relay names its files. */
export function deskId<T extends string>(): T {
  return randomBytes(16).toString('base64url') as T
}

/** Copies the bytes to the desk, since the relay's own copy goes when its retention ends. */
async function keep(
  files: DeskFiles,
  sent: readonly VendorFile[],
  message: Omit<DeskMessage, 'position'>,
  signal: AbortSignal,
): Promise<DeskFile[]> {
  const rows: DeskFile[] = []
  for (const file of sent) {
    const id = deskId<VendorFileId>()
    await files.write(id, await file.read(), { maxBytes: file.fileSize, signal })
    const { fileName: file_name, fileType: file_type, fileSize: file_size } = file
    rows.push({ id, ticket_id: message.ticket_id, message_id: message.id, file_name, file_type, file_size })
  }
  return rows
}

function messageFrom(ticketId: VendorTicketId, said: Opening | Reply, tagOf: TagOf): Omit<DeskMessage, 'position'> {
  return {
    id: deskId<VendorMessageId>(),
    ticket_id: ticketId,
    author: 'player',
    author_name: said.player.name ?? null,
    text: textFrom(said, tagOf),
    sent_at: said.sentAt.getTime(),
    mark: said.mark,
  }
}

/** The desk takes every file as it is; only of one that did not come along there is something to say. */
function textFrom({ mark, message, absent = [] }: Opening | Reply, tagOf: TagOf): string {
  return absent.length > 0 ? withAgentNote(message, { absent }, tagOf(mark)) : guarded(message)
}

function ticketFrom(id: VendorTicketId, game: string, opening: Opening): DeskTicket {
  const { player } = opening
  // A chat of Zaia's says nothing here.
  const { chatId: _, ...signed } = player.signed
  return {
    id,
    game,
    mark: opening.mark,
    number: opening.number,
    subject: opening.subject,
    status: 'open',
    language: opening.language,
    category: opening.category?.id ?? null,
    player_id: player.id,
    player_kind: player.kind,
    player_name: player.name ?? null,
    player_email: player.email ?? null,
    pseudonym: player.pseudonym,
    signed: JSON.stringify(signed),
    claimed: JSON.stringify(opening.claimed),
    fields: JSON.stringify(opening.fields),
    purpose: opening.purpose,
    follows: opening.follows ?? null,
    rating: null,
    message_count: 1,
    opened_at: opening.sentAt.getTime(),
    changed_at: opening.sentAt.getTime(),
  }
}
