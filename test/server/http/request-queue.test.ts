/** Requests that come all at once: a few begin in each turn of the event loop, and everybody's turn comes soon. */
import { expect, it } from 'vitest'
import { createRequestQueue } from '../../../server/http/request-queue.ts'

const nextTurn = () => new Promise(setImmediate)

it('lets a few begin at once, and as many more in each turn of the event loop', async () => {
  const queue = createRequestQueue({ perTurn: 4, most: 100 })
  let begun = 0
  const seen: number[] = []
  const all = Promise.all(
    Array.from({ length: 20 }, async () => {
      await queue.enter('one')
      begun += 1
    }),
  )
  while (begun < 20) {
    await nextTurn()
    seen.push(begun)
  }
  await all
  expect(Math.max(...seen.map((count, n) => count - (seen[n - 1] ?? 0)))).toBeLessThanOrEqual(8)
  expect(seen.length).toBeGreaterThanOrEqual(3)
})

it('lets who comes late and asks once go before the rest of who asks much', async () => {
  const queue = createRequestQueue({ perTurn: 1, most: 100 })
  const order: string[] = []
  const one = async (address: string) => {
    await queue.enter(address)
    order.push(address)
  }
  await Promise.all([...Array.from({ length: 20 }, () => one('much')), one('little')])
  expect(order.indexOf('little')).toBeLessThan(4)
  expect(order).toHaveLength(21)
})

it('sends away who comes when too many wait, and says so, and takes them once there is room', async () => {
  let shed = 0
  const onShed = () => {
    shed += 1
  }
  const queue = createRequestQueue({ perTurn: 1, most: 2, onShed })
  const waiting = [queue.enter('a'), queue.enter('b'), queue.enter('c')]
  await expect(queue.enter('d')).rejects.toMatchObject({ code: 'overloaded' })
  expect(shed).toBe(1)
  await Promise.all(waiting)
  await queue.enter('d')
  expect(shed).toBe(1)
})
