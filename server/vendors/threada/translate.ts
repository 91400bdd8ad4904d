/** Threada's words into ours and back. Pure. */
import type { Rating, TicketStatus } from '../../contract/ticket.ts'
import type { SearchResult } from '../find.ts'
import { noteOf, type TagOf, withAgentNote, withoutAgentNote, withoutQuotedNotes } from '../text/agent-note.ts'
import { markedRating, ratingMarkOf } from '../text/rating-mark.ts'
import type {
  Opening,
  Replied,
  Reply,
  VendorConversation,
  VendorMessage,
  VendorMessageId,
  VendorPlayer,
  VendorTicketRef,
} from '../vendor.ts'
import { playerRole, type ReadTicket, type ThreadaConfig, ThreadaMessage } from './wire.ts'

const maxTags = 10
/** Longer than any mark's; a longer signed tag stands in the note all the same. */
const maxTagLength = 80

/** Priority, channel and role are the sample's and fixed: none of them is the player's to choose. */
export function newTicketOf(opening: Opening, answers: 'thread' | 'email', tagOf: TagOf) {
  const note = noteOf(opening, { without: ['subject'] })
  return {
    subject: opening.subject,
    priority: 'normal',
    channel: 'email',
    contact: contactOf(opening, answers),
    tags: tagsOf(opening),
    // The language is repeated from its tag, where agents may not look.
    initial_message: messageWith(opening.mark, withAgentNote(opening.message, note, tagOf(opening.mark))),
  }
}

export function newMessageOf({ mark, message, files, absent }: Reply, tagOf: TagOf) {
  return messageWith(mark, withAgentNote(message, { mark, files, absent }, tagOf(mark)))
}

export function newRatingOf(ref: VendorTicketRef, rating: Rating, tagOf: TagOf) {
  return messageWith(ratingMarkOf(ref.vendorTicketId), markedRating(rating, ref, tagOf))
}

function messageWith(mark: string, content: string) {
  return { role: playerRole, content, external_message_id: mark }
}

/**
 * Threada mails answers to the contact. Where the player reads them here, a typed address is not used at all: a proved one
 * is, or one behind which there is nobody.
 */
function contactOf({ player, number, answerTo }: Opening, answers: 'thread' | 'email') {
  const typed = answers === 'email' ? answerTo : undefined
  return { name: player.name ?? number, email: typed ?? player.email ?? aliasOf(player) }
}

function aliasOf(player: VendorPlayer): string {
  return `${player.pseudonym}@players.medkit.invalid`
}

/** The mark first, by which a ticket is found again; then what steers the studio's own rules. Nothing merely claimed. */
function tagsOf({ mark, language, purpose, category, player }: Opening): string[] {
  const purposes = purpose === 'ticket' ? [] : [purpose]
  const tags = [
    markTagOf(mark),
    `lang:${language}`,
    ...purposes,
    ...(category?.tags ?? []),
    ...(player.signed.tags ?? []),
  ]
  return [...new Set(tags.filter((tag) => tag.length <= maxTagLength))].slice(0, maxTags)
}

const markPrefix = 'medkit:'

export function markTagOf(mark: string): string {
  return `${markPrefix}${mark}`
}

/** Whether or not its player may see it: what is there need not be sent again. */
export function messageWithMark({ ticket }: ReadTicket, mark: string): SearchResult<Replied> {
  const known = ticket.messages.map((row) => ThreadaMessage.safeParse(row).data)
  const message = known.find((one) => one && markOf(one) === mark)
  return { found: message && { vendorMessageId: messageIdOf(message) }, drifted: known.includes(undefined) }
}

function markOf({ external_message_id, content }: ThreadaMessage): string | undefined {
  return external_message_id ?? withoutAgentNote(content).mark
}

function messageIdOf({ message_id }: ThreadaMessage): VendorMessageId | undefined {
  return (message_id ?? undefined) as VendorMessageId | undefined
}

export interface ReadConversation extends VendorConversation {
  /** Roles on no list are not written out: only that there was one. */
  hidden: number
  drifted: number
}

/** What the player may see of a ticket. Roles on neither list are left out and counted; a rating is no message. */
export function conversationOf({ ticket }: ReadTicket, { agentRoles, statuses }: ThreadaConfig): ReadConversation {
  const ratingMark = ratingMarkOf(ticket.summary.ticket_id)
  const parsed = ticket.messages.map((row) => placeOf(row))
  const known = parsed.flatMap((message) => message ?? [])
  const shown = known.flatMap(({ message, sentAt }) => shownOf(message, sentAt, agentRoles) ?? [])
  const messages = shown
    .filter(({ mark }) => mark !== ratingMark)
    .toSorted((one, other) => one.sentAt.getTime() - other.sentAt.getTime())
  return {
    status: statusOf(ticket.summary.status, messages, statuses.closed),
    updatedAt: dateOf(ticket.summary.last_message_at),
    messages,
    hidden: known.length - shown.length,
    drifted: parsed.length - known.length,
  }
}

function placeOf(row: unknown): { message: ThreadaMessage; sentAt: Date } | undefined {
  const message = ThreadaMessage.safeParse(row).data
  const sentAt = dateOf(message?.created_at)
  return message && sentAt && { message, sentAt }
}

function shownOf(message: ThreadaMessage, sentAt: Date, agentRoles: readonly string[]): VendorMessage | undefined {
  const shared = { vendorMessageId: messageIdOf(message), sentAt, attachments: [] }
  if (message.role === playerRole) {
    const { text } = withoutAgentNote(message.content)
    return { ...shared, author: 'player', text, mark: markOf(message) }
  }
  if (!agentRoles.includes(message.role)) return undefined
  return { ...shared, author: 'agent', text: withoutQuotedNotes(message.content) }
}

/** Whose turn it is follows from who spoke last. */
function statusOf(status: string, messages: readonly VendorMessage[], closed: readonly string[]): TicketStatus {
  if (isClosed(status, closed)) return 'closed'
  return messages.at(-1)?.author === 'agent' ? 'answered' : 'open'
}

export function isClosed(status: string, closed: readonly string[]): boolean {
  return closed.some((word) => word.toLowerCase() === status.toLowerCase())
}

export function dateOf(text: string | null | undefined): Date | undefined {
  const date = new Date(text ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date
}
