/** What the simulated Zaia knows: external users, their chats, tickets and messages, and a stranger's of each. */
import { randomUUID } from 'node:crypto'
import type { Invention, Names } from '../inventions.ts'
import { canary, type SeenTicket } from '../simulator.ts'
import type { WorldInside } from '../world.ts'

export const channelId = '5d42bb47-5c61-4837-857c-78065cfad990'
export const serviceUserId = 'f07c797a-5ed6-4a80-a34d-f79f201130ce'
export const knownTagId = '0b7e9a52-6e0a-4a5f-9a0e-3f6f4c1f2d11'
const workspaceId = randomUUID()

/** Zaia's document prints the calls of tickets, without a status; the rest is known by hearsay or not at all. */
export const inventions = {
  authenticate: {
    usual: 'POST /api/v1/external-users/authenticate',
    other: 'POST /api/v1/external-users/login',
    opensWith: true,
  },
  chats: { usual: 'GET /api/v1/chats', other: 'GET /api/v1/conversations', opensWith: true },
  messages: { usual: 'GET /api/v1/chat-messages', other: 'GET /api/v1/messages' },
  sendMessage: { usual: 'POST /api/v1/chat-messages', other: 'POST /api/v1/messages', byStudio: true },
  text: { usual: 'content', other: 'body', opensWith: true },
  role: { usual: 'role', other: 'author', opensWith: true },
  sentAt: { usual: 'createdAt', other: 'sentAt' },
  playerRole: { usual: 'user', other: 'human', opensWith: true },
  agentRole: { usual: 'agent', other: 'operator' },
  noteRole: { usual: 'note', other: 'internal' },
  /** The order and the number of words is the vendor's own: waiting, in hand, done. */
  pending: { usual: 'pending', other: 'queued', opensWith: true },
  ongoing: { usual: 'ongoing', other: 'active' },
  completed: { usual: 'completed', other: 'done' },
  /** `ownerId`, or an object `owner` with an `id`. */
  chatOwner: { usual: 'ownerId', other: 'owner' },
  /** Which of an external user's two ids `ownerIds` filters by. */
  ownerIdsMean: { usual: 'id', other: 'superIdentityId' },
} satisfies Record<string, Invention>
export type ZaiaNames = Names<typeof inventions>

/** The studio's part of a configuration that knows these names. */
export function toldOf(names: ZaiaNames): Record<string, unknown> {
  const { authenticate, chats, messages, sendMessage, text, role, sentAt, pending, ongoing, completed } = names
  return {
    paths: { authenticate, chats, messages, sendMessage },
    messageFields: { text, role, sentAt },
    statuses: { open: [pending, ongoing], closed: [completed] },
    playerRoles: [names.playerRole],
    agentRoles: [names.agentRole, 'assistant'],
  }
}

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
  status: string
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
export function createZaiaState(world: WorldInside, names: ZaiaNames, chatOnSight: boolean) {
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
    chats.push(world.took(chat))
    return chat
  }

  function removeChats(externalId: string): void {
    const owner = userOf(externalId)
    chats.splice(0, chats.length, ...chats.filter((chat) => chat.owner !== owner))
  }

  function open(chatId: string, status: TicketRow['status']): TicketRow | undefined {
    const chat = chats.find((one) => one.id === chatId)
    if (!chat) return undefined
    const createdAt = world.now().toISOString()
    const ticket: TicketRow = {
      id: randomUUID(),
      chat,
      status,
      createdAt,
      ongoingAt: null,
      completedAt: null,
      tags: [],
    }
    tickets.push(world.took(ticket))
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
      createdAt: world.now().toISOString(),
    }
    messages.push(world.took(row))
    return row
  }

  function ticketOf(ticketId: string): TicketRow | undefined {
    return tickets.find((ticket) => ticket.id === ticketId)
  }

  function complete(ticketId: string, completedBy: string): TicketRow | undefined {
    const ticket = ticketOf(ticketId)
    if (ticket) Object.assign(ticket, { status: names.completed, completedAt: world.now().toISOString(), completedBy })
    return ticket
  }

  function attach(ticketId: string, tagId: string): boolean {
    const ticket = ticketOf(ticketId)
    if (tagId !== knownTagId || !ticket) return false
    ticket.tags.push(tagId)
    return true
  }

  function messagesOf(chatId: string, ticketIds: readonly string[]): MessageRow[] {
    const found = messages.filter(
      (row) => row.chatId === chatId && (ticketIds.length === 0 || ticketIds.includes(row.ticketId)),
    )
    return world.listed('read', found, 'oldest')
  }

  /** Without the stranger's that is there from the start. */
  function seen(): SeenTicket[] {
    return tickets.slice(1).map((ticket) => ({
      vendorTicketId: ticket.id,
      closed: ticket.status === names.completed,
      lines: [
        ...ticket.tags.map((tag) => `tag: ${tag}`),
        ...messages.filter((row) => row.ticketId === ticket.id).flatMap((message) => message.content.split('\n')),
      ],
      files: [],
    }))
  }

  const mallory = userOf('player-mallory')
  const theirs = open((chats.find((chat) => chat.owner === mallory) ?? addChat(mallory)).id, names.pending)
  if (!theirs) throw new Error('the stranger has no ticket')
  say(theirs.id, names.playerRole, canary('other-player'))

  return {
    chats,
    tickets,
    userOf,
    addChat,
    removeChats,
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

/** A message as the vendor names its parts. */
export function messageOf({ id, chatId, ticketId, role, content, createdAt }: MessageRow, names: ZaiaNames) {
  const said = { [names.role]: role, [names.text]: content, [names.sentAt]: createdAt }
  return { id, chatId, ticketId, ...said, senderId: canary('sender') }
}

export function chatOf(chat: ChatRow, { chatOwner }: ZaiaNames) {
  return {
    id: chat.id,
    channelId,
    channelType: 'api',
    [chatOwner]: chatOwner === 'owner' ? { id: chat.owner.id } : chat.owner.id,
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
