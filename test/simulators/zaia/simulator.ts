/**
 * Zaia as its document describes it: one workspace, a key that sees all of it, lists that are bare arrays, and the
 * document's own trap: an empty list of ids filters nothing. `POST /api/v1/chat-messages` stands for the call that a
 * studio would have to name.
 */
import { z } from 'zod'
import { type Naming, namesOf, withTold } from '../inventions.ts'
import {
  canary,
  type Received,
  route,
  type SimulatedRoute,
  startSimulator,
  type VendorSimulator,
} from '../simulator.ts'
import { createWorld, type WorldInside } from '../world.ts'
import {
  type ChatRow,
  changedOf,
  channelId,
  chatOf,
  createZaiaState,
  detailsOf,
  inventions,
  messageOf,
  serviceUserId,
  toldOf,
  type ZaiaNames,
  type ZaiaState,
} from './state.ts'

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

/** "status enum Required", and no value is printed. */
const statusOf = ({ pending, ongoing, completed }: ZaiaNames) => z.enum([pending, ongoing, completed])

const detailsQueryOf = (names: ZaiaNames) =>
  z.strictObject({
    status: statusOf(names),
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

export interface ZaiaSimulatorOptions extends Naming {
  port?: number
  onReceived?: (request: Received) => void
  realTime?: boolean
  /** Whether whoever is seen has a chat already. Default false: the document opens none. */
  chatOnSight?: boolean
}

export interface ZaiaSimulator extends VendorSimulator {
  state: ZaiaState
  otherTicketId: string
}

export async function startZaiaSimulator(options: ZaiaSimulatorOptions = {}): Promise<ZaiaSimulator> {
  const { chatOnSight = false, names: changes, told = true, realTime, ...rest } = options
  const [names, usual] = [namesOf(inventions, changes), namesOf(inventions)]
  const world = createWorld({ realTime })
  const state = createZaiaState(world, names, chatOnSight)
  const base = await startSimulator({
    ...rest,
    world,
    routes: [...ticketRoutes(state, world, names), ...chatRoutes(state, world, names)],
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
    config: withTold(
      {
        kind: 'zaia',
        baseUrl: base.url,
        apiKey,
        channelId,
        assigneeId: serviceUserId,
        paths: { sendMessage: inventions.sendMessage.usual },
      },
      toldOf(told ? names : usual),
      toldOf(usual),
    ),
    calls: {
      open: names.sendMessage,
      reply: names.sendMessage,
      lists: ['GET /api/v1/tickets/details'],
      messages: names.messages,
    },
    tickets: state.seen,
    agentAnswers: (id, text) => void state.say(id, names.agentRole, text),
    agentNotes: (id, text) => void state.say(id, names.noteRole, text),
    makeNew: state.removeChats,
    seed: ({ id }, message) => {
      const owner = state.userOf(id)
      const chat = state.chats.find((one) => one.owner === owner) ?? state.addChat(owner)
      const ticketId = state.open(chat.id, names.pending)?.id ?? ''
      state.say(ticketId, names.playerRole, message)
      return ticketId
    },
    agentCloses: (id) => void state.complete(id, serviceUserId),
    state,
    otherTicketId: state.otherTicketId,
  }
}

const missing = { status: 404, json: { message: 'not found' } }

function ticketRoutes(state: ZaiaState, world: WorldInside, names: ZaiaNames): SimulatedRoute[] {
  return [
    route({
      call: 'GET /api/v1/tickets/details',
      query: detailsQueryOf(names),
      answer: ({ query }) => {
        const { status, chatIds, pageNumber, pageSize } = query
        const found = state.tickets.filter(
          (ticket) => ticket.status === status && (chatIds.length === 0 || chatIds.includes(ticket.chat.id)),
        )
        return { json: pageOf(world.listed('list', found, 'newest'), pageNumber, pageSize).map(detailsOf) }
      },
    }),
    route({
      call: 'GET /api/v1/tickets/:id/details',
      answer: ({ params }) => {
        const ticket = state.ticketOf(params.id ?? '')
        return ticket && world.isShown('read', ticket) ? { json: detailsOf(ticket) } : missing
      },
    }),
    route({
      call: 'POST /api/v1/tickets',
      json: z.strictObject({
        chatId: z.uuid(),
        ticketingTeamId: z.uuid().nullable(),
        assigneeId: z.literal(serviceUserId),
        status: statusOf(names),
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
        const now = world.now().toISOString()
        const tag = { createdAt: now, updatedAt: now, tagId: body.tagId, ticketId: params.ticketId }
        return state.attach(params.ticketId ?? '', body.tagId) ? { json: tag } : missing
      },
    }),
  ]
}

function chatRoutes(state: ZaiaState, world: WorldInside, names: ZaiaNames): SimulatedRoute[] {
  return [
    route({
      call: names.authenticate,
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
      call: names.chats,
      query: ChatsQuery,
      answer: ({ query }) => {
        const { ownerIds, pageNumber, pageSize } = query
        const ownerOf = ({ owner }: ChatRow) => (names.ownerIdsMean === 'id' ? owner.id : owner.superIdentityId)
        const found = state.chats.filter((chat) => ownerIds.length === 0 || ownerIds.includes(ownerOf(chat)))
        const chats = pageOf(world.ordered(found, 'oldest'), pageNumber, pageSize)
        return { json: chats.map((chat) => chatOf(chat, names)) }
      },
    }),
    route({
      call: names.messages,
      query: MessagesQuery,
      answer: ({ query }) => ({
        json: state.messagesOf(query.chatId, query.ticketIds).map((row) => messageOf(row, names)),
      }),
    }),
    route({
      call: names.sendMessage,
      json: z.strictObject({
        chatId: z.uuid(),
        ticketId: z.uuid(),
        [names.text]: z.string().min(1),
        [names.role]: z.literal(names.playerRole),
      }),
      answer: ({ body }) => {
        const { chatId, ticketId, [names.text]: text } = z.record(z.string(), z.string()).parse(body)
        const row = state.say(ticketId ?? '', names.playerRole, text ?? '')
        return row && row.chatId === chatId ? { json: messageOf(row, names) } : missing
      },
    }),
  ]
}

function pageOf<T>(rows: readonly T[], pageNumber: number, pageSize: number): T[] {
  return rows.slice((pageNumber - 1) * pageSize, pageNumber * pageSize)
}
