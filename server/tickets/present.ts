/** Ledger rows → what the contract lets a player see. The routes' schemas drop anything else. */
import type { Attachment } from '../contract/attachment.ts'
import type { Can } from '../contract/can.ts'
import type { DeletionRequest, DeletionStepName } from '../contract/deletion.ts'
import type { MessageId } from '../contract/ids.ts'
import type { Message } from '../contract/message.ts'
import type { Ticket } from '../contract/ticket.ts'
import type { AttachmentRow } from '../store/attachments.ts'
import type { DeletionRow } from '../store/deletions.ts'
import type { MessageRow } from '../store/messages.ts'
import type { Ledger } from '../store/store.ts'
import { newestTextLength } from '../store/ticket-reading.ts'
import type { TicketSummary } from '../store/tickets.ts'

/** What a list needs to be told apart by; the whole text is one call away. */
const previewLength = newestTextLength - 1

export function presentTicket(row: TicketSummary, can: Can): Ticket {
  const isClosed = row.status === 'closed'
  return {
    id: row.id,
    number: row.number,
    subject: row.subject,
    status: row.status,
    language: row.language,
    category: row.category ?? undefined,
    createdAt: instant(row.created_at),
    updatedAt: instant(row.updated_at),
    unread: Number(row.unread ?? 0),
    lastMessage: newestOf(row),
    rating:
      row.rating_score === null ? undefined : { score: row.rating_score, comment: row.rating_comment ?? undefined },
    asOf: instant(row.heard_at),
    can: {
      reply: !isClosed && canBeRepliedTo(can),
      close: can.close && !isClosed,
      reopen: isClosed && canBeReopened(can),
      rate: can.rating !== false && isClosed && row.rating_score === null,
    },
  }
}

function newestOf(row: TicketSummary): Ticket['lastMessage'] {
  const { newest_author: author } = row
  if (author === null || author === 'system' || row.newest_text === null || row.newest_sent_at === null)
    return undefined
  return { author, text: preview(row.newest_text), sentAt: instant(row.newest_sent_at) }
}

/** Cut between characters, never inside one. */
function preview(text: string): string {
  // Of none does a character take less than one place, and of most not more.
  if (text.length <= previewLength) return text
  if (!/[\ud800-\udbff]/.test(text)) return `${text.slice(0, previewLength - 1)}…`
  // One more than the most that so many characters take, so that what is longer is seen to be.
  const characters = Array.from(text.slice(0, previewLength * 2 + 1))
  return characters.length <= previewLength ? text : `${characters.slice(0, previewLength - 1).join('')}…`
}

/** A follow-up is a new vendor ticket, which cannot be where none can be opened. */
export function canBeRepliedTo({ open, reply }: Can): boolean {
  return open || reply === 'thread'
}

/** As {@link canBeRepliedTo}: what is said after reopening may open a follow-up. */
export function canBeReopened({ open, reopen }: Can): boolean {
  return reopen === 'native' || (open && reopen === 'follow-up')
}

export function presentMessage(row: MessageRow, attachments: readonly AttachmentRow[]): Message {
  return {
    id: row.id,
    author: row.author,
    authorName: row.author_name ?? undefined,
    text: row.text,
    language: row.language ?? undefined,
    sentAt: instant(row.sent_at),
    attachments: attachments.filter((attachment) => attachment.message_id === row.id).map(presentAttachment),
    delivery: row.delivery,
    problem: row.problem_code === null ? undefined : { code: row.problem_code },
    event: row.event ?? undefined,
    by: row.event_by ?? undefined,
  }
}

export function presentAttachment(row: AttachmentRow): Attachment {
  return {
    id: row.id,
    fileName: row.file_name,
    fileType: row.file_type,
    fileSize: row.file_size,
    state: row.state,
    reason: row.reason ?? undefined,
  }
}

export function presentDeletion(row: DeletionRow): DeletionRequest {
  return {
    id: row.id,
    status: row.status,
    requestedAt: instant(row.requested_at),
    beginsAt: instant(row.begins_at),
    dueAt: instant(row.due_at),
    steps: stepsOf(row).map(({ name, at }) => ({ name, at: instant(at) })),
  }
}

export interface DeletionStep {
  name: DeletionStepName
  at: number
}

export function stepsOf(row: Pick<DeletionRow, 'steps'>): DeletionStep[] {
  return JSON.parse(row.steps)
}

/** The steps of a request and one more, as the ledger keeps them. */
export function withStep(row: Pick<DeletionRow, 'steps'>, name: DeletionStepName, at: Date): string {
  return JSON.stringify([...stepsOf(row), { name, at: at.getTime() }])
}

/** Messages with their files, in two reads whatever their number. */
export async function presentMessages(ledger: Ledger, rows: readonly MessageRow[]): Promise<Message[]> {
  const attachments = await ledger.attachments.of(rows.map((row): MessageId => row.id))
  return rows.map((row) => presentMessage(row, attachments))
}

const dayMs = 86_400_000
let newestDay = { day: Number.NaN, date: '' }

/** As `toISOString` writes it, which takes seven times as long: what is shown together is mostly of one day. */
export function instant(time: number): string {
  const day = Math.floor(time / dayMs)
  if (day !== newestDay.day) newestDay = { day, date: new Date(time).toISOString().slice(0, 11) }
  const ms = time - day * dayMs
  const seconds = Math.floor(ms / 1_000)
  const clock = `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return `${newestDay.date}${clock}.${String(ms - seconds * 1_000).padStart(3, '0')}Z`
}

const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))

function two(number: number): string {
  return twoDigits[number] ?? ''
}
