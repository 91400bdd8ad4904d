/** Messages of one ticket reach the vendor in the order in which the player wrote them; sending one again is writing it anew. */
import type { Evidence } from './judge.ts'
import type { Written } from './record.ts'

export function judgeOrder({ history, sites }: Evidence): string[] {
  const firstCopies = new Map<string, number>()
  for (const { game, helpdesk } of sites)
    for (const { name, at } of helpdesk.tickets.flatMap(({ copies }) => copies)) {
      const key = `${game} ${name}`
      firstCopies.set(key, Math.min(at, firstCopies.get(key) ?? at))
    }
  const arrivedAt = ({ game, name }: Written) => firstCopies.get(`${game} ${name}`) ?? Number.POSITIVE_INFINITY
  return [...Map.groupBy(history.messages, ({ ticket }) => ticket).values()].flatMap((written) => {
    const inOrder = written.toSorted((a, b) => a.place - b.place)
    return inOrder.flatMap((message, index) =>
      inOrder
        .slice(index + 1)
        .filter((later) => overtakes(later, message, arrivedAt))
        .map((later) => `${later.name} arrived before ${message.name}, which was written before it`),
    )
  })
}

/** What was parked for a while let others pass; what has not arrived at all is judged elsewhere. */
function overtakes(later: Written, earlier: Written, arrivedAt: (written: Written) => number): boolean {
  if (earlier.sentAgainAt.length > 0 || later.sentAgainAt.length > 0) return overtakesAnew(later, earlier, arrivedAt)
  const [first, second] = [arrivedAt(earlier), arrivedAt(later)]
  return Number.isFinite(first) && Number.isFinite(second) && second < first
}

/** A copy may be older than the sending again that its player asked for. */
function overtakesAnew(later: Written, earlier: Written, arrivedAt: (written: Written) => number): boolean {
  const [first, second] = [arrivedAt(earlier), arrivedAt(later)]
  const writtenAt = ({ sentAgainAt, acknowledgedAt }: Written) => sentAgainAt.at(-1) ?? acknowledgedAt
  if (!Number.isFinite(first) || !Number.isFinite(second)) return false
  return second < first && second > writtenAt(later) && second > writtenAt(earlier)
}
