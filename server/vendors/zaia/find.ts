/** Looking for a mark of ours at Zaia, before anything is sent again. No order of its lists is documented, so none is assumed. */
import { type CannotTell, isLinked, isOlder, unlessRefused } from '../find.ts'
import type { Opened, Opening, Replied, Vendor, VendorMessageId, VendorTicketId } from '../vendor.ts'
import { type Messages, maxChats, maxPageSize, type ZaiaReader } from './reader.ts'
import type { ExternalIdentity } from './translate.ts'
import { type TicketDetails, TicketRowPlace, type ZaiaConfig } from './wire.ts'

/** Of one status. */
const maxPages = 20
/** Tickets as new as the opening whose messages are read: one call each. */
const maxCandidates = 50
/** As many ids as an address may well hold. */
const chatsOfOneCall = 50

const ticketsCall = 'GET /api/v1/tickets/details'

export interface Find {
  findOpened: NonNullable<Vendor['findOpened']>
  findReplied: NonNullable<Vendor['findReplied']>
}

export function createFind(config: ZaiaConfig, reader: ZaiaReader, cannotTell: CannotTell): Find {
  /** As a ticket goes through them, so that one which moves on meanwhile is met further on. */
  const statuses = [...config.statuses.open, ...config.statuses.closed]

  async function carrying(ticket: Pick<TicketDetails, 'id' | 'chatId'>, mark: string, signal: AbortSignal) {
    const call = config.paths.messages
    const messages = await unlessRefused(reader.messages(ticket, signal), () => cannotTell(`${call}: refused`))
    const found = withMark(messages, mark, config)
    if (!found && !messages.isWhole) cannotTell(`${call}: more messages than one answer holds`)
    if (!found && hasUnreadable(messages, config)) cannotTell(`${call}: a player’s message that cannot be read`)
    return found
  }

  const findOpened: Find['findOpened'] = async (opening, signal) => {
    const identity = await reader.identity(opening.player, signal)
    const chatIds = await reader.chats(identity, signal)
    if (chatIds.length >= maxChats) cannotTell(`${config.paths.chats}: more chats than are looked at`)
    const candidates: TicketDetails[] = []
    for (const status of statuses) {
      for (let start = 0; start < chatIds.length; start += chatsOfOneCall) {
        const search = { status, chatIds: chatIds.slice(start, start + chatsOfOneCall), opening, identity }
        candidates.push(...(await candidatesIn(search, reader, cannotTell, signal)))
      }
    }
    for (const ticket of candidates.slice(0, maxCandidates)) {
      const found = await carrying(ticket, opening.mark, signal)
      if (found) return { ...found, vendorTicketId: ticket.id as VendorTicketId } satisfies Opened
    }
    if (candidates.length > maxCandidates) cannotTell(`${ticketsCall}: more new tickets than are looked at`)
    return undefined
  }

  const findReplied: Find['findReplied'] = async (reply, signal) =>
    carrying(await reader.own(reply, signal), reply.mark, signal)

  return { findOpened, findReplied }
}

interface Search {
  status: string
  chatIds: readonly string[]
  opening: Opening
  identity: ExternalIdentity
}

/** Every ticket that could be the opening's, from a list that is read to its end. */
async function candidatesIn(
  { status, chatIds, opening, identity }: Search,
  reader: ZaiaReader,
  cannotTell: CannotTell,
  signal: AbortSignal,
): Promise<TicketDetails[]> {
  const found: TicketDetails[] = []
  for (let pageNumber = 1; pageNumber <= maxPages; pageNumber += 1) {
    const call = reader.tickets(identity, { status, chatIds, pageNumber, pageSize: maxPageSize }, signal)
    const { tickets, unreadable, isLast } = await unlessRefused(call, () => cannotTell(`${ticketsCall}: refused`))
    if (unreadable.some((row) => mayBe(TicketRowPlace.safeParse(row).data ?? {}, opening)))
      cannotTell(`${ticketsCall}: a row`)
    found.push(...tickets.filter((ticket) => mayBe(ticket, opening)))
    if (isLast) return found
  }
  return cannotTell(`${ticketsCall}: more rows than are looked at`)
}

/** Neither another message's already nor older than the player's words. */
function mayBe({ id, createdAt }: TicketRowPlace, opening: Opening): boolean {
  return !isLinked(id, opening) && !isOlder(createdAt, opening)
}

/** Of whatever role: what is there need not be sent again. An agent who quotes it proves as much, by a message of their own. */
function withMark({ all }: Messages, mark: string, { agentRoles }: ZaiaConfig): Replied | undefined {
  const carrying = all.filter(({ said }) => said?.includes(mark))
  const ours = carrying.find(({ role }) => role === undefined || !agentRoles.includes(role))
  return carrying.length > 0 ? { vendorMessageId: (ours?.id ?? undefined) as VendorMessageId | undefined } : undefined
}

function hasUnreadable({ all }: Messages, { playerRoles }: ZaiaConfig): boolean {
  return all.some(({ role, said }) => said === undefined && (role === undefined || playerRoles.includes(role)))
}
