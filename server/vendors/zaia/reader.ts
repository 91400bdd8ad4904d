/**
 * Looking at Zaia: from the player to their external user, from there to chats, from there to tickets and messages. An
 * empty list of ids is no filter there and would list the whole workspace, so nobody asks with one.
 */
import type { z } from 'zod'
import { splitPath } from '../address.ts'
import type { VendorHttp } from '../http.ts'
import type { VendorParts } from '../parts.ts'
import { VendorError, type VendorPlayer, type VendorTicketRef } from '../vendor.ts'
import { type Identity, identityOf, isOwn, type PublicMessage } from './translate.ts'
import { ChatList, ExternalUser, messageList, TicketDetails, TicketDetailsList, type ZaiaConfig } from './wire.ts'

/** "externalId 3..250 chars" */
const externalIdLength = { min: 3, max: 250 }
/** "pageSize 1..100" */
const maxPageSize = 100
/** The vendor's default for `GET /chat-messages`; how to ask for more is not written down. */
const messagesOfOneAnswer = 250
const keptIdentities = 1_000
const keptMs = 10 * 60 * 1000

export interface TicketQuery {
  status: string
  chatIds: readonly string[]
  pageNumber: number
  pageSize: number
}

export interface ZaiaReader {
  /** @throws VendorError `refused` for an id that Zaia cannot hold */
  identity: (player: VendorPlayer, signal: AbortSignal, fresh?: boolean) => Promise<Identity>
  /** Ids of the player's chats, the signed one first. Empty where there is none. */
  chats: (identity: Identity, signal: AbortSignal) => Promise<string[]>
  /** The ticket, if it is this player's. @throws VendorError `missing` */
  own: (ref: VendorTicketRef, signal: AbortSignal) => Promise<TicketDetails>
  /** Tickets of these chats in one status. `isLast`: the page was short. */
  tickets: (
    identity: Identity,
    query: TicketQuery,
    signal: AbortSignal,
  ) => Promise<{ tickets: TicketDetails[]; isLast: boolean }>
  /** Public messages of a ticket known to be the player's, in any order. */
  messages: (ticket: Pick<TicketDetails, 'id' | 'chatId'>, signal: AbortSignal) => Promise<PublicMessage[]>
}

export function createReader(config: ZaiaConfig, http: VendorHttp, parts: VendorParts): ZaiaReader {
  const { channelId, paths } = config
  const known = new Map<string, { until: number; user: z.output<typeof ExternalUser> }>()
  const MessageList = messageList(config)

  function drifted(what: string): VendorError {
    parts.onDrift('zaia', what)
    return new VendorError('unexpected', `zaia ${what}`)
  }

  async function authenticate(player: VendorPlayer, signal: AbortSignal) {
    const { min, max } = externalIdLength
    if (player.id.length < min || player.id.length > max) {
      throw new VendorError('refused', `zaia: a player’s id must have ${min} to ${max} characters`)
    }
    // `id` and `identifier` would let somebody ask for another user's identity: they are never sent.
    const json = { channelId, externalId: player.id, id: null, identifier: null }
    const user = await http.call({
      ...splitPath(paths.authenticate),
      json,
      schema: ExternalUser,
      signal,
      isRepeatable: true,
    })
    if (user.externalId === player.id && user.channelId === channelId) return user
    throw drifted(`${paths.authenticate}: another user than the one asked for`)
  }

  const identity: ZaiaReader['identity'] = async (player, signal, fresh = false) => {
    const now = parts.clock.now().getTime()
    const kept = known.get(player.id)
    if (kept && kept.until > now && !fresh) return identityOf(kept.user, player)
    const user = await authenticate(player, signal)
    const [oldest] = known.keys()
    if (known.size >= keptIdentities && oldest !== undefined) known.delete(oldest)
    known.set(player.id, { until: now + keptMs, user })
    return identityOf(user, player)
  }

  const chats: ZaiaReader['chats'] = async ({ owners, signedChatId }, signal) => {
    // Both ids are the player's, and which of them `ownerIds` means is not written down.
    const query = { ownerIds: owners, channelIds: [channelId], pageNumber: 1, pageSize: maxPageSize }
    const rows = await http.call({ ...splitPath(paths.chats), query, schema: ChatList, signal })
    const own = rows.filter((chat) => owners.includes(chat.ownerId ?? ''))
    reportIgnored(rows.length - own.length, 'chat', paths.chats)
    const ids = own.map((chat) => chat.id)
    return signedChatId === undefined ? ids : [...new Set([signedChatId, ...ids])]
  }

  const own: ZaiaReader['own'] = async ({ vendorTicketId, player }, signal) => {
    const asking = await identity(player, signal)
    const path = '/api/v1/tickets/{id}/details'
    const call = { method: 'GET', path, params: { id: vendorTicketId }, schema: TicketDetails, signal } as const
    const ticket = await http.call(call)
    if (ticket.id !== vendorTicketId) throw drifted(`GET ${path}: another ticket than the one asked for`)
    if (isOwn(ticket, asking, channelId)) return ticket
    throw new VendorError('missing', `zaia GET ${path}: no such ticket of this player`, { status: 404 })
  }

  const tickets: ZaiaReader['tickets'] = async (asking, query, signal) => {
    const path = '/api/v1/tickets/details'
    const call = { method: 'GET', path, query: { ...query }, schema: TicketDetailsList, signal } as const
    const rows = await http.call(call)
    const found = rows.filter((row) => query.chatIds.includes(row.chatId) && isOwn(row, asking, channelId))
    reportIgnored(rows.length - found.length, 'ticket', `GET ${path}`)
    return { tickets: found, isLast: rows.length < query.pageSize }
  }

  const messages: ZaiaReader['messages'] = async ({ id, chatId }, signal) => {
    const query = { chatId, ticketIds: [id] }
    const rows = await http.call({ ...splitPath(paths.messages), query, schema: MessageList, signal })
    const own = rows.filter((row) => (row.chatId ?? chatId) === chatId && (row.ticketId ?? id) === id)
    reportIgnored(rows.length - own.length, 'message', paths.messages)
    if (rows.length >= messagesOfOneAnswer) parts.onHidden('zaia', 'messages beyond one answer')
    return own.flatMap(({ message }) => {
      if (!message?.text) parts.onHidden('zaia', message ? 'message without text' : 'message of another role')
      return message ?? []
    })
  }

  /** Rows of somebody else's came although we asked for one player's. */
  function reportIgnored(count: number, what: string, call: string): void {
    for (let row = 0; row < count; row += 1) parts.onHidden('zaia', `${what} of another player`)
    if (count > 0) parts.onDrift('zaia', `${call}: a filter was ignored`)
  }

  return { identity, chats, own, tickets, messages }
}
