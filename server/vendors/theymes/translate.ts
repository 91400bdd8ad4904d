/** Theymes ⇄ ours. Pure. */
import { languageOf } from '../../contract/language.ts'
import type { TicketStatus } from '../../contract/ticket.ts'
import { noteOf, type TagOf, withAgentNote, withoutAgentNote, withoutQuotedNotes } from '../text/agent-note.ts'
import type {
  Opening,
  VendorFile,
  VendorFileId,
  VendorMessage,
  VendorMessageId,
  VendorPlayer,
  VendorTicket,
  VendorTicketId,
} from '../vendor.ts'
import {
  closedStatuses,
  fileTypes,
  MessageEvent,
  maxFileBytes,
  TheymesEvent,
  type TheymesTicket,
  waitingStatus,
} from './wire.ts'

/** The tags and fields defined for the game; Theymes drops others without a word. `undefined`: it would not say. */
export interface Vocabulary {
  tags: ReadonlySet<string> | undefined
  fields: ReadonlySet<string> | undefined
}

/** The product knows New, Assigned, Unassigned, Waiting, On hold and Closed. An unknown one is with the studio. */
export function statusOf(status: string): TicketStatus {
  const word = status.toLowerCase().replaceAll(/[^a-z]/g, '')
  if (closedStatuses.includes(word)) return 'closed'
  return word.startsWith(waitingStatus) ? 'answered' : 'open'
}

/** True where the row is this player's, in this game. A filter the vendor ignored would otherwise show anybody's. */
export function isOwn(ticket: TheymesTicket, player: VendorPlayer, gameId: string): boolean {
  return ticket.playerId === player.id && isOfGame(ticket, gameId)
}

export function isOfGame(ticket: Pick<TheymesTicket, 'gameId'>, gameId: string): boolean {
  return ticket.gameId.toLowerCase() === gameId.toLowerCase()
}

const dayMs = 24 * 60 * 60 * 1000

/** As the date-only filter takes it; a day earlier, because the two clocks may disagree about the date. */
export function dayBefore(time: Date): string {
  return new Date(time.getTime() - dayMs).toISOString().slice(0, 10)
}

export function ticketOf(ticket: TheymesTicket, opening: ListedOpening): VendorTicket {
  return {
    vendorTicketId: ticket.id as VendorTicketId,
    ...opening,
    status: statusOf(ticket.status),
    language: languageOf(ticket.language ?? ''),
    createdAt: ticket.createdAt,
    updatedAt: ticket.lastActivityAt ?? ticket.createdAt,
  }
}

/** What a list shows of the message that a ticket was opened with. */
export type ListedOpening = Pick<VendorTicket, 'subject' | 'mark'>

/** Theymes has no titles: the first line the player wrote stands for one. */
export function openingOf(messages: readonly VendorMessage[]): ListedOpening {
  const first = messages.find((message) => message.author === 'player' && message.text !== '')
  return { subject: (first?.text.trim().split('\n')[0] ?? '').slice(0, 200), mark: first?.mark }
}

export interface Reading {
  messages: VendorMessage[]
  /** Kinds of what was left out. */
  hidden: string[]
  /** Public messages that do not fit, or what may be one: the field of each that does not. */
  broken: string[]
}

/** Only the player's and the agents' messages pass; notes, assignments and whatever else there may be do not. */
export function readEvents(rows: readonly unknown[], agentTypes: readonly string[], withFiles: boolean): Reading {
  const reading: Reading = { messages: [], hidden: [], broken: [] }
  for (const row of rows) readEvent(row, agentTypes, withFiles, reading)
  reading.messages.sort((one, other) => one.sentAt.getTime() - other.sentAt.getTime())
  return reading
}

function readEvent(row: unknown, agentTypes: readonly string[], withFiles: boolean, reading: Reading): void {
  const event = TheymesEvent.safeParse(row).data
  if (!event) return void reading.broken.push('events.*.type')
  const author = authorOf(event.type, agentTypes)
  if (!author) return void reading.hidden.push(kindOf(event.type))
  const parsed = MessageEvent.safeParse(event)
  if (!parsed.success) {
    reading.broken.push(`events.*.${String(parsed.error.issues[0]?.path[0])}`)
    return
  }
  const message = messageOf(parsed.data, author, withFiles)
  if (!withFiles && parsed.data.attachments?.length) reading.hidden.push('attachment')
  if (message.text === '' && message.attachments.length === 0) reading.hidden.push('message without text')
  else reading.messages.push(message)
}

function authorOf(type: string, agentTypes: readonly string[]): VendorMessage['author'] | undefined {
  if (type === 'PLAYER_MESSAGE') return 'player'
  return agentTypes.includes(type) ? 'agent' : undefined
}

/** Fit for a log and a metric's label, whatever the vendor puts there. */
function kindOf(type: string): string {
  return /^[A-Z][A-Z_]{0,40}$/.test(type) ? `event ${type}` : 'event of another type'
}

function messageOf(event: MessageEvent, author: VendorMessage['author'], withFiles: boolean): VendorMessage {
  const raw = event.message ?? ''
  const { text, mark } =
    author === 'player' ? withoutAgentNote(raw) : { text: withoutQuotedNotes(raw), mark: undefined }
  return {
    vendorMessageId: event.id as VendorMessageId,
    author,
    text,
    language: event.language ?? undefined,
    sentAt: event.createdAt,
    attachments: withFiles ? (event.attachments ?? []).map(attachmentOf) : [],
    mark,
  }
}

/** An event names its files by id alone. */
function attachmentOf({ id }: { id: string }, index: number) {
  return {
    vendorFileId: id as VendorFileId,
    fileName: `attachment-${index + 1}`,
    fileType: 'application/octet-stream',
    fileSize: 0,
  }
}

/** Whether Theymes takes this file; if not, the agent gets the relay's link. */
export function takesFile(file: VendorFile): boolean {
  return fileTypes.includes(file.fileType) && file.fileSize > 0 && file.fileSize <= maxFileBytes
}

/** An opening with what was prepared for it; its `files` are those that go as links. */
export interface Prepared {
  opening: Opening
  attachments: readonly string[]
  known: Vocabulary
}

/**
 * The body of `POST /tickets`. `opening.files` are those that are not among `attachments`. Tags, fields and player come from
 * what was signed or configured, never from a browser. The vendor's own duplicate check is always skipped: "what a duplicate
 * hit returns is undocumented", so that it could swallow a player's words.
 */
export function newTicketOf({ opening, attachments, known }: Prepared, gameId: string, tagOf: TagOf) {
  const { tags, fields } = metadataOf(opening)
  const note = {
    ...noteOf(opening, { without: ['language', 'playerId', 'playerName', 'playerEmail'] }),
    signed: unknownOf(opening.player.signed, known),
  }
  return {
    gameId,
    message: withAgentNote(opening.message, note, tagOf(opening.mark)),
    attachments,
    skipDuplicateCheck: true,
    language: opening.language,
    channels: ['email'],
    metadata: {
      tags: tags.filter((tag) => known.tags?.has(tag) ?? true),
      fields: Object.fromEntries(Object.entries(fields).filter(([key]) => known.fields?.has(key) ?? true)),
      player: playerOf(opening.player),
    },
  }
}

/** What was signed and configured, whether or not Theymes has a place for it. */
export function metadataOf({ player, category, purpose }: Opening) {
  const asked = purpose === 'deletion-request' ? ['deletion-request'] : []
  return {
    tags: [...new Set([...(player.signed.tags ?? []), ...(category?.tags ?? []), ...asked])],
    fields: player.signed.fields ?? {},
  }
}

/** "tier is 1..3" */
function isTier(tier: number | undefined): boolean {
  return tier === 1 || tier === 2 || tier === 3
}

/** A name or an address is only here when it was proved. */
function playerOf({ id, name, email, signed: { tier } }: VendorPlayer) {
  return {
    id,
    ...(name ? { name } : {}),
    ...(email?.includes('@') ? { email } : {}),
    ...(isTier(tier) ? { tier } : {}),
  }
}

/** The signed metadata that Theymes would drop. */
function unknownOf({ tier, tags, fields = {} }: Opening['player']['signed'], known: Vocabulary) {
  return {
    tier: isTier(tier) ? undefined : tier,
    tags: tags?.filter((tag) => known.tags?.has(tag) === false),
    fields: Object.fromEntries(Object.entries(fields).filter(([key]) => known.fields?.has(key) === false)),
  }
}
