/** Thena's words into ours and back. Pure. */
import type { Rating, TicketStatus } from '../../contract/ticket.ts'
import { isOlder, type SearchResult } from '../find.ts'
import { guarded, noteOf, type TagOf, withAgentNote, withoutAgentNote, withoutQuotedNotes } from '../text/agent-note.ts'
import { ratingNote } from '../text/rating-note.ts'
import {
  type Opening,
  type Replied,
  type Reply,
  VendorError,
  type VendorMessage,
  type VendorMessageId,
  type VendorPlayer,
  type VendorTicketId,
  type VendorTicketRef,
} from '../vendor.ts'
import { MarkedComment, ThenaComment, type ThenaConfig, type ThenaTicket } from './wire.ts'

/** Where our mark stands in a ticket's and a comment's metadata. */
const markKey = 'medkitMark'

/**
 * The requester Thena knows a player by: made by the relay, keyed and unguessable, so that it proves whose a ticket is.
 * Never the address a player typed, for anyone may type anyone's; `.invalid` so that no mail of Thena's goes anywhere.
 *
 * @throws VendorError `refused` for a pseudonym that is not hex: it also goes into a query language
 */
function requesterOf(player: VendorPlayer): string {
  if (!/^[0-9a-f]{32}$/.test(player.pseudonym)) throw new VendorError('refused', 'Thena: the player has no pseudonym')
  return `${player.pseudonym}@players.medkit.invalid`
}

export function isRequester(email: string | null | undefined, player: VendorPlayer): boolean {
  return email?.toLowerCase() === requesterOf(player)
}

/** The search for a player's newest tickets. Typesense's language, so nothing but the relay's own hex goes in. */
export function searchOf(player: VendorPlayer) {
  return {
    q: '*',
    query_by: 'title',
    filter_by: `requestorEmail:=${requesterOf(player)}`,
    sort_by: 'createdAt:desc',
    per_page: searchPageSize,
    page: 1,
  }
}

/** The search for everybody's newest tickets, a page of it. */
export function searchOfAll(page: number) {
  return { q: '*', query_by: 'title', sort_by: 'createdAt:desc', per_page: mostOfOnePage, page }
}

/** "per_page … capped at 250" */
const mostOfOnePage = 250

/** Thena caps a page at 250. */
const searchPageSize = 50

/** @throws VendorError `missing` for an id that Thena could not have made: it goes into a query language */
export function searchByIdOf(player: VendorPlayer, ticketId: VendorTicketId) {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(ticketId)) throw new VendorError('missing', 'thena: not an id of its tickets')
  const query = searchOf(player)
  return { ...query, filter_by: `${query.filter_by} && id:=${ticketId}` }
}

/**
 * The message goes as the customer's first comment, so that it is part of the conversation and has an id. The description
 * repeats it with what the agent should know below, for Thena shows agents the description first.
 */
export function newTicketOf(
  opening: Opening,
  { teamId, categories }: Pick<ThenaConfig, 'teamId' | 'categories'>,
  tagOf: TagOf,
) {
  const note = noteOf(opening, { without: ['mark', 'subject', 'answerTo'] })
  return {
    title: opening.subject,
    requestorEmail: requesterOf(opening.player),
    teamId,
    description: withAgentNote(opening.message, note, tagOf(opening.mark)),
    metadata: metadataOf(opening),
    commentContent: guarded(opening.message),
    commentMetadata: { [markKey]: opening.mark },
    deDuplicationKey: opening.mark,
    ...(opening.category ? categories[opening.category.id] : {}),
    ...(opening.files.length > 0 ? { attachmentUrls: opening.files.map((file) => file.link) } : {}),
  }
}

/** For the studio's own rules and reports. Signed and claimed stay apart. */
function metadataOf({ mark, number, language, category, player, fields, claimed, follows, purpose }: Opening) {
  // A chat of Zaia's says nothing here.
  const { chatId: _, ...signed } = player.signed
  return {
    [markKey]: mark,
    number,
    language,
    purpose,
    playerId: player.id,
    playerKind: player.kind,
    ...(category ? { category: category.id, tags: category.tags } : {}),
    ...(follows ? { follows } : {}),
    signed,
    fields,
    claimed,
  }
}

/** Public, and in the name of the player's own contact. Thena mails nobody: there is nobody behind the address. */
export function newCommentOf(reply: Reply, tagOf: TagOf) {
  return {
    content: contentOf(reply, tagOf),
    commentVisibility: 'public',
    commentType: 'comment',
    customerEmail: requesterOf(reply.player),
    metadata: { [markKey]: reply.mark },
    shouldSendEmail: false,
    deDuplicationKey: reply.mark,
  }
}

function contentOf({ mark, message, files, absent = [] }: Reply, tagOf: TagOf): string {
  if (files.length + absent.length === 0) return guarded(message)
  return withAgentNote(message, { files, absent }, tagOf(mark))
}

/** For agents alone; the mark, the same each time, finds it again. */
export function ratingCommentOf(ref: VendorTicketRef, rating: Rating) {
  const mark = ratingMarkOf(ref)
  return {
    content: ratingNote(rating, ref.number),
    commentVisibility: 'private',
    commentType: 'note',
    metadata: { [markKey]: mark },
    shouldSendEmail: false,
    deDuplicationKey: mark,
  }
}

/** A ticket is rated once. */
export function ratingMarkOf({ vendorTicketId }: VendorTicketRef): string {
  return `rating-${vendorTicketId}`
}

export interface ReadComments {
  /** Oldest first. */
  messages: VendorMessage[]
  /** What was kept from the player, by kind. */
  hidden: string[]
  /** How many rows did not fit. */
  drifted: number
}

/** Sorts a ticket's comments into what its player may see and what not. One that drifted does not hide the others. */
export function readComments(rows: readonly unknown[], player: VendorPlayer): ReadComments {
  const read: ReadComments = { messages: [], hidden: [], drifted: 0 }
  for (const row of rows) placeComment(row, player, read)
  // A comment written between two pages moves another into both.
  const messages = [...new Map(read.messages.map((message) => [message.vendorMessageId, message])).values()]
  messages.sort((one, other) => one.sentAt.getTime() - other.sentAt.getTime())
  return { ...read, messages }
}

function placeComment(row: unknown, player: VendorPlayer, into: ReadComments): void {
  const comment = ThenaComment.safeParse(row).data
  if (!comment) {
    into.drifted += 1
    return
  }
  if (comment.deletedAt != null) return
  const reason = hiddenBecause(comment, player)
  if (reason) into.hidden.push(reason)
  else into.messages.push(messageOf(comment, player))
  if (!reason && comment.attachments?.length) into.hidden.push('attachment')
}

/** The comment that carries our mark, whether or not its player may see it: what is there need not be sent again. */
export function commentWithMark(rows: readonly unknown[], mark: string): SearchResult<Replied> {
  const known = rows.map((row) => MarkedComment.safeParse(row).data)
  const comment = known.find((one) => markOf(one?.metadata) === mark)
  const found = comment && { vendorMessageId: comment.id as VendorMessageId }
  return { found, drifted: known.includes(undefined) }
}

/**
 * The same of a reply. Every comment in the name of the player's contact is the relay's and was given a mark, so one that
 * comes without may be any of them that is as new.
 */
export function commentOfReply(
  rows: readonly unknown[],
  reply: Pick<Reply, 'mark' | 'player' | 'sentAt'>,
): SearchResult<Replied> {
  const { found, drifted } = commentWithMark(rows, reply.mark)
  return { found, drifted: drifted || rows.some((row) => hasLostItsMark(row, reply)) }
}

function hasLostItsMark(row: unknown, { player, sentAt }: Pick<Reply, 'player' | 'sentAt'>): boolean {
  const comment = MarkedComment.safeParse(row).data
  if (!comment || markOf(comment.metadata) !== undefined) return false
  const at = comment.createdAt === undefined ? undefined : new Date(comment.createdAt)
  return isRequester(comment.customerContactEmail, player) && !isOlder(at, { sentAt })
}

/** Thena's list holds private notes and internal threads too: what is not plainly public is not shown. */
function hiddenBecause(comment: ThenaComment, player: VendorPlayer): string | undefined {
  if (comment.commentVisibility === 'private') return 'private comment'
  if (comment.commentVisibility !== 'public') return 'comment of unknown visibility'
  if (comment.threadName) return 'comment of an internal thread'
  if (comment.commentType === 'note') return 'note'
  if (!comment.content?.trim()) return 'comment without text'
  const contact = comment.customerContactEmail
  return contact && !isRequester(contact, player) ? 'comment of another contact' : undefined
}

function messageOf(comment: ThenaComment, player: VendorPlayer): VendorMessage {
  const sentAt = new Date(comment.createdAt)
  const mark = markOf(comment.metadata)
  const shared = { vendorMessageId: comment.id as VendorMessageId, sentAt, attachments: [], mark }
  const content = comment.content ?? ''
  if (mark !== undefined || isRequester(comment.customerContactEmail, player)) {
    return { ...shared, author: 'player', text: withoutAgentNote(content).text }
  }
  return { ...shared, author: 'agent', text: withoutQuotedNotes(content), authorName: nameOf(comment) }
}

/** The name the agent shows to customers; a name with an `@` is an address. */
function nameOf({ impersonatedUserName, author }: ThenaComment): string | undefined {
  const name = (impersonatedUserName || author)?.trim()
  return name && !name.includes('@') ? name : undefined
}

/** Whose turn it is follows from who spoke last: Thena's own names for it are the studio's to change. */
export function statusOf(isClosed: boolean, messages: readonly VendorMessage[]): TicketStatus {
  if (isClosed) return 'closed'
  return messages.at(-1)?.author === 'agent' ? 'answered' : 'open'
}

export function updatedAtOf({ updatedAt }: ThenaTicket): Date | undefined {
  return updatedAt ? new Date(updatedAt) : undefined
}

/** Our mark out of metadata: an object on tickets and comments, a JSON string in the search index. */
export function markOf(metadata: unknown): string | undefined {
  const value = typeof metadata === 'string' ? parsed(metadata) : metadata
  if (typeof value !== 'object' || value === null) return undefined
  const mark = Object.entries(value).find(([key]) => key === markKey)?.[1]
  return typeof mark === 'string' ? mark : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
