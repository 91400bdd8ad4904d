/** Players' tickets in Thena. Its key sees the whole team, so every call begins by asking whose the ticket is. */
import type { Can } from '../../contract/can.ts'
import type { Rating } from '../../contract/ticket.ts'
import { cannotTellOf, ofSeenTicket, type SearchResult, unlessRefused } from '../find.ts'
import { splitPath } from '../http/address.ts'
import { createVendorHttp } from '../http/http.ts'
import { linkedAttachments, type VendorParts } from '../parts.ts'
import { isSettling, notShownYet } from '../settle.ts'
import {
  type Opened,
  type Opening,
  type Replied,
  type Reply,
  type Vendor,
  VendorError,
  type VendorMessageId,
  type VendorTicketId,
  type VendorTicketRef,
} from '../vendor.ts'
import { createChanges } from './changes.ts'
import { createFind } from './find.ts'
import { receiveEvent } from './hook.ts'
import { createStatusCache, statusBookOf } from './statuses.ts'
import {
  commentOfReply,
  commentWithMark,
  newCommentOf,
  newTicketOf,
  ratingCommentOf,
  ratingMarkOf,
  readComments,
  statusOf,
  updatedAtOf,
} from './translate.ts'
import { Comments, OneComment, OpenedTicket, Statuses, type ThenaConfig, UpdatedTicket } from './wire.ts'

const kind = 'thena'

/**
 * Deletion is a request: Thena's own call hides the contact and leaves its tickets. Agents' files stay with Thena, for
 * nobody publishes how to fetch one. History is the relay's: what was opened elsewhere Thena knows by an address alone, and
 * whoever wrote from there need not have proved that it was theirs.
 */
const can: Can = {
  open: true,
  reply: 'thread',
  reopen: 'native',
  close: true,
  answers: 'thread',
  attachments: linkedAttachments,
  history: 'relay',
  deletion: 'request',
  rating: 'note',
  push: 'hook',
}

/** Thena's own page size where none is asked for, so a shorter page is the last whatever its cap may be. */
const leastPageSize = 10
const commentPageSize = 50
const maxCommentPages = 20

/** A ticket's comments, as they came. */
interface CommentRows {
  rows: unknown[]
  /** False where there are more than are read. */
  isWhole: boolean
}

export function createThena(config: ThenaConfig, parts: VendorParts): Vendor {
  const onDrift = (what: string) => parts.onDrift(kind, what)
  const http = createVendorHttp({
    vendor: kind,
    baseUrl: config.baseUrl,
    headers: { 'x-api-key': config.apiKey },
    secrets: [config.apiKey],
    clock: parts.clock,
    onDrift,
    ...parts.http,
  })
  const { paths, teamId } = config
  const cannotTell = cannotTellOf(kind, parts)
  const lookup = createFind({ http, config, clock: parts.clock, onDrift })
  const shelf = createStatusCache(async (signal) => {
    const { data } = await http.call({ ...splitPath(paths.statuses), query: { teamId }, schema: Statuses, signal })
    return statusBookOf(data)
  }, parts.clock)

  async function open(opening: Opening, signal: AbortSignal): Promise<Opened> {
    const json = newTicketOf(opening, config, parts.tagOf)
    try {
      const { data } = await http.call({ method: 'POST', path: '/v1/tickets', json, schema: OpenedTicket, signal })
      const vendorMessageId = data.comment?.id as VendorMessageId | undefined
      return { vendorTicketId: data.id as VendorTicketId, vendorMessageId }
    } catch (error) {
      const vendorTicketId = await repeated(error, opening, () => lookup.findByMark(opening, signal))
      return { vendorTicketId }
    }
  }

  async function commentsOf({ vendorTicketId }: VendorTicketRef, signal: AbortSignal): Promise<CommentRows> {
    const rows: unknown[] = []
    for (let page = 0; page < maxCommentPages; page += 1) {
      const query = { entityType: 'ticket', entityId: vendorTicketId, page, limit: commentPageSize }
      const call = http.call({ ...splitPath(paths.comments), query, schema: Comments, signal })
      const { data } = await ofSeenTicket(call, paths.comments, cannotTell)
      rows.push(...data)
      if (data.length < leastPageSize) return { rows, isWhole: true }
    }
    onDrift('a ticket with more comments than are read')
    return { rows, isWhole: false }
  }

  async function reply(message: Reply, signal: AbortSignal): Promise<Replied> {
    await lookup.ownTicket(message, signal)
    const params = { ticketId: message.vendorTicketId }
    const json = newCommentOf(message, parts.tagOf)
    try {
      const { data } = await http.call({ ...splitPath(paths.comment), params, json, schema: OneComment, signal })
      return { vendorMessageId: data.id as VendorMessageId }
    } catch (error) {
      return repeated(error, message, () => findReplied(message, signal))
    }
  }

  async function findReplied(message: Reply, signal: AbortSignal): Promise<Replied | undefined> {
    await lookup.ownTicket(message, signal)
    const comments = await commentsOf(message, signal)
    return foundAmong(comments, commentOfReply(comments.rows, message))
  }

  /** @throws VendorError `unexpected` where a comment was not read: to say "not there" would send it twice */
  function foundAmong({ isWhole }: CommentRows, { found, drifted }: SearchResult<Replied>): Replied | undefined {
    return !found && (drifted || !isWhole) ? cannotTell('a comment') : found
  }

  /** There is no call for it: an agent reads it among the ticket's notes. */
  async function rate(ref: VendorTicketRef, rating: Rating, signal: AbortSignal): Promise<void> {
    await lookup.ownTicket(ref, signal)
    const comments = await commentsOf(ref, signal)
    if (foundAmong(comments, commentWithMark(comments.rows, ratingMarkOf(ref)))) return
    const params = { ticketId: ref.vendorTicketId }
    const json = ratingCommentOf(ref, rating)
    await http.call({ ...splitPath(paths.comment), params, json, schema: OneComment, signal })
  }

  /** Sets a ticket's status, unless it is as wished already. */
  async function setStatus(ref: VendorTicketRef, wish: 'open' | 'closed', signal: AbortSignal): Promise<void> {
    const ticket = await lookup.ownTicket(ref, signal)
    if ((await shelf.isClosed(ticket, signal)) === (wish === 'closed')) return
    const statusId = (await shelf.book(signal))[wish]
    if (!statusId) throw new VendorError('unexpected', `thena: the team has no status under ${wish}`)
    const params = { ticketId: ref.vendorTicketId }
    const call = http.call({ ...splitPath(paths.update), params, json: { statusId }, schema: UpdatedTicket, signal })
    // What cannot be opened again is followed up; what is gone needs no closing, and this one is not gone.
    await (wish === 'open' ? call : ofSeenTicket(call, paths.update, cannotTell))
  }

  /**
   * Whether Thena refuses a repeated `deDuplicationKey`, says `status: false` under a 200 or answers the first again is not
   * documented. After either of the first two, what carries our mark already is the answer.
   *
   * @throws VendorError what Thena said; of what it says it has and does not show, `busy` as long as that may take
   */
  async function repeated<T>(error: unknown, { sentAt }: { sentAt: Date }, find: () => Promise<T | undefined>) {
    if (!(error instanceof VendorError) || !['refused', 'unexpected'].includes(error.code)) throw error
    const looking = unlessRefused(find(), () => cannotTell('what is there of a repeat: refused'))
    const found = await looking.catch((trouble: unknown) => {
      // That it cannot be looked for says nothing of what was asked first.
      throw error.mayHaveActed ? error : trouble
    })
    if (found) return found
    if (error.status !== 409) throw error
    if (isSettling(sentAt, config, parts.clock)) throw notShownYet(kind, error.status)
    return cannotTell('what is there of a repeat: not shown, though its time is over')
  }

  return {
    kind,
    can,
    once: { open: 'vendor', reply: 'relay' },
    open,
    reply,
    findReplied,
    close: (ref, signal) => setStatus(ref, 'closed', signal),
    reopen: (ref, signal) => setStatus(ref, 'open', signal),
    rate,
    changes: createChanges({ config, http, onDrift }),

    async read(ref, signal) {
      const ticket = await lookup.ownTicket(ref, signal)
      const { messages, hidden, drifted } = readComments((await commentsOf(ref, signal)).rows, ref.player)
      for (const what of hidden) parts.onHidden(kind, what)
      if (drifted > 0) onDrift('a comment')
      const status = statusOf(await shelf.isClosed(ticket, signal), messages)
      return { status, updatedAt: updatedAtOf(ticket), messages }
    },

    receive: receiveEvent,
  }
}
