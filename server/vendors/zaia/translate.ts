/** Zaia ⇄ ours. Pure. */
import { z } from 'zod'
import type { TicketStatus } from '../../contract/ticket.ts'
import { noteOf, type TagOf, withAgentNote, withoutAgentNote, withoutQuotedNotes } from '../text/agent-note.ts'
import type {
  Opening,
  Reply,
  VendorMessage,
  VendorMessageId,
  VendorPlayer,
  VendorTicket,
  VendorTicketId,
} from '../vendor.ts'
import type { ExternalUser, PublicMessage, TicketDetails, ZaiaConfig } from './wire.ts'

/** Whose tickets are the player's: their own chats', and the chat that the studio signed for. */
export interface ExternalIdentity {
  /** The external user's two ids; which of them a field holds depends on the call. */
  owners: readonly string[]
  isBlocked: boolean
  signedChatId: string | undefined
}

export function identityOf(user: ExternalUser, player: VendorPlayer): ExternalIdentity {
  return { owners: [user.id, user.superIdentityId], isBlocked: user.blocked, signedChatId: player.signed.chatId }
}

/** The key sees every chat of the workspace, so a row says itself whose it is, or it is not shown. */
export function isOwn(ticket: TicketDetails, { owners, signedChatId }: ExternalIdentity, channelId: string): boolean {
  const isOfChannel = ticket.channelId === null || ticket.channelId === channelId
  return isOfChannel && (owners.includes(ticket.chatOwnerId) || ticket.chatId === signedChatId)
}

/** A status on neither list is with the studio. */
export function isClosed(status: string, { statuses }: ZaiaConfig): boolean {
  return statuses.closed.includes(status)
}

/** Zaia does not say for whom a ticket waits; who spoke last does. */
export function statusOf(ticket: TicketDetails, messages: readonly VendorMessage[], config: ZaiaConfig): TicketStatus {
  if (isClosed(ticket.status, config)) return 'closed'
  return messages.at(-1)?.author === 'agent' ? 'answered' : 'open'
}

/** `summary` is an AI's, for staff; the first line the player wrote is the title. */
export function ticketOf(ticket: TicketDetails, messages: readonly VendorMessage[], config: ZaiaConfig): VendorTicket {
  const first = messages.find((message) => message.author === 'player')
  return {
    vendorTicketId: ticket.id as VendorTicketId,
    subject: (first?.text.trim().split('\n')[0] ?? '').slice(0, 200),
    status: statusOf(ticket, messages, config),
    createdAt: ticket.createdAt,
    updatedAt: latest([...timesOf(ticket), ...messages.map((message) => message.sentAt)]),
    mark: first?.mark,
  }
}

export function timesOf({ createdAt, ongoingAt, completedAt }: TicketDetails): Date[] {
  return [createdAt, ongoingAt, completedAt].filter((time) => time !== null)
}

export function latest(times: readonly Date[]): Date {
  return new Date(Math.max(...times.map((time) => time.getTime())))
}

/** Oldest first; a message without text has nothing to show. */
export function messagesOf(rows: readonly PublicMessage[], { playerRoles }: ZaiaConfig): VendorMessage[] {
  return rows
    .filter((row) => row.text)
    .map((row) => messageOf(row, playerRoles.includes(row.role)))
    .sort((one, other) => one.sentAt.getTime() - other.sentAt.getTime())
}

function messageOf({ id, text, sentAt }: PublicMessage, isPlayer: boolean): VendorMessage {
  const said = isPlayer ? withoutAgentNote(text ?? '') : { text: withoutQuotedNotes(text ?? ''), mark: undefined }
  return {
    vendorMessageId: (id ?? undefined) as VendorMessageId | undefined,
    author: isPlayer ? 'player' : 'agent',
    text: said.text,
    sentAt,
    attachments: [],
    mark: said.mark,
  }
}

/** Tags at Zaia are made beforehand and named by id; those that are ids can be attached, the others are written down. */
export function tagsOf({ player, category }: Opening): { ids: string[]; signedNames: string[] } {
  const signed = player.signed.tags ?? []
  const isId = (tag: string) => z.uuid().safeParse(tag).success
  return {
    ids: [...new Set([...signed, ...(category?.tags ?? [])])].filter(isId),
    signedNames: signed.filter((tag) => !isId(tag)),
  }
}

/** Zaia has neither language nor fields nor files: all of it stands under the player's words. */
export function openingText(opening: Opening, tagOf: TagOf): string {
  const { tier, fields } = opening.player.signed
  const signed = { tier, tags: tagsOf(opening).signedNames, fields }
  return withAgentNote(opening.message, { ...noteOf(opening), signed }, tagOf(opening.mark))
}

export function replyText({ message, mark, number, files, absent }: Reply, tagOf: TagOf): string {
  return withAgentNote(message, { mark, number, files, absent }, tagOf(mark))
}
