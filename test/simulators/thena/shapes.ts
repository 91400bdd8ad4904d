/** What Thena accepts and answers, field by field as its document and reference have it, private fields salted. */
import { z } from 'zod'
import { configuredPath, type Invention, type Names } from '../inventions.ts'
import { canary, canaryPrefix } from '../simulator.ts'

/** Thena's document prints one call, that opens; the rest is in a reference that moves, or follows from it. */
export const inventions = {
  ticket: { usual: 'GET /v1/tickets/:id', other: 'GET /v1/ticket/:id' },
  update: { usual: 'PATCH /v1/tickets/:id', other: 'PUT /v1/tickets/:id' },
  comment: { usual: 'POST /v1/tickets/:id/comment', other: 'POST /v1/tickets/:id/comments' },
  comments: { usual: 'GET /v1/comments', other: 'GET /v1/entity-comments' },
  search: { usual: 'GET /v1/search/tickets', other: 'GET /v1/search/ticket' },
  statuses: { usual: 'GET /v1/tickets/status', other: 'GET /v1/tickets/statuses' },
  /** Another capture of the reference has it so. */
  commentEvent: { usual: 'ticket:comment:created', other: 'ticket:comment:added' },
  noteType: { usual: 'note', other: 'internal-note' },
  /** A status under "Closed", by the studio's own word and by Thena's. */
  solved: { usual: 'solved', other: 'done' },
  open: { usual: 'Open', other: 'OPEN' },
  /** What moves a ticket's `updatedAt`: nobody says whether a comment does. */
  touchedBy: { usual: 'comments', other: 'its own fields' },
  onHold: { usual: 'On hold', other: 'on_hold' },
} satisfies Record<string, Invention>
export type ThenaNames = Names<typeof inventions>

/** The studio's part of a configuration that knows these names. */
export function toldOf({ ticket, update, comment, comments, search, statuses }: ThenaNames): Record<string, unknown> {
  const paths = Object.entries({ ticket, update, comment, comments, search, statuses })
  return {
    paths: Object.fromEntries(paths.map(([name, call]) => [name, configuredPath(call.replace(':id', ':ticketId'))])),
  }
}

export interface StoredComment {
  id: string
  content: string
  commentVisibility: string
  commentType: string
  threadName: string | null
  customerContactEmail: string | null
  metadata: Record<string, unknown>
  attachments: readonly string[]
  deletedAt: string | null
  createdAt: string
}

export interface StoredTicket {
  id: string
  serial: number
  title: string
  description: string
  requestorEmail: string
  teamId: string
  statusId: string
  metadata: Record<string, unknown>
  attachmentUrls: readonly string[]
  deDuplicationKey: string | undefined
  comments: StoredComment[]
  createdAt: string
  updatedAt: string
  closedAt: string | null
  deletedAt: string | null
}

const text = z.string()
const metadata = z.record(z.string(), z.unknown())

/** Body of `POST /v1/tickets`. */
export const NewTicket = z.strictObject({
  title: z.string().min(1),
  requestorEmail: z.email(),
  teamId: z.string().min(1),
  assignedAgentId: text.optional(),
  accountId: text.optional(),
  assignedAgentEmail: text.optional(),
  description: text.optional(),
  dueDate: z.iso.datetime().optional(),
  submitterEmail: text.optional(),
  statusId: text.optional(),
  statusName: text.optional(),
  priorityId: text.optional(),
  priorityName: text.optional(),
  sentimentId: text.optional(),
  metadata: metadata.optional(),
  typeId: text.optional(),
  isPrivate: z.boolean().optional(),
  source: text.optional(),
  aiGeneratedTitle: text.optional(),
  aiGeneratedSummary: text.optional(),
  attachmentUrls: z.array(z.url()).optional(),
  customFieldValues: z.array(metadata).optional(),
  isProactive: z.boolean().optional(),
  closedAt: z.iso.datetime().optional(),
  closedById: text.optional(),
  proactiveChannels: z.array(text).optional(),
  performRouting: z.boolean().optional(),
  formId: text.optional(),
  commentContent: text.optional(),
  commentContentHtml: text.optional(),
  commentContentJson: text.optional(),
  commentAttachmentIds: z.array(text).optional(),
  commentMetadata: metadata.optional(),
  commentImpersonatedUserName: text.optional(),
  commentImpersonatedUserEmail: text.optional(),
  commentImpersonatedUserAvatar: text.optional(),
  deDuplicationKey: z.string().max(255).optional(),
})

/** Body of `PATCH /v1/tickets/{id}`. */
export const TicketChange = z.strictObject({
  title: text.optional(),
  assignedAgentId: text.optional(),
  accountId: text.optional(),
  assignedAgentEmail: text.optional(),
  description: text.optional(),
  dueDate: text.optional(),
  submitterEmail: text.optional(),
  statusId: text.optional(),
  statusName: text.optional(),
  priorityId: text.optional(),
  priorityName: text.optional(),
  sentimentId: text.optional(),
  metadata: metadata.optional(),
  typeId: text.optional(),
  isPrivate: z.boolean().optional(),
  source: text.optional(),
  aiGeneratedTitle: text.optional(),
  aiGeneratedSummary: text.optional(),
})

/** Body of `POST /v1/tickets/{id}/comment`. */
export const NewComment = z.strictObject({
  content: text.optional(),
  contentHtml: text.optional(),
  contentJson: text.optional(),
  threadName: text.optional(),
  parentCommentId: text.optional(),
  commentVisibility: z.enum(['public', 'private']).optional(),
  commentType: z.enum(['note', 'reply', 'comment']).optional(),
  customerEmail: text.optional(),
  metadata: metadata.optional(),
  attachmentIds: z.array(text).optional(),
  impersonatedUserEmail: text.optional(),
  impersonatedUserName: text.optional(),
  impersonatedUserAvatar: text.optional(),
  shouldSendEmail: z.boolean().optional(),
  deDuplicationKey: z.string().max(255).optional(),
})

const wholeNumber = z.string().regex(/^\d+$/).transform(Number)

/** Query of `GET /v1/comments`; pages count from 0. */
export const CommentsQuery = z.strictObject({
  entityType: z.literal('ticket'),
  entityId: text,
  page: wholeNumber.default(0),
  limit: wholeNumber.default(10),
})

/** Query of `GET /v1/search/{collection}`; pages count from 1. `filter_by` is checked to the letter: it is a language. */
export const SearchQuery = z.strictObject({
  q: text,
  query_by: text,
  filter_by: z
    .string()
    .regex(/^requestorEmail:=[0-9a-f]{32}@players\.medkit\.invalid( && id:=[A-Za-z0-9_-]{1,64})?$/, {
      error: 'is more than our own hex',
    })
    .optional(),
  sort_by: z.literal(['createdAt:desc', 'createdAt:asc']).optional(),
  include_fields: text.optional(),
  page: wholeNumber.default(1),
  per_page: wholeNumber.pipe(z.number().max(250)).default(20),
})

const someDate = '2026-01-05T08:00:00.000Z'

/** Names on display are the studio's own; the parents' names are Thena's. */
export function statusesOf({ solved, open, onHold }: ThenaNames) {
  return [
    statusRow('st-open', open, 'Open', null, true),
    statusRow('st-new', 'new', 'Just in', 'st-open', true),
    statusRow('st-progress', 'In progress', 'Rolling', null, false),
    statusRow('st-hold', onHold, 'Parked', null, false),
    statusRow('st-closed', 'Closed', 'Done', null, false),
    statusRow('st-spam', 'spam', 'Spam', 'st-closed', false),
    statusRow('st-solved', solved, 'Open and shut', 'st-closed', true),
  ]
}
export type Statuses = ReturnType<typeof statusesOf>

function statusRow(id: string, name: string, displayName: string, parentStatusId: string | null, isDefault: boolean) {
  const description = canary('thena-status')
  const times = { createdAt: someDate, updatedAt: someDate }
  return { id, name, displayName, description, isDefault, parentStatusId, teamId: 'T-PLAYERS', ...times }
}

export function enveloped(data: unknown) {
  return { status: true, message: 'Success', timestamp: new Date().toISOString(), data }
}

export function commentBody(comment: StoredComment) {
  const isCustomers = comment.customerContactEmail !== null
  return {
    ...comment,
    contentHtml: `<p>${canary('thena-html')}</p>`,
    contentJson: canary('thena-json'),
    contentMarkdown: canary('thena-markdown'),
    isEdited: false,
    isPinned: false,
    sourceEmailId: canary('thena-source-email'),
    parentCommentId: null,
    updatedAt: comment.createdAt,
    author: isCustomers ? canary('thena-contact-name') : 'Mira from support',
    authorId: canary('thena-author-id'),
    authorUserType: isCustomers ? 'CUSTOMER' : 'ORG_ADMIN',
    customerContactId: isCustomers ? canary('thena-contact-id') : null,
    customerContactFirstName: isCustomers ? canary('thena-first-name') : null,
    customerContactLastName: isCustomers ? canary('thena-last-name') : null,
    customerContactAvatarUrl: null,
    authorAvatarUrl: `https://avatars.example/${canary('thena-avatar')}`,
    impersonatedUserEmail: null,
    impersonatedUserName: null,
    impersonatedUserAvatar: null,
  }
}

/** Every field of the create answer but `comment`. Whoever these are, no player may learn of it. */
export function ticketBody(ticket: StoredTicket, statuses: Statuses) {
  const names = privateNames.map((name) => [name, canary(`thena-${name}`)])
  const last = ticket.comments.at(-1)?.id
  const lastComments = lastCommentNames.map((name) => [name, `${canaryPrefix}thena-${name}-${last}`])
  return {
    ...Object.fromEntries([...names, ...lastComments]),
    id: ticket.id,
    ticketIdentifier: `PLY-${ticket.serial}`,
    ticketId: ticket.serial,
    title: ticket.title,
    description: ticket.description,
    source: 'API',
    status: statuses.find(({ id }) => id === ticket.statusId)?.displayName,
    statusId: ticket.statusId,
    teamId: ticket.teamId,
    isPrivate: false,
    requestorEmail: ticket.requestorEmail,
    customerContactEmail: ticket.requestorEmail,
    storyPoints: 3,
    teamIsActive: true,
    customFieldValues: [],
    deletedAt: ticket.deletedAt,
    archivedAt: null,
    createdAt: ticket.createdAt,
    updatedAt: ticket.updatedAt,
    closedAt: ticket.closedAt,
  }
}

const privateNames = [
  'accountId',
  'account',
  'priority',
  'priorityId',
  'teamName',
  'subTeamName',
  'typeId',
  'type',
  'assignedAgent',
  'assignedAgentId',
  'assignedAgentEmail',
  'assignedAgentAvatar',
  'customerContactId',
  'customerContactFirstName',
  'customerContactLastName',
  'submitterEmail',
  'formId',
  'aiGeneratedTitle',
  'aiGeneratedSummary',
  'sentiment',
  'sentimentId',
  'teamOrganizationId',
  'teamTeamOwnerId',
  'teamConfigurationId',
  'closedBy',
  'closedById',
  'closedByEmail',
]

/** They move with the comments, and are not for a player either: what was said last may be a note. */
const lastCommentNames = ['lastComment', 'lastCustomerComment', 'lastVendorComment']
