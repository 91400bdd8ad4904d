/**
 * A team's statuses. Their names on display are the studio's to change, so a status is known by its parent: Open,
 * In progress, On hold or Closed.
 */
import type { Clock } from '../../runtime/clock.ts'
import type { ThenaStatus, ThenaTicket } from './wire.ts'

export interface StatusBook {
  /** What a ticket is set to in order to open or close it; undefined where the team has no such status. */
  open: string | undefined
  closed: string | undefined
  /** Undefined for a status that is not in the book. */
  isClosed: (ticket: Pick<ThenaTicket, 'statusId' | 'status'>) => boolean | undefined
}

export function statusBookOf(statuses: readonly ThenaStatus[]): StatusBook {
  const byId = new Map(statuses.map((status) => [status.id, status]))
  return {
    open: targetUnder('open', statuses),
    closed: targetUnder('closed', statuses),
    isClosed({ statusId, status }) {
      const found = statusId ? byId.get(statusId) : statuses.find((one) => nameOf(one) === status?.toLowerCase())
      const parent = found && nameOf(rootOf(found, byId))
      return parent === undefined || !parents.includes(parent) ? undefined : parent === 'closed'
    },
  }
}

const parents = ['open', 'in progress', 'on hold', 'closed']

/** A parent with children holds no tickets itself: its default child does. */
function targetUnder(name: string, statuses: readonly ThenaStatus[]): string | undefined {
  const parent = statuses.find((status) => !status.parentStatusId && nameOf(status) === name)
  if (!parent) return undefined
  const children = statuses.filter((status) => status.parentStatusId === parent.id)
  return (children.find((child) => child.isDefault) ?? children[0] ?? parent).id
}

function rootOf(status: ThenaStatus, byId: ReadonlyMap<string, ThenaStatus>): ThenaStatus {
  return (status.parentStatusId ? byId.get(status.parentStatusId) : undefined) ?? status
}

function nameOf(status: ThenaStatus): string {
  return status.name.trim().toLowerCase().replaceAll('_', ' ')
}

const maxAgeMs = 10 * 60_000
/** An unknown status asks for a fresh book, but not at every reading of its ticket. */
const minAgeMs = 30_000

/** Remembers the book, so that reading a ticket does not cost a call for statuses too. */
export function createStatusCache(fetchBook: (signal: AbortSignal) => Promise<StatusBook>, clock: Clock) {
  let kept: { book: StatusBook; at: number } | undefined

  async function bookWithin(ageMs: number, signal: AbortSignal): Promise<StatusBook> {
    const now = clock.now().getTime()
    if (kept && now - kept.at < ageMs) return kept.book
    kept = { book: await fetchBook(signal), at: now }
    return kept.book
  }

  return {
    book: (signal: AbortSignal) => bookWithin(maxAgeMs, signal),
    /** Whether a ticket is closed; a status nobody has a name for is settled by the ticket's own date of closing. */
    async isClosed(ticket: ThenaTicket, signal: AbortSignal): Promise<boolean> {
      const known = (await bookWithin(maxAgeMs, signal)).isClosed(ticket)
      if (known !== undefined) return known
      return (await bookWithin(minAgeMs, signal)).isClosed(ticket) ?? ticket.closedAt != null
    },
  }
}
