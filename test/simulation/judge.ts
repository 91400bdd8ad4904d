/** Holds a history against what the relay promises: CONTRACT.md, section 4. */
import type { SteppingClock } from './clocks.ts'
import { judgeCopies } from './judge-copies.ts'
import { judgeErasures } from './judge-erasures.ts'
import { judgeOrder } from './judge-order.ts'
import { judgeWaits } from './judge-waits.ts'
import type { SimulatedLedger } from './ledger.ts'
import type { Plan } from './plan.ts'
import { isPoison } from './poison.ts'
import type { History } from './record.ts'
import type { Trouble } from './trouble.ts'
import type { Site } from './vendor.ts'

export interface Evidence {
  plan: Plan
  history: History
  sites: readonly Site[]
  ledger: SimulatedLedger
  ledgerClock: SteppingClock
  trouble: Trouble
  endedAt: number
}

/** How a message stands in the ledger when all is over. */
interface Standing {
  delivery: string
  problem: string
  isParked: boolean
}

export function judge(evidence: Evidence): string[] {
  const { history } = evidence
  // What was erased is judged as that, and as nothing else.
  const lasting = { ...evidence, history: { ...history, messages: history.messages.filter((one) => !one.fate) } }
  return [
    ...judgeArrival(lasting),
    ...judgeCopies(evidence),
    ...judgeOrder(lasting),
    ...judgeWaits(lasting),
    ...judgeErasures(evidence),
  ]
}

/** Nothing acknowledged is lost: it is at the vendor, or it is parked and its player sees that it failed. */
function judgeArrival({ plan, history, sites, ledger }: Evidence): string[] {
  const arrived = new Set(
    sites.flatMap(({ game, helpdesk }) =>
      helpdesk.tickets.flatMap(({ copies }) => copies.map(({ name }) => `${game} ${name}`)),
    ),
  )
  const standings = readStandings(ledger)
  // What its vendor never took goes, having been shown failed, with all else that has outlived its retention.
  const mayBeForgotten = ({ name }: { name: string }) => Number.isFinite(plan.retentionMs) && isPoison(name)
  return history.messages.flatMap((written) => {
    if (mayBeForgotten(written) && !standings.has(written.id)) return []
    const why = wrongWith(standings.get(written.id), arrived.has(`${written.game} ${written.name}`))
    return why ? [`${written.name} ${why}`] : []
  })
}

/** @returns what is wrong with how a message stands, if anything */
function wrongWith(standing: Standing | undefined, hasArrived: boolean): string | undefined {
  if (!standing) return hasArrived ? undefined : 'is nowhere'
  const { delivery, problem, isParked } = standing
  if (isParked) return delivery === 'failed' && problem !== '' ? undefined : `is parked and shown as ${delivery}`
  if (!hasArrived) return `is not at the vendor and shown as ${delivery}`
  return delivery === 'delivered' ? undefined : `is at the vendor and shown as ${delivery}`
}

function readStandings(ledger: SimulatedLedger): Map<string, Standing> {
  const rows = ledger.look(
    `select messages.id, messages.delivery, messages.problem_code, deliveries.state from messages
      left join deliveries on deliveries.message_id = messages.id`,
    (row): [string, Standing] => [
      String(row.id),
      {
        delivery: String(row.delivery),
        problem: String(row.problem_code ?? ''),
        isParked: row.state === 'stuck',
      },
    ],
  )
  return new Map(rows)
}
