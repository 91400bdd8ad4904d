/**
 * Zaia as its document describes it: one workspace, a key that sees all of it, lists that are bare arrays, and the
 * document's own trap: an empty list of ids filters nothing. `POST /api/v1/chat-messages` stands for the call that a
 * studio would have to name.
 */
import { z } from 'zod'
import {
  canary,
  type Received,
  route,
  type SimulatedRoute,
  startSimulator,
  type VendorSimulator,
} from '../simulator.ts'
import { changedOf, channelId, chatOf, createZaiaState, detailsOf, serviceUserId, type ZaiaState } from './state.ts'

const apiKey = 'zaia-key-77ab31'

/** "any of: string · uuid[] or string · uuid" */
const Ids = z
  .union([z.uuid(), z.array(z.uuid())])
  .default([])
  .transform((ids) => (typeof ids === 'string' ? [ids] : ids))

const paging = {
  pageNumber: z.coerce.number().min(1).default(1),
  pageSize: z.coerce.number().min(1).max(100).default(10),
}

const Status = z.enum(['pending', 'ongoing', 'completed'])

const DetailsQuery = z.strictObject({
  status: Status,
  assigneeIds: Ids,
  chatIds: Ids,
  responderIds: Ids,
  responderVersionIds: Ids,
  tagIds: Ids,
  includeRemoved: z.stringbool().optional(),
  search: z.string().optional(),
  ...paging,
})

const ChatsQuery = z.strictObject({ channelIds: Ids, ownerIds: Ids, ...paging })
const MessagesQuery = z.strictObject({ chatId: z.uuid(), ticketIds: Ids })

export interface ZaiaSimulatorOptions {
  port?: number
  onReceived?: (request: Received) => void
  /** Whether whoever is seen has a chat already. Default true. */
  chatOnSight?: boolean
}

export interface ZaiaSimulator extends VendorSimulator {
  state: ZaiaState
  otherTicketId: string
}

export async function startZaiaSimulator(options: ZaiaSimulatorOptions = {}): Promise<ZaiaSimulator> {
  const { chatOnSight = true, ...rest } = options
  const state = createZaiaState(chatOnSight)
  const base = await startSimulator({
    ...rest,
    routes: [...ticketRoutes(state), ...chatRoutes(state)],
    lacks: ({ authorization }) => (authorization === apiKey ? undefined : 'the key in the header authorization'),
    errors: {
      invalid: (why) => ({ status: 400, json: { message: why } }),
      unauthorized: { status: 401, json: { message: 'unauthorized' } },
      missing,
      inside: { message: 'something went wrong' },
    },
  })
  return {
    ...base,
    config: {
      kind: 'zaia',
      baseUrl: base.url,
      apiKey,
      channelId,
      assigneeId: serviceUserId,
      paths: { sendMessage: 'POST /api/v1/chat-messages' },
    },
    calls: { open: 'POST /api/v1/chat-messages', reply: 'POST /api/v1/chat-messages' },
    tickets: state.seen,
    agentAnswers: (id, text) => void state.say(id, 'agent', text),
    agentNotes: (id, text) => void state.say(id, 'note', text),
    agentCloses: (id) => void state.complete(id, serviceUserId),
    state,
    otherTicketId: state.otherTicketId,
  }
}

const missing = { status: 404, json: { message: 'not found' } }

function ticketRoutes(state: ZaiaState): SimulatedRoute[] {
  return [
    route({
      call: 'GET /api/v1/tickets/details',
      query: DetailsQuery,
      answer: ({ query }) => {
        const { status, chatIds, pageNumber, pageSize } = query
        const found = state.tickets.filter(
          (ticket) => ticket.status === status && (chatIds.length === 0 || chatIds.includes(ticket.chat.id)),
        )
        return { json: pageOf(found.toReversed(), pageNumber, pageSize).map(detailsOf) }
      },
    }),
    route({
      call: 'GET /api/v1/tickets/:id/details',
      answer: ({ params }) => {
        const ticket = state.ticketOf(params.id ?? '')
        return ticket ? { json: detailsOf(ticket) } : missing
      },
    }),
    route({
      call: 'POST /api/v1/tickets',
      json: z.strictObject({
        chatId: z.uuid(),
        ticketingTeamId: z.uuid().nullable(),
        assigneeId: z.literal(serviceUserId),
        status: Status,
      }),
      answer: ({ body }) => {
        const ticket = state.open(body.chatId, body.status)
        return ticket ? { json: changedOf(ticket) } : missing
      },
    }),
    route({
      call: 'PATCH /api/v1/tickets/:id/complete',
      json: z.strictObject({ userId: z.literal(serviceUserId) }),
      answer: ({ params, body }) => {
        const ticket = state.complete(params.id ?? '', body.userId)
        return ticket ? { json: changedOf(ticket) } : missing
      },
    }),
    route({
      call: 'POST /api/v1/tickets/:ticketId/tags',
      json: z.strictObject({ tagId: z.uuid() }),
      answer: ({ params, body }) => {
        const now = new Date().toISOString()
        const tag = { createdAt: now, updatedAt: now, tagId: body.tagId, ticketId: params.ticketId }
        return state.attach(params.ticketId ?? '', body.tagId) ? { json: tag } : missing
      },
    }),
  ]
}

function chatRoutes(state: ZaiaState): SimulatedRoute[] {
  return [
    route({
      call: 'POST /api/v1/external-users/authenticate',
      json: z.strictObject({
        channelId: z.literal(channelId),
        externalId: z.string().min(3).max(250),
        id: z.uuid().nullable(),
        identifier: z.string().nullable(),
      }),
      answer: ({ body }) => ({
        json: {
          ...state.userOf(body.externalId),
          channelId,
          externalUserGroupId: null,
          identifier: null,
          name: canary('user-name'),
          tierId: null,
          workspaceId: channelId,
          accessToken: canary('access-token'),
        },
      }),
    }),
    route({
      call: 'GET /api/v1/chats',
      query: ChatsQuery,
      answer: ({ query }) => {
        const { ownerIds, pageNumber, pageSize } = query
        const found = state.chats.filter((chat) => ownerIds.length === 0 || ownerIds.includes(chat.owner.id))
        return { json: pageOf(found, pageNumber, pageSize).map(chatOf) }
      },
    }),
    route({
      call: 'GET /api/v1/chat-messages',
      query: MessagesQuery,
      answer: ({ query }) => ({
        json: state.messagesOf(query.chatId, query.ticketIds).map((row) => ({ ...row, senderId: canary('sender') })),
      }),
    }),
    route({
      call: 'POST /api/v1/chat-messages',
      json: z.strictObject({
        chatId: z.uuid(),
        ticketId: z.uuid(),
        content: z.string().min(1),
        role: z.literal('user'),
      }),
      answer: ({ body }) => {
        const row = state.say(body.ticketId, body.role, body.content)
        return row?.chatId === body.chatId ? { json: row } : missing
      },
    }),
  ]
}

function pageOf<T>(rows: readonly T[], pageNumber: number, pageSize: number): T[] {
  return rows.slice((pageNumber - 1) * pageSize, pageNumber * pageSize)
}
