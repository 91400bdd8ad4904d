/** The simulated vendors of the crash test, outside the relays that die, and what they hold at the end. */
import { startI3dSimulator } from '../simulators/i3d/simulator.ts'
import type { Misbehaviour } from '../simulators/misbehave.ts'
import type { VendorSimulator } from '../simulators/simulator.ts'
import { startThenaSimulator } from '../simulators/thena/simulator.ts'
import { startTheymesSimulator } from '../simulators/theymes/simulator.ts'
import type { Acknowledged } from './player.ts'

export type Vendors = Record<string, VendorSimulator>

/** One that de-duplicates, one that takes replies, one where every reply is a further ticket. */
export async function startVendors(): Promise<Vendors> {
  const [thena, i3d, theymes] = await Promise.all([startThenaSimulator(), startI3dSimulator(), startTheymesSimulator()])
  return { thena, i3d, theymes }
}

const often: readonly Misbehaviour[] = ['error', 'reset', 'html', 'error-inside', 'lost-answer']
/** Each of these holds a vendor's deliveries up for seconds, so they are rare. */
const seldom: readonly Misbehaviour[] = ['busy', 'hang']

/** Makes a vendor at random misbehave for its next request or two. */
export function misbehaveSomewhere(vendors: Vendors): Misbehaviour {
  const how = pick(Math.random() < 0.03 ? seldom : often)
  const vendor = pick(Object.values(vendors))
  // On a slow machine there are fewer requests than misbehaviours, and those left over would pile up for later.
  vendor.behave()
  vendor.misbehave(how, 1 + Math.floor(Math.random() * 2))
  return how
}

export interface Verdict {
  lost: string[]
  doubled: string[]
  outOfOrder: string[]
}

/** Compares what players were told with what the vendors hold. Words never acknowledged may be there, but not twice. */
export function judge(vendors: Vendors, acknowledged: readonly Acknowledged[]): Verdict {
  const verdicts = Object.entries(vendors).map(([game, vendor]) =>
    judgeVendor(
      placesOf(vendor),
      acknowledged.filter((message) => message.game === game),
    ),
  )
  return {
    lost: verdicts.flatMap(({ lost }) => lost),
    doubled: verdicts.flatMap(({ doubled }) => doubled),
    outOfOrder: verdicts.flatMap(({ outOfOrder }) => outOfOrder),
  }
}

function judgeVendor(places: ReadonlyMap<string, number[]>, acknowledged: readonly Acknowledged[]): Verdict {
  const tickets = groupBy(acknowledged, ({ ticketId }) => ticketId)
  return {
    lost: acknowledged.map(({ word }) => word).filter((word) => !places.has(word)),
    doubled: [...places].filter(([, found]) => found.length > 1).map(([word]) => word),
    outOfOrder: tickets.filter((ticket) => !isInOrder(ticket, places)).map(([first]) => first?.word ?? ''),
  }
}

function isInOrder(ticket: readonly Acknowledged[], places: ReadonlyMap<string, number[]>): boolean {
  const order = ticket.flatMap(({ word }) => places.get(word)?.[0] ?? [])
  return order.every((place, index) => index === 0 || place > (order[index - 1] ?? 0))
}

/**
 * Where each word stands, in the order the vendor holds things. A ticket's first words may stand on it twice (Thena shows
 * them as description and as comment); on two tickets they would be two tickets.
 */
function placesOf(vendor: VendorSimulator): Map<string, number[]> {
  const places = new Map<string, number[]>()
  let place = 0
  for (const ticket of vendor.tickets()) {
    const openings = new Set<string>()
    for (const line of ticket.lines) {
      place++
      const word = /word:(\w+);/.exec(line)?.[1]
      if (word === undefined || openings.has(word)) continue
      if (word.endsWith('m0')) openings.add(word)
      places.set(word, [...(places.get(word) ?? []), place])
    }
  }
  return places
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return [...groups.values()]
}

function pick<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)]
  if (item === undefined) throw new RangeError('nothing to pick from')
  return item
}
