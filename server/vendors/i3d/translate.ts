/** i3D.net's words into ours and back. Pure. */
import type { TicketStatus } from '../../contract/ticket.ts'
import { noteOf, withAgentNote, withoutAgentNote, withoutQuotedNotes } from '../agent-note.ts'
import type {
  Opened,
  Opening,
  Replied,
  Reply,
  VendorAttachment,
  VendorConversation,
  VendorFileId,
  VendorMessage,
  VendorMessageId,
  VendorTicketId,
} from '../vendor.ts'
import type { Carried } from './files.ts'
import { I3dAttachment, type I3dConfig, I3dRow, type I3dTicket, type ReplyFields } from './wire.ts'

/** The one length i3D.net names for a title, that of its contact form. */
const maxTitleLength = 250

/** Addresses and department are the studio's; nothing a player says steers where a ticket is mailed. */
export function newTicketOf(opening: Opening, config: I3dConfig, { ids, linked }: Carried) {
  return {
    title: titleOf(opening),
    content: withAgentNote(opening.message, {
      ...noteOf(opening, { without: ['subject', 'answerTo'] }),
      files: linked,
    }),
    category: config.category,
    department: config.department,
    emailTo: config.emailTo,
    emailCc: config.emailCc,
    ...withIds(ids),
  }
}

/** Lists show a ticket's title and nothing of its content, so the mark it is found by stands there. */
function titleOf({ subject, mark }: Opening): string {
  const ending = ` ${markInTitle(mark)}`
  return `${subject.slice(0, maxTitleLength - ending.length).toWellFormed()}${ending}`
}

function markInTitle(mark: string): string {
  return `[${mark}]`
}

export function newReplyOf({ number, message, mark, absent }: Reply, { ids, linked: files }: Carried) {
  return { title: `Re: ${number}`, content: withAgentNote(message, { mark, files, absent }), ...withIds(ids) }
}

function withIds(attachmentIds: readonly number[]) {
  return attachmentIds.length > 0 ? { attachmentIds } : {}
}

/** `RANGED-DATA`, from whole numbers alone: what stands in a header must not be able to begin another. */
export function rangeOf(start: number, results: number): Record<string, string> {
  return { 'RANGED-DATA': `start=${Math.trunc(start)},results=${Math.trunc(results)}` }
}

export interface Sought<T> {
  found: T | undefined
  /** A row could not be read, so that a missing `found` says nothing. */
  drifted: boolean
}

export function ticketWithMark(rows: readonly unknown[], mark: string): Sought<Opened> {
  const known = rows.map((row) => I3dRow.safeParse(row).data)
  const row = known.find((one) => one?.title.trimEnd().endsWith(markInTitle(mark)))
  return { found: row && { vendorTicketId: String(row.id) as VendorTicketId }, drifted: known.includes(undefined) }
}

/** Whichever side it counts for there: what is there need not be sent again. */
export function replyWithMark(rows: readonly unknown[], fields: ReplyFields, mark: string): Sought<Replied> {
  const known = rows.map((row) => valuesOf(row))
  const texts = known.map((values) => values?.get(fields.text))
  const index = texts.findIndex((text) => typeof text === 'string' && withoutAgentNote(text).mark === mark)
  return {
    found: index < 0 ? undefined : { vendorMessageId: messageIdOf(known[index]?.get('id')) },
    drifted: texts.some((text) => typeof text !== 'string'),
  }
}

/** The replies as they came, or undefined where the ticket has no list under the configured name. */
export function repliesOf(ticket: I3dTicket, fields: ReplyFields): readonly unknown[] | undefined {
  const rows = ticket[fields.list]
  return Array.isArray(rows) ? rows : undefined
}

export interface ReadConversation extends VendorConversation {
  hidden: readonly string[]
  drifted: number
}

export function conversationOf(ticket: I3dTicket, rows: readonly unknown[], fields: ReplyFields): ReadConversation {
  const placed = rows.map((row) => placeOf(row, fields))
  const replies = placed.flatMap(({ message }) => message ?? [])
  const messages = [...openingOf(ticket, fields), ...replies].toSorted(
    (one, other) => one.sentAt.getTime() - other.sentAt.getTime(),
  )
  return {
    status: statusOf(ticket.status, messages),
    updatedAt: dateOf(ticket.updatedAt),
    messages,
    hidden: placed.flatMap(({ hidden }) => hidden ?? []),
    drifted: placed.filter(({ message, hidden }) => !message && !hidden).length,
  }
}

/** The content a ticket was opened with, should it stand on the ticket itself and bear our mark: else it is not ours. */
function openingOf(ticket: I3dTicket, fields: ReplyFields): VendorMessage[] {
  const content = ticket[fields.text]
  const sentAt = dateOf(ticket[fields.sentAt])
  if (typeof content !== 'string' || !sentAt) return []
  const { text, mark } = withoutAgentNote(content)
  return mark === undefined ? [] : [{ author: 'player', text, mark, sentAt, attachments: [] }]
}

/** A reply shown, a reply hidden, or one that does not fit. */
interface Placed {
  message?: VendorMessage
  hidden?: string
}

function placeOf(row: unknown, fields: ReplyFields): Placed {
  const values = valuesOf(row)
  const sentAt = dateOf(values?.get(fields.sentAt))
  const text = values?.get(fields.text)
  if (!values || !sentAt || typeof text !== 'string') return {}
  const shared = { vendorMessageId: messageIdOf(values.get('id')), sentAt }
  const staff = values.get(fields.staff)
  if (staff === false) return { message: { ...shared, author: 'player', ...withoutAgentNote(text), attachments: [] } }
  if (staff !== true) return { hidden: 'reply of neither side' }
  const attachments = attachmentsOf(values.get(fields.attachments))
  return { message: { ...shared, author: 'agent', text: withoutQuotedNotes(text), attachments } }
}

/** A row under names that only the configuration knows. */
function valuesOf(row: unknown): ReadonlyMap<string, unknown> | undefined {
  return typeof row === 'object' && row !== null ? new Map(Object.entries(row)) : undefined
}

function messageIdOf(id: unknown): VendorMessageId | undefined {
  return Number.isInteger(id) ? (String(id) as VendorMessageId) : undefined
}

function attachmentsOf(rows: unknown): VendorAttachment[] {
  if (!Array.isArray(rows)) return []
  return rows.flatMap((row) => {
    const attachment = I3dAttachment.safeParse(row).data
    return attachment ? [attachmentOf(attachment)] : []
  })
}

function attachmentOf({ id, fileName, name, mimeType, size }: I3dAttachment): VendorAttachment {
  return {
    vendorFileId: String(id) as VendorFileId,
    fileName: fileName ?? name ?? `attachment-${id}`,
    fileType: mimeType ?? 'application/octet-stream',
    fileSize: size ?? 0,
  }
}

/** Which words i3D.net has for a status it does not say; all that end a ticket are read as its end. */
export function isClosed(status: string): boolean {
  return /closed|resolved|solved/i.test(status)
}

function statusOf(status: string, messages: readonly VendorMessage[]): TicketStatus {
  if (isClosed(status)) return 'closed'
  return messages.at(-1)?.author === 'agent' ? 'answered' : 'open'
}

/** Unix seconds, as whole numbers, up to the year 9999. */
function dateOf(seconds: unknown): Date | undefined {
  if (typeof seconds !== 'number' || !Number.isInteger(seconds)) return undefined
  return seconds > 0 && seconds < 253_402_300_800 ? new Date(seconds * 1000) : undefined
}
