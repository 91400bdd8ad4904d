/**
 * Players' tickets at i3D.net, whose tickets are the studio's own to their hosting company: all stand under one account and
 * nothing on them says which player they are of. Whose a ticket is, is the ledger's word alone.
 */
import type { Can } from '../../contract/can.ts'
import type { Method } from '../address.ts'
import { createVendorHttp } from '../http.ts'
import { linkedAttachments, type VendorParts } from '../parts.ts'
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
import { decodeFile } from './download.ts'
import { createFiles } from './files.ts'
import {
  conversationOf,
  isClosed,
  newReplyOf,
  newTicketOf,
  type ReadConversation,
  rangeOf,
  repliesOf,
  replyWithMark,
  type Sought,
  ticketWithMark,
} from './translate.ts'
import { AnyAnswer, Categories, type I3dConfig, type I3dTicket, OneTicket, OpenedTicket, Rows } from './wire.ts'

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
  rating: false,
  push: 'poll',
}

/** The documented default, so that a cap on it cannot make a full page look like a short one. */
const pageSize = 25
const maxPages = 20
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
  const fields = config.replyFields
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
      const json = newTicketOf(opening, config, carried)
      return http.call({ method: 'POST', path: '/v3/tickets', json, schema: OpenedTicket, signal })
    })
    return { vendorTicketId: String(id) as VendorTicketId }
  }

  /**
   * A ticket just opened is open; one closed since is further down, in the list of all.
   *
   * @throws VendorError `unexpected` where a row could not be read: to say "not there" would open the ticket twice
   */
  async function findOpened({ mark }: Opening, signal: AbortSignal): Promise<Opened | undefined> {
    let drifted = false
    for (const path of ['/v3/tickets/openOrUnread', '/v3/tickets']) {
      const sought = await findInList(path, mark, signal)
      if (sought.found) return sought.found
      drifted ||= sought.drifted
    }
    return drifted ? cannotTell('a row of the list of tickets') : undefined
  }

  function cannotTell(what: string): never {
    parts.onDrift(kind, what)
    throw new VendorError('unexpected', `i3d: ${what} does not fit`)
  }

  async function findInList(path: string, mark: string, signal: AbortSignal): Promise<Sought<Opened>> {
    let drifted = false
    for (let page = 0; page < maxPages; page += 1) {
      const headers = rangeOf(page * pageSize, pageSize)
      const rows = await http.call({ method: 'GET', path, headers, schema: Rows, signal })
      const { found, drifted: here } = ticketWithMark(rows, mark)
      drifted ||= here
      if (found || rows.length < pageSize) return { found, drifted }
    }
    return { found: undefined, drifted }
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

  async function conversation(ref: VendorTicketRef, signal: AbortSignal): Promise<ReadConversation> {
    const { ticket, rows } = await readReplies(ref, signal)
    return conversationOf(ticket, rows, fields)
  }

  async function reply(message: Reply, signal: AbortSignal): Promise<Replied> {
    const call = ofTicket('POST', '/v3/tickets/{ticketId}/reply', message, signal)
    await files.carry(message.files, signal, (carried) =>
      http.call({ ...call, json: newReplyOf(message, carried), schema: AnyAnswer }),
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
      if (isClosed(status) !== (verb === 'close')) throw error
    }
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
    findOpened,
    reply,
    findReplied,
    close: (ref, signal) => setState('close', ref, signal),
    reopen: (ref, signal) => setState('open', ref, signal),
    download,

    async read(ref, signal) {
      const { hidden, drifted, ...shown } = await conversation(ref, signal)
      for (const what of hidden) parts.onHidden(kind, what)
      if (drifted > 0) parts.onDrift(kind, 'a reply')
      return shown
    },
  }
}
