/** The player's words into a chat, by the call that the studio has named: the vendor's reference shows none. */

import { type CannotTell, ofSeenTicket } from '../find.ts'
import { splitPath } from '../http/address.ts'
import type { VendorHttp } from '../http/http.ts'
import type { VendorMessageId } from '../vendor.ts'
import { SentMessage, type TicketDetails, type ZaiaConfig } from './wire.ts'

export type Send = (
  ticket: Pick<TicketDetails, 'id' | 'chatId'>,
  text: string,
  signal: AbortSignal,
) => Promise<VendorMessageId>

export interface SendParts {
  config: ZaiaConfig
  http: VendorHttp
  cannotTell: CannotTell
}

/** The role is always the player's, whoever asks. */
export function createSend(path: string, { config, http, cannotTell }: SendParts): Send {
  const { messageFields, playerRoles } = config
  return async ({ id, chatId }, text, signal) => {
    const place = { chatId, ticketId: id }
    const json = { ...place, [messageFields.text]: text, [messageFields.role]: playerRoles[0] }
    const call = http.call({ ...splitPath(path), params: place, json, schema: SentMessage, signal })
    const sent = await ofSeenTicket(call, path, cannotTell)
    return sent.id as VendorMessageId
  }
}
