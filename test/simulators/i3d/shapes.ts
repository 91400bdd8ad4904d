/** What i3D.net accepts and answers, field by field as its document has it, private fields salted. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Invention, Names } from '../inventions.ts'
import { type AgentFile, canary } from '../simulator.ts'

/** i3D.net's document promises "all replies" and prints none, and names no status. */
export const inventions = {
  list: { usual: 'replies', other: 'messages' },
  text: { usual: 'content', other: 'body' },
  sentAt: { usual: 'createdAt', other: 'postedAt' },
  /** `true` for the studio's side, `false` for the account's. */
  staff: { usual: 'staff', other: 'isEmployee' },
  attachments: { usual: 'attachments', other: 'files' },
  fileName: { usual: 'fileName', other: 'name' },
  fileType: { usual: 'mimeType', other: 'type' },
  open: { usual: 'Open', other: 'Unresolved' },
  closed: { usual: 'Closed', other: 'Resolved' },
  forceClosed: { usual: 'Force-closed', other: 'force_closed' },
  /** What a ticket was opened with stands among its replies, or on the ticket itself under the name of a reply's text. */
  opening: { usual: 'reply', other: 'ticket' },
  /** What a list answers to a start past its end. */
  pastEnd: { usual: 'nothing', other: 'a refusal' },
  /** What moves a ticket's `updatedAt`, the "last update unix timestamp". */
  touchedBy: { usual: 'replies', other: 'its status' },
  /** What becomes of a closed ticket by a reply. */
  replied: { usual: 'stays closed', other: 'opens' },
} satisfies Record<string, Invention>
export type I3dNames = Names<typeof inventions>

/** The studio's part of a configuration that knows these names. */
export function toldOf({ list, text, sentAt, staff, attachments }: I3dNames): Record<string, unknown> {
  return { replyFields: { list, text, sentAt, staff, attachments } }
}

export const category = 'Players'
export const department = 'Game support'
export const addresses = { emailTo: 'desk@studio.example', emailCc: 'lead@studio.example, archive@studio.example' }

export interface StoredFile extends AgentFile {
  id: number
  ticketId: number | undefined
}

export interface StoredReply {
  id: number
  title: string
  content: string
  createdAt: number
  /** Nobody says how the two sides are told apart; null is neither. */
  staff: boolean | null
  attachmentIds: readonly number[]
}

export interface StoredTicket {
  id: number
  title: string
  content: string
  status: string
  createdAt: number
  updatedAt: number
  replies: StoredReply[]
  isStrangers: boolean
}

const Ids = z.array(z.int().positive())
const csvOf = (list: string) => z.literal(list, { error: 'is not an address of the configuration' })

export const NewTicket = z.strictObject({
  title: z.string().min(1).max(250),
  content: z.string().min(1),
  category: z.string().min(1),
  department: z.literal(department),
  emailTo: csvOf(addresses.emailTo),
  // "Required", and "addresses in CSV format", of which there may be none.
  emailCc: csvOf(addresses.emailCc).or(csvOf('')),
  attachmentIds: Ids.optional(),
})

export const NewReply = z.strictObject({
  title: z.string().min(1),
  content: z.string().min(1),
  attachmentIds: Ids.optional(),
})

export const rangePattern = /^start=(\d+),results=(\d+)$/

/** `hash` and `readHash` open a ticket to whoever has them. */
export function metaOf(ticket: StoredTicket) {
  return {
    id: ticket.id,
    hash: canary('i3d-hash'),
    readHash: canary('i3d-read-hash'),
    title: ticket.title,
    categoryName: category,
    priorityName: canary('i3d-priority'),
    createdAt: ticket.createdAt,
    updatedAt: ticket.updatedAt,
    clientLastRepliedAt: ticket.createdAt,
    clientLastReadAt: ticket.createdAt,
    status: ticket.status,
    numUserReplies: ticket.replies.length,
  }
}

function fileOf({ id, fileName, fileType, bytes }: StoredFile, names: I3dNames) {
  const said = { [names.fileName]: fileName, [names.fileType]: fileType }
  return { id, ...said, size: bytes.byteLength, downloadHash: canary('i3d-download') }
}

/** A reply as it is read, by the names of the moment. */
export function replyOf(reply: StoredReply, files: readonly StoredFile[], names: I3dNames) {
  return {
    id: reply.id,
    title: reply.title,
    [names.text]: reply.content,
    [names.sentAt]: reply.createdAt,
    [names.staff]: reply.staff,
    authorName: canary('i3d-author'),
    authorEmail: `${canary('i3d-author')}@studio.example`,
    [names.attachments]: files.filter(({ id }) => reply.attachmentIds.includes(id)).map((file) => fileOf(file, names)),
  }
}

export function errorBody(errorCode: number, errorMessage: string) {
  return { errorCode, errorMessage, errors: [{ property: canary('i3d-error'), message: randomUUID() }] }
}

export function refused(why: string) {
  return { status: 422, json: errorBody(10_022, why) }
}

export const missing = { status: 404, json: errorBody(10_001, 'Entity not found') }
