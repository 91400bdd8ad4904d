/**
 * An erasure ends soon after all is well. After it nothing of what its player wrote is in the ledger, nothing more of it
 * sets out, and each vendor ticket of theirs is erased or named to the studio. What a vendor carries out, or comes to show,
 * later than its time to settle, nobody can ask it to erase: it is named where the studio is asked anyway.
 */
import type { SteppingClock } from './clocks.ts'
import type { HeldTicket } from './helpdesk.ts'
import type { Evidence } from './judge.ts'
import { type History, playerOfName } from './record.ts'
import type { Site } from './vendor.ts'

export function judgeErasures(evidence: Evidence): string[] {
  return [
    ...judgeEnds(evidence),
    ...judgeWords(evidence),
    ...evidence.sites.flatMap((site) => [...judgeTickets(site, evidence), ...judgeSilence(site, evidence.history)]),
  ]
}

function judgeEnds({ ledger }: Evidence): string[] {
  return ledger
    .look('select id, status, steps from deletions', ({ id, status, steps }) => ({ id, status, steps: String(steps) }))
    .flatMap(({ id, status, steps }) => {
      if (status !== 'done' && status !== 'withdrawn') return [`the erasure ${id} has not ended`]
      return steps.includes('operator-told') ? [`the erasure ${id} was left to the operator`] : []
    })
}

function judgeWords({ history, ledger }: Evidence): string[] {
  const erased = history.messages.filter(({ fate }) => fate === 'erased')
  if (erased.length === 0) return []
  const left = new Set(ledger.dump().match(/game\d+\w*-\d+/g))
  return erased
    .filter(({ name }) => left.has(shortOf(name)))
    .map(({ name }) => `${name} is in the ledger, though erased`)
}

/** Without what makes it a poison. */
function shortOf(name: string): string {
  return name.split('-').slice(0, 2).join('-')
}

/** What was written before the end of an erasure, by all that the player knows. */
function isErased({ messages, erasedAt }: History, name: string): boolean {
  if (!erasedAt.has(playerOfName(name))) return false
  const written = messages.find((one) => one.name === name)
  return !written || written.fate === 'erased'
}

function judgeTickets(site: Site, { plan, history, ledgerClock }: Evidence): string[] {
  const { tickets } = site.helpdesk
  const requests = tickets.filter(({ isRequest }) => isRequest).flatMap(({ copies }) => copies.map(({ name }) => name))
  // With a message's text goes its mark; the number of its ticket stays.
  const canBeForgotten = Number.isFinite(plan.retentionMs)
  const isNamed = ({ id, number, copies }: HeldTicket) =>
    requests.some(
      (words) =>
        words.includes(`: ${id} here`) ||
        copies.some(({ mark }) => words.includes(mark)) ||
        (canBeForgotten && words.includes(`Ticket ${number}: `)),
    )
  return tickets
    .filter((ticket) => !ticket.isRequest && isErased(history, ticket.copies[0]?.name ?? ''))
    .filter((ticket) => !ticket.isErased && !isNamed(ticket) && !isTooLate(site, ticket, ledgerClock))
    .map(({ id, copies }) => `${id} (${copies[0]?.name}) is at the vendor, though its player was erased`)
}

/** Only where the vendor erases by its own call, so that nobody is there to be told of a mark. */
function isTooLate({ kind, calls }: Site, { copies, shownAt }: HeldTicket, clock: SteppingClock): boolean {
  const [first] = copies
  if (!kind.adapter.forget || !first) return false
  const opened = calls.find(({ mark, carriedOutAt }) => mark === first.mark && carriedOutAt === first.at)
  if (!opened) return false
  const { by, decidedAt, endedAt = Number.POSITIVE_INFINITY } = opened
  // A vendor that takes a key once has forgotten it together with what had arrived under it.
  const hadArrived = calls.some(({ mark, outcome }) => mark === first.mark && outcome === 'ok')
  if (kind.adapter.once.open === 'vendor' && hadArrived) return true
  const overAt = Math.min(endedAt, by.stoppedSince(decidedAt))
  return clock.mostBetween(overAt, shownAt) > kind.config.vendor.settleSeconds * 1_000
}

/** A relay may be stopped after it has made sure that it may write: what counts is when it did. */
function judgeSilence({ calls }: Site, history: History): string[] {
  return calls
    .filter(({ operation }) => operation !== 'find' && operation !== 'forget' && operation !== 'ask')
    .filter(({ name, decidedAt }) => {
      // A request for erasure that comes late erases what was written since the one before.
      const own = history.messages.find((one) => one.name === name)?.erasedAt
      const endedAt = own ?? history.erasedAt.get(playerOfName(name))
      return endedAt !== undefined && decidedAt > endedAt && isErased(history, name)
    })
    .map(({ operation, name, by }) => `${by.name} made ${operation} of ${name} after its player was erased`)
}
