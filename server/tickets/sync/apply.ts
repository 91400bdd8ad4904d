/** Writes down what a vendor says of a ticket, and tells the player what is new in it. */
import type { AttachmentId, MessageId } from '../../contract/ids.ts'
import { randomId } from '../../runtime/random.ts'
import type { MessageRow } from '../../store/messages.ts'
import type { Ledger } from '../../store/store.ts'
import type { TicketRow } from '../../store/tickets.ts'
import type { VendorConversation, VendorMessage } from '../../vendors/vendor.ts'
import { changeStatus } from '../change-status.ts'
import { firstWords } from '../new-rows.ts'

export interface Heard {
  /** Position in the chain of the vendor ticket that was read. */
  link: number
  conversation: VendorConversation
  /** When the vendor was heard before this, in milliseconds. */
  lastHeardAt: number
  /** The ticket's `heard_at` when this reading began. Another by now: something else came to its end meanwhile. */
  askedSince: number
}

export interface Applied {
  /** The player has news. */
  isNews: boolean
  /** Messages that stand at the vendor a second time, and were not known to. */
  newCopies: number
}

/** Brings the ledger up to what the vendor said. Runs inside a transaction. */
export async function applyConversation(ledger: Ledger, ticket: TicketRow, heard: Heard, now: Date): Promise<Applied> {
  const known = await ledger.messages.all(ticket.id)
  const { once, copies } = withoutCopies(heard.conversation.messages)
  const matched = matchMessages(known, once)
  const newCopies = await noteCopies(ledger, ticket, heard.link, copies)
  for (const { row, message } of matched) if (row) await noteVendorId(ledger, row, message, heard.link)
  const unknown = matched.filter(({ row }) => row === undefined).map(({ message }) => message)
  // With nothing here of that vendor ticket, what was said before the last time is coming back from behind the
  // retention, or was opened elsewhere: no news.
  // Of a copy that has just come to light nothing was ever shown.
  const isRefill = heard.link > 0 && !known.some((row) => row.chain_position === heard.link)
  const isOld = ({ sentAt }: VendorMessage) => isRefill && sentAt.getTime() <= heard.lastHeardAt
  const old = unknown.filter(isOld)
  const fresh = unknown.filter((message) => !isOld(message))
  for (const message of old) await addMessage(ledger, ticket, message, heard.link, undefined)
  if (old.length > 0) {
    await ledger.tickets.markRead(ticket.id, ticket.message_count + old.length)
    const first = heard.link === 1 ? old.find(({ author }) => author === 'player') : undefined
    await ledger.tickets.refill(ticket.id, first && firstWords(first.text), now)
  }
  for (const message of fresh) await addMessage(ledger, ticket, message, heard.link, now)
  await ledger.tickets.change(ticket.id, { must_read: 0, heard_at: now.getTime() })
  const newest = Math.max(...fresh.map(({ sentAt }) => sentAt.getTime()))
  if (fresh.length > 0) await ledger.tickets.touch(ticket.id, new Date(Math.min(newest, now.getTime())))
  const isMoved = await moveStatus(ledger, ticket, heard, now)
  const isNews = isMoved || fresh.length > 0
  if (isNews) {
    await ledger.events.add(ticket.player, now, { type: 'ticket-changed', ticket_id: ticket.id }, { type: 'unread' })
  }
  return { isNews, newCopies }
}

/** What bears a mark that stood there before is a second copy of it: the player wrote it once. */
function withoutCopies(said: readonly VendorMessage[]): { once: VendorMessage[]; copies: VendorMessage[] } {
  const marks = new Set<string>()
  const once: VendorMessage[] = []
  const copies: VendorMessage[] = []
  for (const message of said) {
    const { mark } = message
    if (mark !== undefined && marks.has(mark)) copies.push(message)
    else once.push(message)
    if (mark !== undefined) marks.add(mark)
  }
  return { once, copies }
}

/** @returns how many of them were not known yet */
async function noteCopies(
  ledger: Ledger,
  { id }: Pick<TicketRow, 'id'>,
  link: number,
  copies: readonly VendorMessage[],
): Promise<number> {
  let count = 0
  for (const [index, { vendorMessageId, mark }] of copies.entries()) {
    const name = `${link} ${vendorMessageId ?? `${mark} ${index}`}`
    if (await ledger.copies.note(id, name)) count += 1
  }
  return count
}

interface Match {
  message: VendorMessage
  row: MessageRow | undefined
}

/**
 * Finds for each of the vendor's messages the one already known: by the vendor's id, by our mark, and where a vendor gives
 * neither, by who said it and what. Each known message is matched once, so saying the same twice stays two messages.
 */
function matchMessages(known: readonly MessageRow[], said: readonly VendorMessage[]): Match[] {
  const free = new Set(known)
  const take = (fits: (row: MessageRow) => boolean) => {
    const row = [...free].find(fits)
    if (row) free.delete(row)
    return row
  }
  const surely = said.map((message) => take((row) => isSurely(row, message)))
  return said.map((message, index) => ({ message, row: surely[index] ?? take((row) => isLikely(row, message)) }))
}

function isSurely(row: MessageRow, message: VendorMessage): boolean {
  if (message.vendorMessageId !== undefined && row.vendor_message_id === message.vendorMessageId) return true
  return message.mark !== undefined && row.mark === message.mark
}

function isLikely(row: MessageRow, message: VendorMessage): boolean {
  if (row.author !== message.author || row.text.trim() !== message.text.trim()) return false
  const bothNamed = row.vendor_message_id !== null && message.vendorMessageId !== undefined
  if (bothNamed) return false
  return row.author === 'player' || Number(row.sent_at) === message.sentAt.getTime()
}

async function noteVendorId(ledger: Ledger, row: MessageRow, message: VendorMessage, link: number): Promise<void> {
  if (row.vendor_message_id !== null || message.vendorMessageId === undefined) return
  await ledger.messages.change(row.id, { vendor_message_id: message.vendorMessageId, chain_position: link })
}

async function addMessage(
  ledger: Ledger,
  ticket: TicketRow,
  message: VendorMessage,
  link: number,
  tellAt: Date | undefined,
) {
  const id = randomId() as MessageId
  await ledger.messages.add({
    id,
    ticket_id: ticket.id,
    position: await ledger.tickets.takePosition(ticket.id),
    author: message.author,
    author_name: message.authorName ?? null,
    text: message.text,
    language: message.language ?? null,
    sent_at: message.sentAt.getTime(),
    delivery: 'delivered',
    problem_code: null,
    vendor_message_id: message.vendorMessageId ?? null,
    chain_position: link,
    mark: null,
  })
  for (const [position, file] of message.attachments.entries()) {
    await ledger.attachments.add({
      id: randomId() as AttachmentId,
      game: ticket.game,
      player: ticket.player,
      ticket_id: ticket.id,
      message_id: id,
      file_name: file.fileName,
      file_type: file.fileType,
      file_size: file.fileSize,
      state: 'ready',
      reason: null,
      vendor_file_id: file.vendorFileId,
      position,
      created_at: message.sentAt.getTime(),
    })
  }
  const event = { type: 'message-added', ticket_id: ticket.id, message_id: id } as const
  if (tellAt) await ledger.events.add(ticket.player, tellAt, event)
}

async function moveStatus(
  ledger: Ledger,
  ticket: TicketRow,
  { link, conversation: { status }, askedSince }: Heard,
  now: Date,
): Promise<boolean> {
  if (ticket.status === status || ticket.follow_up === 1) return false
  // The newest of a chain says what state the ticket is in; another may have become the newest since this was asked for.
  if ((await ledger.tickets.chain(ticket.id)).at(-1)?.position !== link) return false
  // While something of the player's is on its way, or has arrived since, the state read is older than their wish.
  if (Number(ticket.heard_at) !== askedSince || (await ledger.deliveries.isWaiting(ticket.id))) {
    await ledger.tickets.change(ticket.id, { must_read: 1 })
    return false
  }
  const isChanged = await changeStatus(ledger, ticket, { status }, 'studio', now)
  if (!isChanged) {
    await ledger.tickets.change(ticket.id, { status })
    await ledger.tickets.touch(ticket.id, now)
  }
  return true
}
