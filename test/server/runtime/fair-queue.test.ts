/** Work by turns: little at once, and nobody's much before somebody's little. */
import { expect, it } from 'vitest'
import { createFairQueue } from '../../../server/runtime/fair-queue.ts'

it('does so much at once and no more, and all of it', async () => {
  const queue = createFairQueue(3)
  let [running, most, done] = [0, 0, 0]
  const work = async () => {
    running += 1
    most = Math.max(most, running)
    await new Promise(setImmediate)
    running -= 1
    done += 1
  }
  await Promise.all(Array.from({ length: 50 }, (_, n) => queue.run(`player-${n % 5}`, work)))
  expect([most, done]).toEqual([3, 50])
})

it('lets who comes late and has little go before the rest of who has much', async () => {
  const queue = createFairQueue(1)
  const order: string[] = []
  const one = (who: string) => queue.run(who, async () => void order.push(who))
  await Promise.all([...Array.from({ length: 20 }, () => one('much')), one('little')])
  expect(order.indexOf('little')).toBeLessThan(3)
  expect(order).toHaveLength(21)
})

it('goes on after work that fails', async () => {
  const queue = createFairQueue(1)
  await expect(queue.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await queue.run('a', async () => 'yes')).toBe('yes')
})
