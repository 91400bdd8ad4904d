/**
 * Players' tickets at i3D.net, whose tickets are the studio's own to their hosting company: all stand under one account and
 * nothing on them says which player they are of. Whose a ticket is, is the ledger's word alone.
 */
import type { Can } from '../../contract/can.ts'
import type { Rating } from '../../contract/ticket.ts'
import { cannotTellOf } from '../find.ts'
import type { Method } from '../http/address.ts'
import { createVendorHttp } from '../http/http.ts'
import { linkedAttachments, type VendorParts } from '../parts.ts'
import { ratingMarkOf } from '../text/rating-mark.ts'
import {
  type Opened,
  type Opening,
  type Replied,
  type Reply,
  type Vendor,
  type VendorAttachment,
  type VendorDownload,
  VendorError,
  type VendorTicketId,
  type VendorTicketRef,
} from '../vendor.ts'
import { createChanges } from './changes.ts'
import { decodeFile } from './download.ts'
import { createFiles } from './files.ts'
import { createFindOpened } from './find.ts'
import {
  conversationOf,
  isClosed,
  newRatingOf,
  newReplyOf,
  newTicketOf,
  type ReadConversation,
  repliesOf,
  replyWithMark,
} from './translate.ts'
import { AnyAnswer, Categories, type I3dConfig, type I3dTicket, OneTicket, OpenedTicket } from './wire.ts'

const kind = 'i3d'

/** i3D.net names no limit for files; this much is sure to pass. */
const maxFileBytes = 20 * 1024 * 1024

const can: Can = {
  open: true,
  reply: 'thread',
  reopen: 'native',
  close: true,
  answers: 'thread',
  attachments: { ...linkedAttachments, maxBytes: maxFileBytes },
  history: 'relay',
  deletion: 'request',
  rating: 'note',
  push: 'poll',
}

const categoriesAgeMs = 10 * 60_000

/** `10001` is i3D.net's "entity not found". */
function refusal(_status: number, body: unknown): 'missing' | undefined {
  const isMissing = typeof body === 'object' && body !== null && 'errorCode' in body && body.errorCode === 10001
  return isMissing ? 'missing' : undefined
}

export function createI3d(config: I3dConfig, parts: VendorParts): Vendor {
  const http = createVendorHttp({
    vendor: kind,
    baseUrl: config.baseUrl,
    headers: { 'PRIVATE-TOKEN': config.token },
    secrets: [config.token],
    clock: parts.clock,
    onDrift: (what) => parts.onDrift(kind, what),
    ...parts.http,
  })
  const files = createFiles(http)
  const cannotTell = cannotTellOf(kind, parts)
  const fields = config.replyFields
  const closedWords = config.statuses.closed
  let categories: { names: readonly string[]; at: number } | undefined

  /** "must be one of GET /v3/tickets/categories" */
  async function checkCategory(signal: AbortSignal): Promise<void> {
    const now = parts.clock.now().getTime()
    if (!categories || now - categories.at > categoriesAgeMs) {
      const path = '/v3/tickets/categories'
      categories = { names: await http.call({ method: 'GET', path, schema: Categories, signal }), at: now }
    }
    if (categories.names.includes(config.category)) return
    categories = undefined
    throw new VendorError('misconfigured', 'i3d: the configured category is not one of its categories')
  }

  async function open(opening: Opening, signal: AbortSignal): Promise<Opened> {
    await checkCategory(signal)
    const { id } = await files.carry(opening.files, signal, (carried) => {
      const json = newTicketOf(opening, config, carried, parts.tagOf)
      return http.call({ method: 'POST', path: '/v3/tickets', json, schema: OpenedTicket, signal })
    })
    return { vendorTicketId: String(id) as VendorTicketId }
  }

  function ofTicket(method: Method, path: string, { vendorTicketId }: VendorTicketRef, signal: AbortSignal) {
    if (!/^[1-9]\d{0,15}$/.test(vendorTicketId)) throw new VendorError('missing', 'i3d: not an id of its tickets')
    return { method, path, params: { ticketId: vendorTicketId }, signal, refusal }
  }

  async function readTicket(ref: VendorTicketRef, signal: AbortSignal): Promise<I3dTicket> {
    const ticket = await http.call({ ...ofTicket('GET', '/v3/tickets/{ticketId}', ref, signal), schema: OneTicket })
    if (String(ticket.id) !== ref.vendorTicketId) throw new VendorError('missing', 'i3d: another ticket')
    return ticket
  }

  async function readReplies(ref: VendorTicketRef, signal: AbortSignal) {
    const ticket = await readTicket(ref, signal)
    const rows =
      repliesOf(ticket, fields) ?? cannotTell('GET /v3/tickets/{ticketId}: the list that replyFields.list names')
    return { ticket, rows }
  }

  async function conversation(
    ref: VendorTicketRef,
    signal: AbortSignal,
  ): Promise<Omit<ReadConversation, 'isUnplaced'>> {
    const { ticket, rows } = await readReplies(ref, signal)
    const { isUnplaced, ...read } = conversationOf(ticket, rows, config)
    return isUnplaced ? cannotTell('GET /v3/tickets/{ticketId}: what replyFields.staff names') : read
  }

  async function reply(message: Reply, signal: AbortSignal): Promise<Replied> {
    const call = ofTicket('POST', '/v3/tickets/{ticketId}/reply', message, signal)
    await files.carry(message.files, signal, (carried) =>
      http.call({ ...call, json: newReplyOf(message, carried, parts.tagOf), schema: AnyAnswer }),
    )
    return {}
  }

  async function findReplied(message: Reply, signal: AbortSignal): Promise<Replied | undefined> {
    const { rows } = await readReplies(message, signal)
    const { found, drifted } = replyWithMark(rows, fields, message.mark)
    return !found && drifted ? cannotTell('a reply') : found
  }

  /** A refusal of what is so already is no refusal; opening what was force-closed is one. */
  async function setState(verb: 'open' | 'close', ref: VendorTicketRef, signal: AbortSignal): Promise<void> {
    try {
      await http.call({ ...ofTicket('PUT', `/v3/tickets/{ticketId}/${verb}`, ref, signal), schema: AnyAnswer })
    } catch (error) {
      if (!(error instanceof VendorError) || error.code !== 'refused') throw error
      const { status } = await readTicket(ref, signal)
      if (isClosed(status, closedWords) !== (verb === 'close')) throw error
    }
  }

  /**
   * A reply may open what was closed, and a rating is no reason to: then it is closed again. Only closed tickets are rated,
   * so one that has its rating and is open was opened by it, in an attempt whose end is unknown.
   */
  async function rate(ref: VendorTicketRef, rating: Rating, signal: AbortSignal): Promise<void> {
    const { ticket, rows } = await readReplies(ref, signal)
    const { found, drifted } = replyWithMark(rows, fields, ratingMarkOf(ref.vendorTicketId))
    if (!found && drifted) cannotTell('a reply')
    if (!found) {
      const call = ofTicket('POST', '/v3/tickets/{ticketId}/reply', ref, signal)
      await http.call({ ...call, json: newRatingOf(ref, rating, parts.tagOf), schema: AnyAnswer })
      if (!isClosed(ticket.status, closedWords)) return
    }
    const { status } = await readTicket(ref, signal)
    if (!isClosed(status, closedWords)) await setState('close', ref, signal)
  }

  /** i3D.net would give any file of the account: both ids must belong together, in a reply the player may see. */
  async function download(ref: VendorTicketRef, file: VendorAttachment, signal: AbortSignal): Promise<VendorDownload> {
    const { messages } = await conversation(ref, signal)
    const ids = messages.flatMap(({ attachments }) => attachments.map(({ vendorFileId }) => vendorFileId))
    if (!ids.includes(file.vendorFileId)) throw new VendorError('missing', 'i3d: no such file on this ticket')
    const call = ofTicket('GET', '/v3/tickets/{ticketId}/attachment/{attachmentId}', ref, signal)
    const params = { ...call.params, attachmentId: file.vendorFileId }
    const { body } = await http.stream({ ...call, params, headers: { accept: 'application/json' } })
    if (!body) throw new VendorError('unexpected', 'i3d: an attachment without a body')
    return { body: decodeFile(body) }
  }

  return {
    kind,
    can,
    once: { open: 'relay', reply: 'relay' },
    open,
    findOpened: createFindOpened({ http, cannotTell }),
    reply,
    findReplied,
    close: (ref, signal) => setState('close', ref, signal),
    reopen: (ref, signal) => setState('open', ref, signal),
    rate,
    download,
    changes: createChanges(http, parts),

    async read(ref, signal) {
      const { hidden, drifted, ...shown } = await conversation(ref, signal)
      for (const what of hidden) parts.onHidden(kind, what)
      for (const what of drifted) parts.onDrift(kind, what)
      return shown
    },
  }
}
