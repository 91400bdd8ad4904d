/** Ids and references: unguessable whatever else they say. */
import { expect, it } from 'vitest'
import { MessageId, TicketId } from '../../../server/contract/ids.ts'
import { datedId, randomReference } from '../../../server/runtime/random.ts'

const times = [0, Date.UTC(2026, 0), Date.UTC(2090, 0)].map((time) => new Date(time))

it.each(times)('an id of %o is a ticket’s or a message’s, and 128 bits of it are random', (now) => {
  const [one, other] = [datedId(now), datedId(now)]
  expect([TicketId.safeParse(one).success, MessageId.safeParse(one).success]).toEqual([true, true])
  expect(one.slice(0, -22)).toBe(other.slice(0, -22))
  const bytes = Array.from({ length: 2_000 }, () => [...Buffer.from(datedId(now).slice(-22), 'base64url')])
  for (let place = 0; place < 16; place++) expect(new Set(bytes.map((id) => id[place])).size).toBeGreaterThan(200)
})

it('ids made later come later in an index', () => {
  const ids = [1, 2, 3].map((day) => datedId(new Date(Date.UTC(2026, 0, day))))
  expect(ids.toSorted()).toEqual(ids)
})

it('a reference has the length asked for, and each of its thirty signs is as likely as the next', () => {
  const signs = randomReference(30_000)
  expect(signs).toHaveLength(30_000)
  const counts = Map.groupBy(signs, (sign) => sign)
  expect(counts.size).toBe(30)
  for (const { length } of counts.values()) expect(length).toBeGreaterThan(750)
})
