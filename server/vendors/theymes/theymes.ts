/**
 * Theymes. Its key is company-wide and its ticket filters are optional, so every look at tickets names the game *and*
 * the player, and both are checked again on what comes back. It has no call in a player's name (`sendMessage` speaks as
 * the studio), so a reply is a follow-up ticket.
 */
import type { Can } from '../../contract/can.ts'
import { languageOf } from '../../contract/language.ts'
import { type CannotTell, cannotTellOf, ofSeenTicket } from '../find.ts'
import { splitPath } from '../http/address.ts'
import { createVendorHttp, type VendorHttp } from '../http/http.ts'
import type { VendorParts } from '../parts.ts'
import { type Vendor, type VendorDownload, VendorError } from '../vendor.ts'
import { createChanges } from './changes.ts'
import { createUploads } from './files.ts'
import { createFind } from './find.ts'
import { createForget } from './forget.ts'
import { receiveHook } from './hook.ts'
import { createOpen } from './open.ts'
import { createRate } from './rate.ts'
import { createTicketReader, type TicketReader } from './reader.ts'
import { statusOf } from './translate.ts'
import { createVocabulary } from './vocabulary.ts'
import { fileTypes, maxFileBytes, Success, type TheymesConfig } from './wire.ts'

export function createTheymes(config: TheymesConfig, parts: VendorParts): Vendor {
  const http = createVendorHttp({
    vendor: 'theymes',
    baseUrl: config.baseUrl,
    headers: { authorization: `Bearer ${config.apiKey}` },
    secrets: [config.apiKey],
    onDrift: (what) => parts.onDrift('theymes', what),
    clock: parts.clock,
    ...parts.http,
  })
  const cannotTell = cannotTellOf('theymes', parts)
  const tickets = createTicketReader({ config, http, parts, cannotTell })
  const history = createFind(tickets, cannotTell)
  const uploads = createUploads({ config, http, parts })
  const vocabulary = createVocabulary(config, http, parts)
  const { deletion, attachment } = config.paths
  return {
    kind: 'theymes',
    can: canOf(config),
    once: { open: 'relay', reply: 'marked' },
    open: createOpen({ config, clock: parts.clock, tagOf: parts.tagOf, http, tickets, uploads, vocabulary }),
    prepareUpload: uploads.prepare,
    findOpened: history.findOpened,
    close: createClose({ config, http, tickets, cannotTell }),
    rate: createRate({ config, http, tickets, vocabulary, cannotTell }),
    read: createRead(tickets),
    changes: createChanges({ config, http, parts }),
    list: history.list,
    receive: receiveHook,
    ...(deletion ? { forget: createForget(deletion, http, tickets, parts) } : {}),
    ...(attachment ? { download: createDownload(attachment, http, tickets) } : {}),
  }
}

function canOf({ paths }: TheymesConfig): Can {
  return {
    open: true,
    reply: 'follow-up',
    reopen: 'follow-up',
    close: true,
    answers: 'thread',
    attachments: { types: fileTypes, maxBytes: maxFileBytes, maxCount: 10 },
    history: 'vendor',
    deletion: paths.deletion ? 'vendor' : 'request',
    rating: 'note',
    push: 'hook',
  }
}

interface CloseParts {
  config: TheymesConfig
  http: VendorHttp
  tickets: TicketReader
  cannotTell: CannotTell
}

/**
 * `resolveTicket`: the player is told, and the studio's survey goes out. What a later ticket of the player's goes on is closed
 * by `rejectTicket`, which does neither: one conversation asks for one opinion.
 */
function createClose({ config, http, tickets, cannotTell }: CloseParts): NonNullable<Vendor['close']> {
  const { actions } = config.paths
  return async (ref, signal) => {
    const ticket = await tickets.own(ref, signal)
    if (statusOf(ticket.status) === 'closed') return
    const json = { actions: [{ type: ref.isFollowedUp ? 'rejectTicket' : 'resolveTicket' }] }
    const call = { ...splitPath(actions), params: { ticketId: ticket.id }, json, schema: Success, signal }
    await ofSeenTicket(http.call(call), actions, cannotTell)
  }
}

function createRead(tickets: TicketReader): NonNullable<Vendor['read']> {
  return async (ref, signal) => {
    const ticket = await tickets.own(ref, signal)
    return {
      status: statusOf(ticket.status),
      language: languageOf(ticket.language ?? ''),
      updatedAt: ticket.lastActivityAt ?? ticket.createdAt,
      messages: (await tickets.messages(ticket.id, signal)).messages,
    }
  }
}

/** A file's id is believed only where a public message of an own ticket names it. */
function createDownload(path: string, http: VendorHttp, tickets: TicketReader): NonNullable<Vendor['download']> {
  return async (ref, { vendorFileId }, signal): Promise<VendorDownload> => {
    const ticket = await tickets.own(ref, signal)
    const { messages } = await tickets.messages(ticket.id, signal)
    const isThere = messages.some((message) => message.attachments.some((file) => file.vendorFileId === vendorFileId))
    if (!isThere) throw new VendorError('missing', `theymes ${path}: no such file on this ticket`, { status: 404 })
    const params = { ticketId: ticket.id, attachmentId: vendorFileId }
    const response = await http.stream({ ...splitPath(path), params, signal })
    return downloadOf(response, path)
  }
}

/** No file Theymes takes is JSON or a page, so either is an answer about the file and not the file. */
async function downloadOf(response: Response, path: string): Promise<VendorDownload> {
  const fileType = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  const fileSize = Number(response.headers.get('content-length') ?? Number.NaN)
  if (!response.body || fileType === 'application/json' || fileType === 'text/html') {
    await response.body?.cancel()
    throw new VendorError('unexpected', `theymes ${path}: answered something that is no file`)
  }
  return { body: response.body, fileType, fileSize: Number.isInteger(fileSize) ? fileSize : undefined }
}
