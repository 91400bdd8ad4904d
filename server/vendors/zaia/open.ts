/** Opening at Zaia: a ticket on a chat the player already has, then their words in it. Two calls, either of which can be lost. */

import { isLinked } from '../find.ts'
import type { VendorHttp } from '../http/http.ts'
import type { VendorParts } from '../parts.ts'
import { type Opening, type Vendor, VendorError, type VendorTicketId } from '../vendor.ts'
import { maxPageSize, type ZaiaReader } from './reader.ts'
import type { Send } from './reply.ts'
import { openingText, tagsOf } from './translate.ts'
import { AttachedTag, ChangedTicket, type ZaiaConfig } from './wire.ts'

export interface OpenParts {
  config: ZaiaConfig
  http: VendorHttp
  parts: VendorParts
  reader: ZaiaReader
  /** Absent where the studio has named no call for it. */
  send: Send | undefined
}

/** Of an opening that has not gone through: a ticket that was made for it, or may have been. */
interface Attempt {
  since: Date
  /** Another chat may come first the next time. */
  chatId: string
  ticketId?: string
}

const keptAttempts = 1_000
/** How far the vendor's clock may be behind ours. */
const skewMs = 60 * 1000

export function createOpen({ config, http, parts, reader, send }: OpenParts): Vendor['open'] {
  /** By mark. Lost in a crash: what is left then is a ticket without words, never words twice. */
  const attempts = new Map<string, Attempt>()

  return async (opening, signal) => {
    if (!send) {
      throw new VendorError('refused', 'zaia: its API adds no messages of players; configure paths.sendMessage')
    }
    const chosen = await chatFor(opening, signal)
    const chatId = attempts.get(opening.mark)?.chatId ?? chosen
    const ticketId = await ticketOn(chatId, opening, signal)
    for (const tagId of tagsOf(opening).ids) await attach(ticketId, tagId, signal)
    const vendorMessageId = await send({ id: ticketId, chatId }, openingText(opening, parts.tagOf), signal)
    attempts.delete(opening.mark)
    return { vendorTicketId: ticketId as VendorTicketId, vendorMessageId }
  }

  /** The first ticket's chat for a follow-up, else the one the studio signed for, else the player's own. */
  async function chatFor({ player, follows, number }: Opening, signal: AbortSignal): Promise<string> {
    const identity = await reader.identity(player, signal, true)
    if (identity.isBlocked) throw new VendorError('refused', 'zaia: the studio has blocked this player there')
    // One that is gone from there, or is no longer theirs, says nothing of where to go on.
    const followed =
      follows && (await reader.own({ vendorTicketId: follows, player, number }, signal).catch(unlessGone))
    if (followed) return followed.chatId
    const [chatId] = await reader.chats(identity, signal)
    if (chatId !== undefined) return chatId
    throw new VendorError('refused', 'zaia: the player has no chat there yet, and its API opens none')
  }

  async function ticketOn(chatId: string, opening: Opening, signal: AbortSignal): Promise<string> {
    const attempt = attempts.get(opening.mark)
    const earlier = attempt?.ticketId ?? (attempt && (await emptyTicket(chatId, opening, attempt, signal)))
    const made = attempt ?? remember(opening.mark, chatId)
    made.ticketId = earlier ?? (await create(chatId, signal))
    return made.ticketId
  }

  function remember(mark: string, chatId: string): Attempt {
    const attempt = { since: parts.clock.now(), chatId }
    const [oldest] = attempts.keys()
    if (attempts.size >= keptAttempts && oldest !== undefined) attempts.delete(oldest)
    attempts.set(mark, attempt)
    return attempt
  }

  async function create(chatId: string, signal: AbortSignal): Promise<string> {
    const { assigneeId, ticketingTeamId, statuses } = config
    const json = { chatId, ticketingTeamId, assigneeId, status: statuses.open[0] }
    const call = { method: 'POST', path: '/api/v1/tickets', json, schema: ChangedTicket, signal } as const
    return (await http.call(call)).id
  }

  /**
   * A ticket that an earlier try made without hearing of it: on this chat, since then, without words, and nobody's. One that
   * is not among the first stays behind, empty.
   */
  async function emptyTicket(
    chatId: string,
    { player, linked }: Opening,
    { since }: Attempt,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const identity = await reader.identity(player, signal)
    const claimed = new Set([...attempts.values()].map((attempt) => attempt.ticketId))
    for (const status of config.statuses.open) {
      const query = { status, chatIds: [chatId], pageNumber: 1, pageSize: maxPageSize }
      const { tickets } = await reader.tickets(identity, query, signal)
      for (const ticket of tickets) {
        const isOlder = ticket.createdAt.getTime() < since.getTime() - skewMs
        if (isOlder || claimed.has(ticket.id) || isLinked(ticket.id, { linked })) continue
        const { shown, isWhole, drifted } = await reader.messages(ticket, signal)
        if (shown.length === 0 && isWhole && !drifted) return ticket.id
      }
    }
    return undefined
  }

  /** A tag that Zaia does not know, or has already, is no reason to lose the message. */
  async function attach(ticketId: string, tagId: string, signal: AbortSignal): Promise<void> {
    const path = '/api/v1/tickets/{ticketId}/tags'
    const call = { method: 'POST', path, params: { ticketId }, json: { tagId }, schema: AttachedTag, signal } as const
    await http.call(call).catch((error: unknown) => {
      const isAboutTag = error instanceof VendorError && ['refused', 'missing'].includes(error.code)
      if (!isAboutTag) throw error
      parts.onDrift('zaia', `POST ${path}: a tag was not taken`)
    })
  }
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof VendorError) || error.code !== 'missing') throw error
}
