/** i3D.net's words into ours and back. Pure. */
import type { Rating, TicketStatus } from '../../contract/ticket.ts'
import type { SearchResult } from '../find.ts'
import { noteOf, type TagOf, withAgentNote, withoutAgentNote, withoutQuotedNotes } from '../text/agent-note.ts'
import { markedRating, ratingMarkOf } from '../text/rating-mark.ts'
import type {
  Opening,
  Replied,
  Reply,
  VendorAttachment,
  VendorConversation,
  VendorFileId,
  VendorMessage,
  VendorMessageId,
  VendorTicketRef,
} from '../vendor.ts'
import type { Carried } from './files.ts'
import { I3dAttachment, type I3dConfig, type I3dTicket, type ReplyFields } from './wire.ts'

/** The one length i3D.net names for a title, that of its contact form. */
const maxTitleLength = 250

/** Addresses and department are the studio's; nothing a player says steers where a ticket is mailed. */
export function newTicketOf(opening: Opening, config: I3dConfig, { ids, linked }: Carried, tagOf: TagOf) {
  const note = { ...noteOf(opening, { without: ['subject', 'answerTo'] }), files: linked }
  return {
    title: titleOf(opening),
    content: withAgentNote(opening.message, note, tagOf(opening.mark)),
    category: config.category,
    department: config.department,
    emailTo: config.emailTo,
    emailCc: config.emailCc ?? '',
    ...withIds(ids),
  }
}

/** Lists show a ticket's title and nothing of its content, so the mark it is found by stands there. */
function titleOf({ subject, mark }: Opening): string {
  const ending = ` ${markInTitle(mark)}`
  return `${subject.slice(0, maxTitleLength - ending.length).toWellFormed()}${ending}`
}

export function markInTitle(mark: string): string {
  return `[${mark}]`
}

export function newRatingOf(ref: VendorTicketRef, rating: Rating, tagOf: TagOf) {
  return { title: `Re: ${ref.number}`, content: markedRating(rating, ref, tagOf) }
}

export function newReplyOf({ number, message, mark, absent }: Reply, { ids, linked: files }: Carried, tagOf: TagOf) {
  const content = withAgentNote(message, { mark, files, absent }, tagOf(mark))
  return { title: `Re: ${number}`, content, ...withIds(ids) }
}

function withIds(attachmentIds: readonly number[]) {
  return attachmentIds.length > 0 ? { attachmentIds } : {}
}

/** `RANGED-DATA`, from whole numbers alone: what stands in a header must not be able to begin another. */
export function rangeOf(start: number, results: number): Record<string, string> {
  return { 'RANGED-DATA': `start=${Math.trunc(start)},results=${Math.trunc(results)}` }
}

/** Whichever side it counts for there: what is there need not be sent again. */
export function replyWithMark(rows: readonly unknown[], fields: ReplyFields, mark: string): SearchResult<Replied> {
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
  /** What does not fit, each once. */
  drifted: readonly string[]
  /** Rows came, and none of them says whose it is: then an empty conversation is no reading. */
  isUnplaced: boolean
}

export function conversationOf(
  ticket: I3dTicket,
  rows: readonly unknown[],
  { replyFields, statuses }: Pick<I3dConfig, 'replyFields' | 'statuses'>,
): ReadConversation {
  const ratingMark = ratingMarkOf(String(ticket.id))
  const placed = rows.map((row) => placeOf(row, replyFields))
  const replies = placed.flatMap(({ message }) => message ?? [])
  const opening = openingOf(ticket, replyFields).filter(({ mark }) => replies.every((reply) => reply.mark !== mark))
  const messages = [...opening, ...replies]
    .filter(({ mark }) => mark !== ratingMark)
    .toSorted((one, other) => one.sentAt.getTime() - other.sentAt.getTime())
  return {
    status: statusOf(ticket.status, messages, statuses.closed),
    updatedAt: dateOf(ticket.updatedAt),
    messages,
    hidden: placed.flatMap(({ hidden }) => hidden ?? []),
    drifted: [...new Set(placed.flatMap(({ drifted }) => drifted ?? []))],
    isUnplaced: rows.length > 0 && replies.length === 0 && opening.length === 0,
  }
}

/** The content a ticket was opened with, should it stand on the ticket itself and bear our mark: else it is not ours. */
function openingOf(ticket: I3dTicket, fields: ReplyFields): VendorMessage[] {
  const content = ticket[fields.text]
  const sentAt = dateOf(ticket[fields.sentAt]) ?? dateOf(ticket.createdAt)
  if (typeof content !== 'string' || !sentAt) return []
  const { text, mark } = withoutAgentNote(content)
  return mark === undefined ? [] : [{ author: 'player', text, mark, sentAt, attachments: [] }]
}

/** A reply shown, a reply hidden, or why it does not fit. */
interface Placed {
  message?: VendorMessage
  hidden?: string
  drifted?: string
}

function placeOf(row: unknown, fields: ReplyFields): Placed {
  const values = valuesOf(row)
  const sentAt = dateOf(values?.get(fields.sentAt))
  const text = values?.get(fields.text)
  if (!values || !sentAt || typeof text !== 'string') return { drifted: 'a reply' }
  const shared = { vendorMessageId: messageIdOf(values.get('id')), sentAt }
  const staff = values.get(fields.staff)
  if (staff === false) return { message: { ...shared, author: 'player', ...withoutAgentNote(text), attachments: [] } }
  if (staff === null) return { hidden: 'reply of neither side' }
  if (staff !== true) return { drifted: 'a reply without what replyFields.staff names' }
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

/** Words that turn those beside them round: `not solved`. */
const negations: readonly string[] = ['not', 'never', 'non', 'un']

/** By its whole words, whatever stands between them: `Force-closed` is closed, `Unresolved` and `Not solved` are not. */
export function isClosed(status: string, closedWords: readonly string[]): boolean {
  const words: readonly string[] = status.toLowerCase().match(/\p{L}+/gu) ?? []
  if (words.some((word) => negations.includes(word))) return false
  return closedWords.some((word) => words.includes(word.toLowerCase()))
}

function statusOf(status: string, messages: readonly VendorMessage[], closedWords: readonly string[]): TicketStatus {
  if (isClosed(status, closedWords)) return 'closed'
  return messages.at(-1)?.author === 'agent' ? 'answered' : 'open'
}

/** Unix seconds, as whole numbers, up to the year 9999. */
export function dateOf(seconds: unknown): Date | undefined {
  if (typeof seconds !== 'number' || !Number.isInteger(seconds)) return undefined
  return seconds > 0 && seconds < 253_402_300_800 ? new Date(seconds * 1000) : undefined
}
