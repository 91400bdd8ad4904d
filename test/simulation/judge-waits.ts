/** Nobody is held up by another's poison: while nothing else goes wrong, a message is at the vendor soon. */
import type { Evidence } from './judge.ts'
import { isPoison } from './poison.ts'
import type { Written } from './record.ts'
import type { Site } from './vendor.ts'

/** How long a message may take while its vendor is well and takes everything else. */
const boundMs = 120_000
/** The longest that a relay waits before it tries again what has failed. */
const longestBackoffMs = 300_000

export function judgeWaits(evidence: Evidence): string[] {
  return evidence.sites.flatMap((site) => {
    const troubled = troubleOf(site, evidence)
    const written = evidence.history.messages.filter(({ game }) => game === site.game)
    const poisoned = new Set(written.filter(({ name }) => isPoison(name)).map(({ ticket }) => ticket))
    return written
      .filter(({ ticket }) => !poisoned.has(ticket))
      .flatMap((message) => {
        const waitedMs = longestCalmWait(message, site, written, troubled, evidence.endedAt)
        return waitedMs > boundMs
          ? [`${message.name} waited for ${Math.round(waitedMs / 1_000)} s though all was well`]
          : []
      })
  })
}

/** When something went wrong that may hold up everything of a vendor's: not the failing of what is poisoned. */
function troubleOf({ calls }: Site, { trouble }: Evidence): number[] {
  const failures = calls.filter(({ outcome, isPoisoned }) => outcome !== 'ok' && !isPoisoned)
  return [...trouble.moments, ...failures.map(({ leftAt, endedAt }) => endedAt ?? leftAt)].toSorted((a, b) => a - b)
}

function longestCalmWait(
  message: Written,
  site: Site,
  written: readonly Written[],
  troubled: readonly number[],
  endedAt: number,
): number {
  const arrival = arrivalOf(site, message) ?? endedAt
  const before = written.filter(({ ticket, place }) => ticket === message.ticket && place < message.place)
  const itsTurnAt = Math.max(message.acknowledgedAt, ...before.map((one) => arrivalOf(site, one) ?? 0))
  const ownTroubleAt = ownTrouble(site, [...before, message], arrival)
  const start = Math.max(itsTurnAt, ownTroubleAt)
  const moments = [start, ...troubled.filter((moment) => moment > start && moment < arrival), arrival]
  return moments.slice(1).reduce((most, moment, index) => Math.max(most, moment - (moments[index] ?? moment)), 0)
}

/** What failed on its own account is waited for, and then looked for. */
function ownTrouble(site: Site, messages: readonly Written[], until: number): number {
  const names = new Set(messages.map(({ name }) => name))
  const graceMs = site.kind.config.vendor.settleSeconds * 1_000 + longestBackoffMs
  return site.calls
    .filter(({ name, outcome, leftAt }) => names.has(name) && outcome !== 'ok' && leftAt < until)
    .reduce((latest, { leftAt, endedAt = leftAt }) => Math.max(latest, endedAt + graceMs), 0)
}

function arrivalOf({ helpdesk }: Site, { name }: Written): number | undefined {
  const copies = helpdesk.tickets.flatMap((ticket) => ticket.copies).filter((copy) => copy.name === name)
  return copies.length > 0 ? Math.min(...copies.map(({ at }) => at)) : undefined
}
