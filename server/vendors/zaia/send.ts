/** The player's words into a chat, by the call that the studio has named: the vendor's reference shows none. */
import { splitPath } from '../address.ts'
import type { VendorHttp } from '../http.ts'
import type { VendorMessageId } from '../vendor.ts'
import { SentMessage, type TicketDetails, type ZaiaConfig } from './wire.ts'

export type Send = (
  ticket: Pick<TicketDetails, 'id' | 'chatId'>,
  text: string,
  signal: AbortSignal,
) => Promise<VendorMessageId>

/** The role is always the player's, whoever asks. */
export function createSend(path: string, config: ZaiaConfig, http: VendorHttp): Send {
  const { messageFields, playerRoles } = config
  return async ({ id, chatId }, text, signal) => {
    const place = { chatId, ticketId: id }
    const json = { ...place, [messageFields.text]: text, [messageFields.role]: playerRoles[0] }
    const sent = await http.call({ ...splitPath(path), params: place, json, schema: SentMessage, signal })
    return sent.id as VendorMessageId
  }
}
