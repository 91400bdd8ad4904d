/** Looking for a mark of ours at Zaia, before anything is sent again. */
import type { VendorParts } from '../parts.ts'
import { type Vendor, VendorError, type VendorMessageId, type VendorTicketId } from '../vendor.ts'
import type { ZaiaReader } from './reader.ts'
import type { PublicMessage } from './translate.ts'
import type { TicketDetails, ZaiaConfig } from './wire.ts'

/** Of each status. */
const searchedTickets = 20
const skewMs = 60 * 1000

export interface Find {
  findOpened: NonNullable<Vendor['findOpened']>
  findReplied: NonNullable<Vendor['findReplied']>
}

export function createFind(config: ZaiaConfig, reader: ZaiaReader, parts: VendorParts): Find {
  const statuses = [...config.statuses.open, ...config.statuses.closed]

  async function carrying(
    ticket: Pick<TicketDetails, 'id' | 'chatId'>,
    mark: string,
    signal: AbortSignal,
  ): Promise<PublicMessage | undefined> {
    const messages = await reader.messages(ticket, signal)
    const found = messages.find((message) => message.text?.includes(mark))
    if (found || !messages.some((message) => isUnreadable(message))) return found
    // To say that the mark is not there, when it may be, would send the message twice.
    parts.onDrift('zaia', `${config.paths.messages}: a player’s message that cannot be read`)
    throw new VendorError('unexpected', `zaia ${config.paths.messages}: cannot tell whether a message has arrived`)
  }

  function isUnreadable({ role, text }: PublicMessage): boolean {
    return config.playerRoles.includes(role) && typeof text !== 'string'
  }

  const findOpened: Find['findOpened'] = async ({ player, mark, sentAt }, signal) => {
    const identity = await reader.identity(player, signal)
    const chatIds = await reader.chats(identity, signal)
    if (chatIds.length === 0) return undefined
    for (const status of statuses) {
      const query = { status, chatIds, pageNumber: 1, pageSize: searchedTickets }
      const { tickets } = await reader.tickets(identity, query, signal)
      const recent = tickets.filter((ticket) => ticket.createdAt.getTime() >= sentAt.getTime() - skewMs)
      for (const ticket of recent) {
        const message = await carrying(ticket, mark, signal)
        if (message) return { vendorTicketId: ticket.id as VendorTicketId, ...idOf(message) }
      }
    }
    return undefined
  }

  const findReplied: Find['findReplied'] = async (reply, signal) => {
    const message = await carrying(await reader.own(reply, signal), reply.mark, signal)
    return message && idOf(message)
  }

  return { findOpened, findReplied }
}

function idOf({ id }: PublicMessage): { vendorMessageId: VendorMessageId | undefined } {
  return { vendorMessageId: (id ?? undefined) as VendorMessageId | undefined }
}
