/** What the simulated Threada knows, and which of its names are on no page of the vendor's. */
import { randomUUID } from 'node:crypto'
import { configuredPath, type Invention, type Names } from '../inventions.ts'
import { canary, type SeenTicket } from '../simulator.ts'
import type { WorldInside } from '../world.ts'

/** Threada's page prints three calls and one status; the scopes speak of more. */
export const inventions = {
  ticket: {
    usual: 'GET /api/v1/public/tickets/:ticketId',
    other: 'GET /api/v1/public/ticket/:ticketId',
    byStudio: true,
  },
  messages: {
    usual: 'POST /api/v1/public/tickets/:ticketId/messages',
    other: 'PUT /api/v1/public/tickets/:ticketId/append',
    byStudio: true,
  },
  update: {
    usual: 'PATCH /api/v1/public/tickets/:ticketId',
    other: 'PUT /api/v1/public/tickets/:ticketId',
    byStudio: true,
  },
  agentRole: { usual: 'agent', other: 'operator' },
  noteRole: { usual: 'note', other: 'internal' },
  closed: { usual: 'closed', other: 'Resolved' },
  /** Whether a message that is shown says which of ours it is: the page shows none that does. */
  externalId: { usual: '', other: 'external_message_id' },
  /** What becomes of a closed ticket by a message. */
  replied: { usual: 'stays closed', other: 'opens' },
} satisfies Record<string, Invention>
export type ThreadaNames = Names<typeof inventions>

/** The studio's part of a configuration that knows these names, and has the calls its scopes speak of. */
export function toldOf(
  { ticket, messages, update, agentRole }: ThreadaNames,
  privateCalls: boolean,
): Record<string, unknown> {
  const paths = {
    ticket: configuredPath(ticket),
    messages: configuredPath(messages),
    update: configuredPath(update),
  }
  return { agentRoles: [agentRole, 'assistant'], ...(privateCalls ? { paths } : {}) }
}

/** Where a studio with Threada's own word for it might find the rest. */
export const privatePaths = {
  ticket: configuredPath(inventions.ticket.usual),
  messages: configuredPath(inventions.messages.usual),
  update: configuredPath(inventions.update.usual),
}

export interface StoredMessage {
  message_id: string
  role: string
  content: string
  created_at: string
  /** Kept, never shown and not known to de-duplicate. */
  externalId: string | undefined
}

export interface StoredTicket {
  id: string
  subject: string
  status: string
  contact: { name: string; email: string }
  tags: readonly string[]
  messages: StoredMessage[]
  createdAt: string
  isStrangers: boolean
}

/** How tickets and messages come to be, and what of them is shown. */
export function createRows(world: WorldInside, names: ThreadaNames) {
  function ticketOf(
    subject: string,
    contact: StoredTicket['contact'],
    tags: readonly string[],
    messages: StoredMessage[],
  ): StoredTicket {
    const triage = messageOf('system', canary('threada-triage'), undefined)
    return world.took({
      id: `T-${randomUUID()}`,
      subject,
      status: 'open',
      contact,
      tags,
      messages: [...messages, triage],
      createdAt: world.now().toISOString(),
      isStrangers: false,
    })
  }

  function strangersTicket(): StoredTicket {
    const contact = { name: canary('threada-name'), email: `${canary('threada-stranger')}@players.example` }
    const messages = [messageOf('user', canary('threada-strangers-words'), undefined)]
    const ticket = ticketOf(canary('threada-subject'), contact, [canary('threada-tag')], messages)
    ticket.isStrangers = true
    return ticket
  }

  function messageOf(role: string, content: string, externalId: string | undefined): StoredMessage {
    const created_at = world.now().toISOString()
    return world.took({ message_id: `M-${randomUUID()}`, role, content, created_at, externalId })
  }

  function shownOf({ message_id, role, content, created_at, externalId }: StoredMessage) {
    const ours = names.externalId ? { [names.externalId]: externalId ?? null } : {}
    return { message_id, role, content, channel: 'email', created_at, ...ours }
  }

  function detailOf(ticket: StoredTicket, messages: readonly StoredMessage[] = ticket.messages) {
    return {
      summary: { ...summaryOf(ticket), created_at: ticket.createdAt },
      contact: { name: canary('threada-contact'), email: `${canary('threada-contact')}@players.example` },
      messages: messages.map(shownOf),
    }
  }

  /** As it is read later, in whatever order. */
  const shownDetailOf = (ticket: StoredTicket) => detailOf(ticket, world.listed('read', ticket.messages, 'oldest'))

  return { ticketOf, strangersTicket, messageOf, shownOf, detailOf, shownDetailOf }
}

export function summaryOf({ id, subject, status, tags }: StoredTicket) {
  const tenant_id = canary('threada-tenant')
  return { ticket_id: id, tenant_id, subject, status, priority: 'normal', channel: 'email', tags }
}

export function seenOf(ticket: StoredTicket, { closed }: ThreadaNames): SeenTicket {
  return {
    vendorTicketId: ticket.id,
    closed: ticket.status === closed,
    lines: [
      `subject: ${ticket.subject}`,
      `contact: ${ticket.contact.name} <${ticket.contact.email}>`,
      ...ticket.tags.map((tag) => `tag: ${tag}`),
      ...ticket.messages.flatMap(({ content }) => content.split('\n')),
    ],
    files: [],
  }
}
