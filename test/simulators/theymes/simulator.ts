/**
 * Theymes as its document describes it: one company with two games, a key that sees all of it, and filters that are all
 * optional. Every private field is salted; other players' tickets are always there, one under our player's own id in
 * another game.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { languages } from '../../../server/contract/language.ts'
import { type Naming, namesOf, withTold } from '../inventions.ts'
import { type Received, route, type SimulatedRoute, startSimulator, type VendorSimulator } from '../simulator.ts'
import { createWorld, type WorldInside } from '../world.ts'
import {
  createTheymesState,
  inventions,
  otherGameId,
  simulatedGameId,
  type TheymesNames,
  type TheymesState,
  type TicketRow,
  toldOf,
} from './state.ts'

const apiKey = 'theymes-key-4d1f0b'

const fileTypes = [
  'image/svg+xml',
  'image/png',
  'image/jpeg',
  'image/gif',
  'application/pdf',
  'video/mp4',
  'video/quicktime',
  'text/plain',
  'application/zip',
  'application/vnd.rar',
]

const TicketsQuery = z.strictObject({
  playerId: z.string().optional(),
  email: z.string().optional(),
  gameId: z.uuid().optional(),
  ticketId: z.uuid().optional(),
  createdAfter: z.iso.date().optional(),
  createdBefore: z.iso.date().optional(),
  order: z.enum(['asc', 'desc']).default('asc'),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

const NewTicketBody = z.strictObject({
  gameId: z.uuid(),
  message: z.string().min(1),
  attachments: z.array(z.string()).default([]),
  skipDuplicateCheck: z.boolean().default(false),
  language: z.enum(languages),
  channels: z.array(z.literal('email')).min(1),
  metadata: z.strictObject({
    tags: z.array(z.string()).optional(),
    fields: z.record(z.string(), z.string()).optional(),
    player: z
      .strictObject({
        id: z.string().min(1).optional(),
        name: z.string().optional(),
        email: z.email().optional(),
        tier: z.int().min(1).max(3).optional(),
      })
      .optional(),
  }),
})
export type NewTicketBody = z.output<typeof NewTicketBody>

const NewAttachmentBody = z.strictObject({
  gameId: z.uuid(),
  fileName: z.string().min(1),
  fileType: z.enum(fileTypes),
  fileSize: z.int().min(1).max(209_715_200),
  playerId: z.string().min(1).nullish(),
})

const plainAction = (type: string) => z.looseObject({ type: z.literal(type) })

const ActionsBody = z.strictObject({
  actions: z
    .array(
      z.union([
        z.strictObject({ type: z.enum(['addTags', 'removeTags']), tagNames: z.array(z.string()) }),
        z.strictObject({ type: z.enum(['resolveTicket', 'rejectTicket']) }),
        plainAction('setFields'),
        plainAction('setOnHold'),
        plainAction('setPlayerInfo'),
        plainAction('sendMessage'),
        z.strictObject({ type: z.literal('addPrivateNote'), message: z.string().min(1) }),
        plainAction('assignTicket'),
        plainAction('unassignTicket'),
      ]),
    )
    .min(1),
})

export interface TheymesSimulatorOptions extends Naming {
  port?: number
  onReceived?: (request: Received) => void
  realTime?: boolean
  /** What a hit of the duplicate check answers: nobody says. Default: nothing is ever taken for a duplicate. */
  duplicates?: 'earlier' | 'refused'
}

export interface TheymesSimulator extends VendorSimulator {
  forgotten: () => readonly string[]
  /** A ticket that the player opened in Theymes' own widget. */
  opensElsewhere: (playerId: string, message: string) => string
  /** The events call answers this kind of event besides. */
  adds: (vendorTicketId: string, event: { type: string; message?: string }) => void
  rows: () => readonly TicketRow[]
  otherTicketId: string
  /** Drops the bytes of all files, so that a long run does not gather them. */
  letGoOfFiles: () => void
}

export async function startTheymesSimulator(options: TheymesSimulatorOptions = {}): Promise<TheymesSimulator> {
  const { duplicates, names: changes, told = true, realTime, ...rest } = options
  const [names, usual] = [namesOf(inventions, changes), namesOf(inventions)]
  const world = createWorld({ realTime })
  const state = createTheymesState(world, names)
  let address = ''
  const base = await startSimulator({
    ...rest,
    world,
    routes: routesOf({ state, world, names, duplicates, address: () => address }),
    lacks: ({ authorization }) => (authorization === `Bearer ${apiKey}` ? undefined : 'Authorization: Bearer <key>'),
    errors: {
      invalid: (why) => ({ status: 400, json: { message: why } }),
      unauthorized: { status: 401, json: { message: 'Unauthorized' } },
      missing: { status: 404, json: { message: 'Not found' } },
      inside: { error: 'Something went wrong' },
    },
  })
  address = base.url
  return {
    ...base,
    config: withTold(
      {
        kind: 'theymes',
        baseUrl: base.url,
        apiKey,
        gameId: simulatedGameId,
        paths: { deletion: 'POST /data-deletions', attachment: 'GET /attachments/{attachmentId}' },
      },
      toldOf(told ? names : usual),
      toldOf(usual),
    ),
    calls: { open: 'POST /tickets', lists: ['GET /tickets'], messages: names.events },
    tickets: state.seen,
    agentAnswers: state.agentAnswers,
    agentNotes: (id, text) => state.addEvent(id, { type: names.privateNote, message: text }),
    agentCloses: (id) => state.close(id, 'resolved'),
    hookOf: (ticketId) => JSON.stringify({ ticketId }),
    forgotten: state.forgotten,
    opensElsewhere: state.opensElsewhere,
    seed: ({ id }, message) => state.opensElsewhere(id, message),
    adds: state.addEvent,
    rows: () => state.rows,
    otherTicketId: state.otherTicketId,
    letGoOfFiles: state.letGoOfFiles,
  }
}

interface Place {
  state: TheymesState
  world: WorldInside
  names: TheymesNames
  duplicates: TheymesSimulatorOptions['duplicates']
  address: () => string
}

function routesOf({ state, world, names, duplicates, address }: Place): SimulatedRoute[] {
  const missing = { status: 404, json: { message: 'Not found' } }
  return [
    route({
      call: 'GET /tickets',
      query: TicketsQuery,
      answer: ({ query }) => ({ json: pageOf(state, world, query) }),
    }),
    route({
      call: 'POST /tickets',
      json: NewTicketBody,
      answer: ({ body }) => {
        const earlier = duplicates && !body.skipDuplicateCheck ? state.duplicateOf(body) : undefined
        if (earlier && duplicates === 'refused') return { status: 409, json: { message: 'Duplicate ticket' } }
        const ticketId = earlier ?? state.open(body)
        return ticketId ? { json: { ticketId } } : { status: 400, json: { message: 'Unknown game or attachment' } }
      },
    }),
    route({
      call: 'POST /attachments',
      json: NewAttachmentBody,
      answer: ({ body }) => {
        const attachmentId = state.prepare(body)
        return {
          json: {
            attachmentId,
            [names.uploadUrl]: `${address()}/uploads/${attachmentId}?signature=${randomUUID()}`,
            uploadMethod: 'PUT',
            uploadHeaders: { 'content-type': body.fileType, 'x-upload-owner': attachmentId },
            uploadExpiresInSeconds: 600,
          },
        }
      },
    }),
    route({
      call: 'PUT /uploads/:attachmentId',
      query: z.strictObject({ signature: z.uuid() }),
      raw: 'bytes',
      open: true,
      answer: ({ params, body, headers }) => {
        const fits = headers['x-upload-owner'] === params.attachmentId
        return { status: fits && state.receive(params.attachmentId ?? '', body as unknown as Buffer) ? 200 : 403 }
      },
    }),
    route({
      call: names.attachment,
      answer: ({ params }) => {
        const file = state.fileOf(params.attachmentId ?? '')
        return file?.bytes ? { bytes: file.bytes, headers: { 'content-type': file.fileType } } : missing
      },
    }),
    route({
      call: names.actions,
      json: ActionsBody,
      answer: ({ params, body }) => {
        const done = body.actions.every((action) => state.act(params.ticketId ?? '', action))
        return done ? { json: { success: true } } : missing
      },
    }),
    route({
      call: names.events,
      answer: ({ params }) => {
        const events = state.eventsOf(params.ticketId ?? '')
        return events ? { json: { events } } : missing
      },
    }),
    route({ call: names.games, answer: () => ({ json: { games: [gameOf(simulatedGameId), gameOf(otherGameId)] } }) }),
    route({ call: names.tags, answer: () => ({ json: { tags: state.tagList() } }) }),
    route({ call: names.fields, answer: () => ({ json: { fields: state.fieldList() } }) }),
    route({
      call: names.deletion,
      json: z.strictObject({ theymesPlayerId: z.uuid() }),
      answer: ({ body }) => (state.forget(body.theymesPlayerId) ? { json: { success: true } } : missing),
    }),
  ]
}

function pageOf(state: TheymesState, world: WorldInside, query: z.output<typeof TicketsQuery>) {
  const found = state.rows.filter(
    (row) =>
      world.isShown(query.ticketId === undefined ? 'list' : 'search', row) &&
      (query.playerId === undefined || row.playerId === query.playerId) &&
      (query.gameId === undefined || row.gameId === query.gameId) &&
      (query.ticketId === undefined || row.id === query.ticketId) &&
      (query.createdAfter === undefined || row.createdAt.slice(0, 10) >= query.createdAfter) &&
      (query.createdBefore === undefined || row.createdAt.slice(0, 10) <= query.createdBefore),
  )
  const ordered = query.order === 'desc' ? found.toReversed() : found
  const start = query.cursor === undefined ? 0 : Number(Buffer.from(query.cursor, 'base64url').toString())
  const end = start + world.pageSize(query.limit)
  const cursor = end < ordered.length ? { cursor: Buffer.from(String(end)).toString('base64url') } : {}
  return { tickets: ordered.slice(start, end), pagination: cursor }
}

function gameOf(id: string) {
  const at = '2026-01-01T00:00:00Z'
  return { id, name: 'Star Harbor', slug: 'star-harbor', languages: ['en', 'de'], createdAt: at, updatedAt: at }
}
