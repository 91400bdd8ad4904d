/**
 * One message stands at its vendor once. It may stand there twice only where the vendor carried an attempt out, or showed
 * that it had, later than its time to settle: as often as there were such attempts.
 */
import type { Call } from './calls.ts'
import type { SteppingClock } from './clocks.ts'
import type { Evidence } from './judge.ts'
import type { Site } from './vendor.ts'

export function judgeCopies({ sites, ledgerClock, history }: Evidence): string[] {
  // Written before an erasure and, because nobody had heard so, once more after it.
  const isTwice = new Set(history.messages.filter(({ fate }) => fate === 'unsure').map(({ name }) => name))
  return sites.flatMap((site) => {
    const writes = site.calls
      .filter(({ operation }) => operation === 'open' || operation === 'reply')
      .filter(({ name }) => !isTwice.has(name))
    const byName = [...Map.groupBy(writes, ({ name }) => name)]
    return byName.flatMap(([name, attempts]) => [
      ...judgeMarks(site, name),
      // A relay may be stopped after it has made sure that it may write: what counts is when it did.
      ...judgeAttempts(
        site,
        attempts.toSorted((a, b) => a.decidedAt - b.decidedAt),
        ledgerClock,
      ),
    ])
  })
}

/** However many copies there are, they can be told to be one message. */
function judgeMarks({ helpdesk }: Site, name: string): string[] {
  const copies = helpdesk.tickets.flatMap((ticket) => ticket.copies).filter((copy) => copy.name === name)
  const marks = new Set(copies.map(({ mark }) => mark))
  return marks.size > 1 ? [`${name} stands at the vendor under ${marks.size} marks`] : []
}

function judgeAttempts(site: Site, attempts: readonly Call[], ledgerClock: SteppingClock): string[] {
  return attempts.flatMap((attempt, index) =>
    attempts.slice(0, index).flatMap((earlier) => {
      const why = wrongRepeat(site, earlier, attempt, ledgerClock)
      return why ? [`${attempt.name} was sent again by ${attempt.by.name}: ${why}`] : []
    }),
  )
}

/** Whether an attempt must not have been made after an earlier one, and why. */
function wrongRepeat(site: Site, earlier: Call, later: Call, ledgerClock: SteppingClock): string | undefined {
  if (onceOf(site, earlier) === 'vendor' && onceOf(site, later) === 'vendor') return undefined
  if (earlier.outcome === 'ok' && earlier.by === later.by) return 'it had arrived, and the relay had heard so'
  if (wasSurelyInVain(earlier)) return undefined
  const endedAt = endOf(site, earlier, later)
  const settleMs = site.kind.config.vendor.settleSeconds * 1_000
  const passed = (moment: number) => ledgerClock.mostBetween(endedAt, moment)
  if (onceOf(site, later) === 'marked') return undefined
  if (passed(later.decidedAt) < settleMs) return 'the vendor had not had its time to show the attempt before'
  if (earlier.shownAt !== undefined && passed(earlier.shownAt) <= settleMs)
    return 'the attempt before had been carried out and shown in time'
  const looks = site.calls.filter(
    ({ operation, name, leftAt, endedAt: heardAt = Number.POSITIVE_INFINITY, outcome }) =>
      operation === 'find' &&
      name === later.name &&
      leftAt >= endedAt &&
      heardAt <= later.decidedAt &&
      outcome === 'ok',
  )
  return looks.length < 2 ? `the vendor was asked ${looks.length} times for the attempt before` : undefined
}

function onceOf({ kind }: Site, { operation }: Call) {
  return kind.adapter.once[operation === 'open' ? 'open' : 'reply']
}

/** What a vendor plainly refused, or what never left, was not carried out. */
function wasSurelyInVain({ fate, outcome, carriedOutAt }: Call): boolean {
  if (carriedOutAt !== undefined) return false
  return (fate === 'no-connection' || fate === 'busy' || fate === 'refused') && outcome !== undefined
}

/**
 * When an attempt was over for the relays: as soon as another than the one that made it had it in hand; for another also
 * as soon as that one stood still.
 */
function endOf(
  { taken }: Site,
  { by, mark, decidedAt, endedAt = Number.POSITIVE_INFINITY }: Call,
  later: Call,
): number {
  const other = taken.find((one) => one.mark === mark && one.by !== by && one.at >= decidedAt)
  if (later.by === by) return Math.min(endedAt, other?.at ?? Number.POSITIVE_INFINITY)
  return Math.min(endedAt, by.stoppedSince(decidedAt), other?.at ?? later.decidedAt)
}
