/** What the simulated Theymes knows: its tickets, their events, its files, and whom it was asked to forget. */
import { randomUUID } from 'node:crypto'
import { configuredPath, type Invention, type Names } from '../inventions.ts'
import { type AgentFile, canary, type SeenTicket } from '../simulator.ts'
import type { WorldInside } from '../world.ts'
import type { NewTicketBody } from './simulator.ts'

/** Theymes' document prints `/tickets` and `/attachments`, the shapes of the rest, one type of event and one status. */
export const inventions = {
  actions: { usual: 'POST /tickets/:ticketId/actions', other: 'POST /tickets/:ticketId/perform' },
  events: { usual: 'GET /tickets/:ticketId/events', other: 'GET /events/:ticketId' },
  games: { usual: 'GET /games', other: 'GET /company/games' },
  tags: { usual: 'GET /tags', other: 'GET /company/tags' },
  fields: { usual: 'GET /fields', other: 'GET /company/fields' },
  deletion: { usual: 'POST /data-deletions', other: 'DELETE /players', byStudio: true },
  attachment: {
    usual: 'GET /attachments/:attachmentId',
    other: 'GET /tickets/:ticketId/files/:attachmentId',
    byStudio: true,
  },
  uploadUrl: { usual: 'uploadUrl', other: 'url' },
  agentMessage: { usual: 'AGENT_MESSAGE', other: 'STUDIO_MESSAGE' },
  privateNote: { usual: 'PRIVATE_NOTE', other: 'INTERNAL_NOTE' },
  assignment: { usual: 'ASSIGNMENT', other: 'TICKET_ASSIGNED' },
  waiting: { usual: 'waiting', other: 'WAITING_FOR_PLAYER' },
  closed: { usual: 'closed', other: 'CLOSED' },
} satisfies Record<string, Invention>
export type TheymesNames = Names<typeof inventions>

/** The studio's part of a configuration that knows these names. */
export function toldOf({ uploadUrl, agentMessage, ...names }: TheymesNames): Record<string, unknown> {
  const { actions, events, games, tags, fields, deletion, attachment } = names
  const paths = Object.entries({ actions, events, games, tags, fields, deletion, attachment })
  return {
    paths: Object.fromEntries(paths.map(([name, call]) => [name, configuredPath(call)])),
    uploadUrlField: uploadUrl,
    agentMessageTypes: [agentMessage],
  }
}

export const simulatedGameId = '3f0eee32-8eac-4668-9b38-e3e5dc21d607'
export const otherGameId = '9c1c60a2-1f3e-4d4f-9f0c-0b7d4d0f7a11'

export interface TicketRow {
  id: string
  url: string
  gameId: string
  gameEnvironmentId: string
  theymesPlayerId: string
  playerId: string
  status: string
  channels: string[]
  language: string
  resolutionType: string | null
  csatScore: number | null
  csatReview: string
  issueSummary: string
  issueResolution: string
  createdAt: string
  lastActivityAt: string
}

interface EventRow {
  id: string
  type: string
  createdAt: string
  message: string
  language: string
  attachments: { id: string }[]
}

interface FileRow extends Partial<AgentFile> {
  fileName: string
  fileType: string
  fileSize: number
}

const definedTags = ['vip', 'billing', 'deletion-request', ...[1, 2, 3, 4, 5].map((score) => `rating-${score}`)]
const definedFields = ['guild']

export type TheymesState = ReturnType<typeof createTheymesState>

export function createTheymesState(world: WorldInside, names: TheymesNames) {
  const rows: TicketRow[] = []
  const events = new Map<string, EventRow[]>()
  const metadata = new Map<string, NewTicketBody['metadata']>()
  const files = new Map<string, FileRow>()
  const players = new Map<string, string>()
  const forgotten: string[] = []

  function theymesPlayerIdOf(gameId: string, playerId: string): string {
    const key = `${gameId} ${playerId}`
    const id = players.get(key) ?? randomUUID()
    players.set(key, id)
    return id
  }

  function addRow(gameId: string, playerId: string, language: string, channels: string[]): string {
    const id = randomUUID()
    const now = world.now().toISOString()
    const row = {
      id,
      url: `https://company.theymes.example/desk/${canary('url')}`,
      gameId,
      gameEnvironmentId: randomUUID(),
      theymesPlayerId: theymesPlayerIdOf(gameId, playerId),
      playerId,
      status: 'new',
      channels,
      language,
      resolutionType: null,
      csatScore: null,
      csatReview: canary('csat'),
      issueSummary: canary('summary'),
      issueResolution: canary('resolution'),
      createdAt: now,
      lastActivityAt: now,
    }
    rows.push(world.took(row))
    events.set(id, [])
    addEvent(id, { type: names.assignment, message: `assigned to ${canary('agent')}@company.example` })
    addEvent(id, { type: names.privateNote, message: canary('note') })
    return id
  }

  function addEvent(ticketId: string, event: { type: string; message?: string; attachments?: { id: string }[] }): void {
    const createdAt = world.now().toISOString()
    const whole = { id: randomUUID(), createdAt, message: '', language: 'en', attachments: [], ...event }
    events.get(ticketId)?.push(world.took(whole))
    const row = rowOf(ticketId)
    if (row) row.lastActivityAt = createdAt
  }

  function rowOf(ticketId: string): TicketRow | undefined {
    return rows.find((row) => row.id === ticketId)
  }

  function open(body: NewTicketBody): string | undefined {
    const isReady = body.attachments.every((id) => files.get(id)?.bytes !== undefined)
    if (!isReady || body.gameId !== simulatedGameId) return undefined
    const id = addRow(body.gameId, body.metadata.player?.id ?? randomUUID(), body.language, body.channels)
    addEvent(id, {
      type: 'PLAYER_MESSAGE',
      message: body.message,
      attachments: body.attachments.map((one) => ({ id: one })),
    })
    metadata.set(id, body.metadata)
    return id
  }

  /** The same player's open ticket with the same first line. */
  function duplicateOf({ message, metadata: { player } }: NewTicketBody): string | undefined {
    const firstLine = (text: string) => text.split('\n')[0]
    const isSame = (event: EventRow) =>
      event.type === 'PLAYER_MESSAGE' && firstLine(event.message) === firstLine(message)
    const found = rows.find(
      (row) => row.playerId === player?.id && row.status !== names.closed && events.get(row.id)?.some(isSame),
    )
    return found?.id
  }

  function opensElsewhere(playerId: string, message: string): string {
    const id = addRow(simulatedGameId, playerId, 'en', ['chat'])
    addEvent(id, { type: 'PLAYER_MESSAGE', message })
    return id
  }

  function close(ticketId: string, resolutionType: string): boolean {
    const row = rowOf(ticketId)
    if (row) Object.assign(row, { status: names.closed, resolutionType })
    return row !== undefined
  }

  function addTags(ticketId: string, names: readonly string[] = []): void {
    const known = metadata.get(ticketId) ?? {}
    metadata.set(ticketId, { ...known, tags: [...new Set([...(known.tags ?? []), ...names])] })
  }

  function act(ticketId: string, action: { type: string; tagNames?: string[]; message?: unknown }): boolean {
    if (action.type === 'addTags') addTags(ticketId, action.tagNames)
    if (action.type === 'addPrivateNote') addEvent(ticketId, { type: 'PRIVATE_NOTE', message: String(action.message) })
    if (action.type === 'resolveTicket') return close(ticketId, 'resolved')
    if (action.type === 'rejectTicket') return close(ticketId, 'rejected')
    if (action.type === 'sendMessage') addEvent(ticketId, { type: names.agentMessage, message: 'in the studio’s name' })
    return rowOf(ticketId) !== undefined
  }

  function agentAnswers(ticketId: string, text: string, file?: AgentFile): void {
    const id = randomUUID()
    if (file) files.set(id, { ...file, fileSize: file.bytes.byteLength })
    addEvent(ticketId, { type: names.agentMessage, message: text, attachments: file ? [{ id }] : [] })
    const row = rowOf(ticketId)
    if (row) row.status = names.waiting
  }

  /** Tags and fields that are not defined are dropped without a word, as the vendor does. */
  function linesOf(row: TicketRow): string[] {
    const { tags = [], fields = {}, player } = metadata.get(row.id) ?? {}
    return [
      `language: ${row.language}`,
      `player: ${JSON.stringify(player)}`,
      ...tags.filter((tag) => definedTags.includes(tag)).map((tag) => `tag: ${tag}`),
      ...Object.entries(fields).flatMap(([key, value]) =>
        definedFields.includes(key) ? [`field ${key}: ${value}`] : [],
      ),
      ...(events.get(row.id) ?? []).flatMap((event) => event.message.split('\n')),
    ]
  }

  /** Without the strangers' that are there from the start. */
  function seen(): SeenTicket[] {
    return rows.slice(strangers).map((row) => ({
      vendorTicketId: row.id,
      closed: row.status === names.closed,
      lines: linesOf(row),
      files: (events.get(row.id) ?? [])
        .flatMap((event) => event.attachments.map(({ id }) => files.get(id)))
        .flatMap((file) => (file?.bytes ? [{ ...file, bytes: file.bytes }] : [])),
    }))
  }

  function prepare(file: { fileName: string; fileType: string; fileSize: number }): string {
    const id = randomUUID()
    files.set(id, { fileName: file.fileName, fileType: file.fileType, fileSize: file.fileSize })
    return id
  }

  function receive(id: string, bytes: Buffer): boolean {
    const file = files.get(id)
    if (file?.fileSize !== bytes.byteLength) return false
    file.bytes = bytes
    return true
  }

  function forget(theymesPlayerId: string): boolean {
    const row = rows.find((one) => one.theymesPlayerId === theymesPlayerId)
    if (row) forgotten.push(row.playerId)
    return row !== undefined
  }

  function definedOf<T>(names: readonly string[], rest: (name: string) => T) {
    return [simulatedGameId, otherGameId].flatMap((gameId) => names.map((name) => ({ gameId, ...rest(name) })))
  }

  const otherTicketId = addRow(simulatedGameId, 'player-mallory', 'en', ['chat'])
  addEvent(otherTicketId, { type: 'PLAYER_MESSAGE', message: canary('other-player') })
  const elsewhere = addRow(otherGameId, 'player-ada', 'en', ['chat'])
  addEvent(elsewhere, { type: 'PLAYER_MESSAGE', message: canary('other-game') })

  const strangers = rows.length

  const at = '2026-01-01T00:00:00Z'
  return {
    rows,
    otherTicketId,
    open,
    duplicateOf,
    opensElsewhere,
    close,
    act,
    agentAnswers,
    addEvent,
    seen,
    prepare,
    receive,
    forget,
    forgotten: () => forgotten,
    fileOf: (id: string) => files.get(id),
    letGoOfFiles: () => {
      for (const file of files.values()) if (file.bytes) file.bytes = Buffer.alloc(0)
    },
    /** As they are shown, once the ticket itself is. */
    eventsOf: (ticketId: string) => {
      const row = rowOf(ticketId)
      return row && world.isShown('read', row) ? world.listed('read', events.get(ticketId) ?? [], 'oldest') : undefined
    },
    tagList: () =>
      definedOf(definedTags, (name) => ({
        name,
        description: canary('tag'),
        isAiTag: false,
        isSkill: false,
        createdAt: at,
        updatedAt: at,
      })),
    fieldList: () =>
      definedOf(definedFields, (name) => ({
        name,
        description: canary('field'),
        type: 'text',
        key: name,
        isAiField: false,
      })),
  }
}
