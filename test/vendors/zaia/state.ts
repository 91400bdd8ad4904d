/** What the simulated Zaia knows: external users, their chats, tickets and messages, and a stranger's of each. */
import { randomUUID } from 'node:crypto'
import { canary, type SeenTicket } from '../simulator.ts'

export const channelId = '5d42bb47-5c61-4837-857c-78065cfad990'
export const serviceUserId = 'f07c797a-5ed6-4a80-a34d-f79f201130ce'
export const knownTagId = '0b7e9a52-6e0a-4a5f-9a0e-3f6f4c1f2d11'
const workspaceId = randomUUID()

export interface UserRow {
  id: string
  superIdentityId: string
  externalId: string
  blocked: boolean
}

export interface ChatRow {
  id: string
  owner: UserRow
}

export interface TicketRow {
  id: string
  chat: ChatRow
  status: 'pending' | 'ongoing' | 'completed'
  createdAt: string
  ongoingAt: string | null
  completedAt: string | null
  completedBy?: string
  tags: string[]
}

export interface MessageRow {
  id: string
  chatId: string
  ticketId: string
  role: string
  content: string
  createdAt: string
}

export type ZaiaState = ReturnType<typeof createZaiaState>

/** `chatOnSight`: whoever is seen has a chat, as if they had talked to the studio's agent before. */
export function createZaiaState(chatOnSight: boolean) {
  const users: UserRow[] = []
  const chats: ChatRow[] = []
  const tickets: TicketRow[] = []
  const messages: MessageRow[] = []

  function userOf(externalId: string): UserRow {
    const known = users.find((user) => user.externalId === externalId)
    if (known) return known
    const user = { id: randomUUID(), superIdentityId: randomUUID(), externalId, blocked: false }
    users.push(user)
    if (chatOnSight) addChat(user)
    return user
  }

  function addChat(owner: UserRow): ChatRow {
    const chat = { id: randomUUID(), owner }
    chats.push(chat)
    return chat
  }

  function open(chatId: string, status: TicketRow['status']): TicketRow | undefined {
    const chat = chats.find((one) => one.id === chatId)
    if (!chat) return undefined
    const createdAt = new Date().toISOString()
    const ticket = { id: randomUUID(), chat, status, createdAt, ongoingAt: null, completedAt: null, tags: [] }
    tickets.push(ticket)
    say(ticket.id, 'system', canary('system-prompt'))
    say(ticket.id, 'tool', canary('tool-call'))
    return ticket
  }

  function say(ticketId: string, role: string, content: string): MessageRow | undefined {
    const ticket = ticketOf(ticketId)
    if (!ticket) return undefined
    const row = {
      id: randomUUID(),
      chatId: ticket.chat.id,
      ticketId,
      role,
      content,
      createdAt: new Date().toISOString(),
    }
    messages.push(row)
    return row
  }

  function ticketOf(ticketId: string): TicketRow | undefined {
    return tickets.find((ticket) => ticket.id === ticketId)
  }

  function complete(ticketId: string, completedBy: string): TicketRow | undefined {
    const ticket = ticketOf(ticketId)
    if (ticket) Object.assign(ticket, { status: 'completed', completedAt: new Date().toISOString(), completedBy })
    return ticket
  }

  function attach(ticketId: string, tagId: string): boolean {
    const ticket = ticketOf(ticketId)
    if (tagId !== knownTagId || !ticket) return false
    ticket.tags.push(tagId)
    return true
  }

  function messagesOf(chatId: string, ticketIds: readonly string[]): MessageRow[] {
    return messages.filter(
      (row) => row.chatId === chatId && (ticketIds.length === 0 || ticketIds.includes(row.ticketId)),
    )
  }

  /** Without the stranger's that is there from the start. */
  function seen(): SeenTicket[] {
    return tickets.slice(1).map((ticket) => ({
      vendorTicketId: ticket.id,
      closed: ticket.status === 'completed',
      lines: [
        ...ticket.tags.map((tag) => `tag: ${tag}`),
        ...messagesOf(ticket.chat.id, [ticket.id]).flatMap((message) => message.content.split('\n')),
      ],
      files: [],
    }))
  }

  const mallory = userOf('player-mallory')
  const theirs = open((chats.find((chat) => chat.owner === mallory) ?? addChat(mallory)).id, 'pending')
  if (!theirs) throw new Error('the stranger has no ticket')
  say(theirs.id, 'user', canary('other-player'))

  return {
    chats,
    tickets,
    userOf,
    addChat,
    open,
    say,
    ticketOf,
    complete,
    attach,
    messagesOf,
    seen,
    otherTicketId: theirs.id,
  }
}

/** The row of `GET /tickets/details`, every field of the document. */
export function detailsOf(ticket: TicketRow) {
  return {
    assigneeEmail: `${canary('assignee')}@company.example`,
    assigneeId: serviceUserId,
    assigneeName: canary('assignee-name'),
    assigneePicture: canary('assignee-picture'),
    channelId,
    channelName: canary('channel'),
    channelType: 'api',
    chatId: ticket.chat.id,
    chatIsRemoved: false,
    chatOwnerId: ticket.chat.owner.superIdentityId,
    completedAt: ticket.completedAt,
    createdAt: ticket.createdAt,
    id: ticket.id,
    isOwnerBlocked: ticket.chat.owner.blocked,
    ongoingAt: ticket.ongoingAt,
    ownerEmail: null,
    ownerEntity: 'external-users',
    ownerIdentifier: canary('identifier'),
    ownerName: canary('owner-name'),
    pendingChatMessages: 0,
    responderEntity: 'agents',
    responderId: randomUUID(),
    responderName: canary('responder'),
    responderPicture: null,
    responderVersionId: null,
    responderVersionNumber: null,
    status: ticket.status,
    summary: canary('summary'),
    ticketingTeamId: null,
    ticketingTeamName: null,
    ticketingTeamPicture: null,
    workspaceId,
  }
}

/** The ticket as the calls that change it answer it. */
export function changedOf(ticket: TicketRow) {
  return {
    createdAt: ticket.createdAt,
    id: ticket.id,
    updatedAt: ticket.completedAt ?? ticket.createdAt,
    assigneeId: serviceUserId,
    chatId: ticket.chat.id,
    circumstance: 'takeover',
    completedAt: ticket.completedAt,
    lastViewedAt: null,
    ongoingAt: ticket.ongoingAt,
    status: ticket.status,
    summary: canary('summary'),
    ticketingTeamId: null,
  }
}

export function chatOf(chat: ChatRow) {
  return {
    id: chat.id,
    channelId,
    channelType: 'api',
    ownerId: chat.owner.id,
    ownerIdentifier: canary('identifier'),
    ownerName: canary('owner-name'),
    isOwnerBlocked: chat.owner.blocked,
    isRemoved: false,
    title: canary('chat-title'),
    lastChatMessagePreview: canary('preview'),
    responderId: randomUUID(),
    ticketId: null,
    ticketStatus: null,
  }
}
