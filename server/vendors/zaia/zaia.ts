/**
 * Zaia, the "Endless" generation. A workspace-wide key for staff: a player is an external user, who has chats, which have
 * tickets. It opens no chats, and shows no call for a player's words; what follows from that is said in `can`, or refused.
 */
import type { Can } from '../../contract/can.ts'
import { type CannotTell, cannotTellOf, ofSeenTicket } from '../find.ts'
import { splitPath } from '../http/address.ts'
import { createVendorHttp, type VendorHttp } from '../http/http.ts'
import { linkedAttachments, type VendorParts } from '../parts.ts'
import type { TagOf } from '../text/agent-note.ts'
import type { Vendor } from '../vendor.ts'
import { createChanges } from './changes.ts'
import { createFind } from './find.ts'
import { createList } from './list.ts'
import { createOpen } from './open.ts'
import { canBeExternal, createReader, type ZaiaReader } from './reader.ts'
import { createSend, type Send } from './reply.ts'
import { isClosed, latest, messagesOf, replyText, statusOf, timesOf } from './translate.ts'
import { ChangedTicket, type ZaiaConfig } from './wire.ts'

const complete = 'PATCH /api/v1/tickets/{id}/complete'

export function createZaia(config: ZaiaConfig, parts: VendorParts): Vendor {
  const http = createVendorHttp({
    vendor: 'zaia',
    baseUrl: config.baseUrl,
    headers: { authorization: config.apiKey },
    secrets: [config.apiKey],
    onDrift: (what) => parts.onDrift('zaia', what),
    clock: parts.clock,
    ...parts.http,
  })
  const cannotTell = cannotTellOf('zaia', parts)
  const reader = createReader({ config, http, parts, cannotTell })
  const { sendMessage } = config.paths
  const send = sendMessage === undefined ? undefined : createSend(sendMessage, { config, http, cannotTell })
  const { findOpened, findReplied } = createFind(config, reader, cannotTell)
  return {
    kind: 'zaia',
    can: canOf(send !== undefined),
    once: { open: 'relay', reply: send ? 'relay' : 'marked' },
    open: createOpen({ config, http, parts, reader, send }),
    findOpened,
    close: createClose({ config, http, reader, cannotTell }),
    read: createRead(config, reader),
    changes: createChanges(config, http, parts),
    list: createList({ config, reader, parts, cannotTell }),
    ...(send
      ? { reply: createReply(reader, send, parts.tagOf), findReplied, canOpen: createCanOpen(reader) }
      : { lacks: 'players can read their tickets and open none: zaia needs paths.sendMessage' }),
  }
}

function canOf(canSend: boolean): Can {
  return {
    open: canSend,
    reply: canSend ? 'thread' : 'follow-up',
    reopen: canSend ? 'follow-up' : false,
    close: true,
    answers: 'thread',
    attachments: canSend && linkedAttachments,
    history: 'vendor',
    deletion: 'request',
    rating: false,
    push: 'poll',
  }
}

/**
 * A ticket needs a chat, and Zaia's API opens none. Nothing says who may have one, anonymous players least of all, so it is
 * asked for each of them; a chat that the studio signed for is its word.
 */
function createCanOpen(reader: ZaiaReader): NonNullable<Vendor['canOpen']> {
  return async (player, signal) => {
    if (!canBeExternal(player)) return false
    const identity = await reader.identity(player, signal)
    if (identity.isBlocked) return false
    return identity.signedChatId !== undefined || (await reader.chats(identity, signal)).length > 0
  }
}

function createReply(reader: ZaiaReader, send: Send, tagOf: TagOf): NonNullable<Vendor['reply']> {
  return async (reply, signal) => {
    const ticket = await reader.own(reply, signal)
    return { vendorMessageId: await send(ticket, replyText(reply, tagOf), signal) }
  }
}

interface CloseParts {
  config: ZaiaConfig
  http: VendorHttp
  reader: ZaiaReader
  cannotTell: CannotTell
}

/** Completing is an act of staff: always the one service user's, never one that a player names. */
function createClose({ config, http, reader, cannotTell }: CloseParts): NonNullable<Vendor['close']> {
  return async (ref, signal) => {
    const ticket = await reader.own(ref, signal)
    if (isClosed(ticket.status, config)) return
    const [params, json] = [{ id: ticket.id }, { userId: config.assigneeId }]
    const call = http.call({ ...splitPath(complete), params, json, schema: ChangedTicket, signal })
    await ofSeenTicket(call, complete, cannotTell)
  }
}

function createRead(config: ZaiaConfig, reader: ZaiaReader): NonNullable<Vendor['read']> {
  return async (ref, signal) => {
    const ticket = await reader.own(ref, signal)
    const messages = messagesOf(await reader.shownMessages(ticket, signal), config)
    return {
      status: statusOf(ticket, messages, config),
      updatedAt: latest([...timesOf(ticket), ...messages.map((message) => message.sentAt)]),
      messages,
    }
  }
}
