/** The player's tickets, as last heard from the relay. */

import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals-core'
import type { PlayerEvent, UnreadCount } from '../../server/contract/event.ts'
import type { Ticket } from '../../server/contract/ticket.ts'
import type { FailureCode } from '../handle.ts'
import { type Call, RelayProblem, superseded } from '../relay/call.ts'

export interface Tickets {
  /** Newest activity first; undefined until the first answer. */
  list: ReadonlySignal<readonly Ticket[] | undefined>
  unread: ReadonlySignal<UnreadCount>
  hasMore: ReadonlySignal<boolean>
  failure: ReadonlySignal<FailureCode | undefined>
  load(): Promise<void>
  more(): Promise<void>
  put(...tickets: Ticket[]): void
  apply(event: PlayerEvent): void
  forget(): void
}

export function createTickets(call: Call): Tickets {
  const known = signal<readonly Ticket[] | undefined>()
  const cursor = signal<string | null>(null)
  const failure = signal<FailureCode | undefined>()
  const heard = signal<UnreadCount | undefined>()
  const list = computed(() => known.value && [...known.value].sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1)))

  /** An answer that was overtaken on its way does not undo what is known by now. */
  const put = (...tickets: Ticket[]) => {
    const byId = new Map(known.value?.map((ticket) => [ticket.id, ticket]))
    for (const ticket of tickets) {
      const { updatedAt = '' } = byId.get(ticket.id) ?? {}
      if (ticket.updatedAt >= updatedAt) byId.set(ticket.id, ticket)
    }
    known.value = [...byId.values()]
  }
  const page = async (query: { cursor?: string }) => {
    const { items, cursor: next } = await call('GET /tickets', { query })
    put(...items)
    cursor.value = next
  }
  const load = () => guarded(failure, () => page({}))

  return {
    list,
    unread: computed(() => heard.value ?? countUnread(list.value)),
    hasMore: computed(() => cursor.value !== null),
    failure,
    load,
    more: () => guarded(failure, () => page({ cursor: cursor.value ?? '' })),
    put,
    apply(event) {
      if (event.type === 'ticket-changed') put(event.data.ticket)
      if (event.type === 'unread') heard.value = event.data
      if (event.type === 'resync') load()
    },
    forget() {
      known.value = heard.value = failure.value = undefined
      cursor.value = null
    },
  }
}

/** What cannot be read is said where it would stand, and what was shown stays. */
export async function guarded(failure: Signal<FailureCode | undefined>, run: () => Promise<unknown>): Promise<void> {
  try {
    await run()
    failure.value = undefined
  } catch (error) {
    if (!(error instanceof RelayProblem)) throw error
    if (error.cause !== superseded) failure.value = error.code
  }
}

function countUnread(tickets: readonly Ticket[] = []): UnreadCount {
  const count = (wanted: (ticket: Ticket) => boolean) => tickets.filter(wanted).length
  return { count: count(({ unread }) => unread > 0), unanswered: count(({ status }) => status === 'answered') }
}
