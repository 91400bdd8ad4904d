/**
 * Looking at Zaia: from the player to their external user, from there to chats, from there to tickets and messages. An
 * empty list of ids is no filter there and would list the whole workspace, so nobody asks with one.
 */
import type { z } from 'zod'
import { type CannotTell, ofSeenTicket } from '../find.ts'
import { splitPath } from '../http/address.ts'
import type { VendorHttp } from '../http/http.ts'
import type { VendorParts } from '../parts.ts'
import { isSettling, notShownYet } from '../settle.ts'
import { VendorError, type VendorPlayer, type VendorTicketRef } from '../vendor.ts'
import { type ExternalIdentity, identityOf, isOwn } from './translate.ts'
import {
  ChatList,
  ExternalUser,
  type MessageRow,
  MessageRows,
  messageReader,
  type PublicMessage,
  TicketDetails,
  TicketRows,
  type ZaiaConfig,
} from './wire.ts'

/** "externalId 3..250 chars" */
const externalIdLength = { min: 3, max: 250 }
/** "pageSize 1..100" */
export const maxPageSize = 100
/** A player with as many chats as this may have more. */
export const maxChats = 5 * maxPageSize
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

export interface TicketsPage {
  tickets: TicketDetails[]
  /** Rows that do not fit, as they came: whose they are is not known. */
  unreadable: unknown[]
  /** The page was short. */
  isLast: boolean
}

/** Messages of one ticket, in any order. */
export interface Messages {
  /** Those for the player's eyes. */
  shown: PublicMessage[]
  /** Of every role, only to look for our mark in. */
  all: MessageRow[]
  /** False where the answer was full, so that there may be more. */
  isWhole: boolean
  /** One that may be for the player's eyes could not be read. */
  drifted: boolean
}

export interface ZaiaReader {
  /** @throws VendorError `refused` for an id that Zaia cannot hold */
  identity: (player: VendorPlayer, signal: AbortSignal, fresh?: boolean) => Promise<ExternalIdentity>
  /** Ids of the player's chats, the signed one first; {@link maxChats} and no more. Empty where there is none. */
  chats: (identity: ExternalIdentity, signal: AbortSignal) => Promise<string[]>
  /**
   * The ticket, if it is this player's.
   *
   * @throws VendorError `missing` if it is not, or is nobody's; `busy` while it is so new that it may not show yet
   */
  own: (ref: VendorTicketRef, signal: AbortSignal) => Promise<TicketDetails>
  /** Tickets of these chats in one status. */
  tickets: (identity: ExternalIdentity, query: TicketQuery, signal: AbortSignal) => Promise<TicketsPage>
  /** Messages of a ticket known to be the player's. */
  messages: (ticket: Pick<TicketDetails, 'id' | 'chatId'>, signal: AbortSignal) => Promise<Messages>
  /** Those for the player's eyes. @throws VendorError `unexpected` where not one of them can be read */
  shownMessages: (ticket: Pick<TicketDetails, 'id' | 'chatId'>, signal: AbortSignal) => Promise<PublicMessage[]>
}

export interface ReaderParts {
  config: ZaiaConfig
  http: VendorHttp
  parts: VendorParts
  cannotTell: CannotTell
}

/** Whether Zaia can hold this player's id at all. */
export function canBeExternal({ id }: Pick<VendorPlayer, 'id'>): boolean {
  return id.length >= externalIdLength.min && id.length <= externalIdLength.max
}

export function createReader({ config, http, parts, cannotTell }: ReaderParts): ZaiaReader {
  const { channelId, paths } = config
  const known = new Map<string, { until: number; user: z.output<typeof ExternalUser> }>()
  const readMessage = messageReader(config)

  async function authenticate(player: VendorPlayer, signal: AbortSignal) {
    const { min, max } = externalIdLength
    if (!canBeExternal(player)) {
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
    return cannotTell(`${paths.authenticate}: another user than the one asked for`)
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
    const filter = { ownerIds: owners, channelIds: [channelId], pageSize: maxPageSize }
    const ids = new Set(signedChatId === undefined ? [] : [signedChatId])
    for (let pageNumber = 1; ids.size < maxChats; pageNumber += 1) {
      const query = { ...filter, pageNumber }
      const rows = await http.call({ ...splitPath(paths.chats), query, schema: ChatList, signal })
      const own = rows.filter((chat) => owners.includes(chat.ownerId ?? ''))
      reportIgnored(rows.length - own.length, 'chat', paths.chats)
      const before = ids.size
      for (const { id } of own) ids.add(id)
      // A page that brings nothing new would be asked for without end.
      if (rows.length < maxPageSize || ids.size === before) break
    }
    return [...ids].slice(0, maxChats)
  }

  const own: ZaiaReader['own'] = async ({ vendorTicketId, player, openedAt }, signal) => {
    const asking = await identity(player, signal)
    const path = '/api/v1/tickets/{id}/details'
    const call = { method: 'GET', path, params: { id: vendorTicketId }, schema: TicketDetails, signal } as const
    const ticket = await http.call(call).catch((error: unknown) => {
      const isMissing = error instanceof VendorError && error.code === 'missing'
      throw isMissing && isSettling(openedAt, config, parts.clock) ? notShownYet('zaia') : error
    })
    if (ticket.id !== vendorTicketId) cannotTell(`GET ${path}: another ticket than the one asked for`)
    if (isOwn(ticket, asking, channelId)) return ticket
    throw new VendorError('missing', `zaia GET ${path}: no such ticket of this player`, { status: 404 })
  }

  const tickets: ZaiaReader['tickets'] = async (asking, query, signal) => {
    const path = '/api/v1/tickets/details'
    const call = { method: 'GET', path, query: { ...query }, schema: TicketRows, signal } as const
    const rows = await http.call(call)
    const unreadable = rows.filter((row) => !TicketDetails.safeParse(row).success)
    if (unreadable.length > 0) parts.onDrift('zaia', `GET ${path}: a row`)
    const readable = rows.flatMap((row) => TicketDetails.safeParse(row).data ?? [])
    const found = readable.filter((row) => query.chatIds.includes(row.chatId) && isOwn(row, asking, channelId))
    reportIgnored(readable.length - found.length, 'ticket', `GET ${path}`)
    return { tickets: found, unreadable, isLast: rows.length < query.pageSize }
  }

  const messages: ZaiaReader['messages'] = async ({ id, chatId }, signal) => {
    const query = { chatId, ticketIds: [id] }
    const call = http.call({ ...splitPath(paths.messages), query, schema: MessageRows, signal })
    const rows = (await ofSeenTicket(call, paths.messages, cannotTell)).map(readMessage)
    const own = rows.filter((row) => (row.chatId ?? chatId) === chatId && (row.ticketId ?? id) === id)
    reportIgnored(rows.length - own.length, 'message', paths.messages)
    const isWhole = rows.length < messagesOfOneAnswer
    if (!isWhole) parts.onHidden('zaia', 'messages beyond one answer')
    const readable = own.filter(({ fits }) => fits)
    for (let broken = readable.length; broken < own.length; broken += 1)
      parts.onDrift('zaia', `${paths.messages}: a row`)
    const shown = readable.flatMap(({ message }) => {
      if (!message?.text) parts.onHidden('zaia', message ? 'message without text' : 'message of another role')
      return message ?? []
    })
    return { shown, all: own, isWhole, drifted: readable.length < own.length }
  }

  const shownMessages: ZaiaReader['shownMessages'] = async (ticket, signal) => {
    const { shown, drifted } = await messages(ticket, signal)
    return drifted && shown.length === 0 ? cannotTell(`${paths.messages}: every message`) : shown
  }

  /** Rows of somebody else's came although we asked for one player's. */
  function reportIgnored(count: number, what: string, call: string): void {
    for (let row = 0; row < count; row += 1) parts.onHidden('zaia', `${what} of another player`)
    if (count > 0) parts.onDrift('zaia', `${call}: a filter was ignored`)
  }

  return { identity, chats, own, tickets, messages, shownMessages }
}
