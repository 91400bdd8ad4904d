/** One copy each, whatever the clocks of relays say and however long one of them is stopped, on both engines. */
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Vendor, VendorError, type VendorTicketId } from '../../../../server/vendors/vendor.ts'
import { gameOf } from '../../../fixtures/game.ts'
import { type Ledgers, openLedger, type TestWorker } from '../../../fixtures/relays.ts'
import { until } from '../../../fixtures/wait.ts'

const engines = ['sqlite', 'postgres'] as const
const settle = { settleSeconds: 10 }
const waitMs = 50_000

describe.each(engines)('On %s, a message', (engine) => {
  let ledger: Ledgers

  beforeEach(async () => {
    ledger = await openLedger(engine)
  })

  afterEach(() => ledger.close())

  /** What stands at the vendor, by mark, with a door for each relay that speaks to it. */
  function createVendor(takesMs: number) {
    const stands: string[] = []
    let begun = 0

    /** @param going - holds whatever is answered back while the asking relay is stopped */
    function door(
      relay: { going: () => Promise<void> },
      on: { looked?: () => void; refused?: () => boolean } = {},
    ): Vendor {
      return {
        kind: 'slow',
        can: gameOf.can,
        once: { open: 'relay', reply: 'relay' },
        async open({ mark }) {
          begun += 1
          if (on.refused?.()) throw new VendorError('unreachable', 'no answer')
          await setTimeout(takesMs)
          stands.push(mark)
          await relay.going()
          return { vendorTicketId: `${mark}-${stands.length}` as VendorTicketId }
        },
        async findOpened({ mark }) {
          const found = stands.indexOf(mark)
          on.looked?.()
          await relay.going()
          return found < 0 ? undefined : { vendorTicketId: `${mark}-${found + 1}` as VendorTicketId }
        },
      }
    }

    return { stands, door, begun: () => begun }
  }

  const isDone = async () => (await ledger.store.deliveries.list(10)).length === 0
  const allAtVendor = (stands: string[], count: number) =>
    until(async () => (await isDone()) && stands.length >= count, 'everything is at the vendor', waitMs)

  /** Any door will do to be written for. */
  const anybody = { going: () => Promise.resolve() }

  it('in hand is not taken again when the wall clock is set on by ten seconds', async () => {
    const vendor = createVendor(3_000)
    const relay = await ledger.worker(vendor.door(anybody), settle)
    await ledger.write(vendor.door(anybody), 1, 'words')
    relay.start()
    await until(() => vendor.begun() > 0, 'the attempt has begun')
    relay.step(10_000)
    await allAtVendor(vendor.stands, 1)
    expect(vendor.stands).toHaveLength(1)
  })

  it('in the hands of a relay that stops for seven seconds is taken over, and not sent by both', {
    timeout: 120_000,
  }, async () => {
    const vendor = createVendor(9_000)
    const first: { going: () => Promise<void>; worker?: TestWorker } = {
      going: () => first.worker?.going() ?? Promise.resolve(),
    }
    first.worker = await ledger.worker(vendor.door(first), settle)
    const second = await ledger.worker(vendor.door(anybody), settle)
    await ledger.write(vendor.door(anybody), 1, 'words')
    first.worker.start()
    await until(() => vendor.begun() > 0, 'the attempt has begun')
    first.worker.pause()
    second.start()
    await setTimeout(7_000)
    first.worker.resume()
    await allAtVendor(vendor.stands, 1)
    expect(vendor.stands).toHaveLength(1)
  })

  it('is not sent by a relay that stopped after it had looked, once another has taken over', {
    timeout: 120_000,
  }, async () => {
    const vendor = createVendor(500)
    const first: { going: () => Promise<void>; worker?: TestWorker } = {
      going: () => first.worker?.going() ?? Promise.resolve(),
    }
    let refusals = 0
    let looks = 0
    const short = { settleSeconds: 4 }
    const door = vendor.door(first, {
      refused: () => refusals++ === 0,
      // The first look is too early to send anything after it; the relay is stopped in the one before it would.
      looked: () => (looks++ === 1 ? first.worker?.pause() : undefined),
    })
    first.worker = await ledger.worker(door, short)
    const second = await ledger.worker(vendor.door(anybody), short)
    await ledger.write(vendor.door(anybody), 1, 'words')
    first.worker.start()
    await until(() => looks > 1, 'it is about to send again', 20_000)
    second.start()
    // Longer than the lease: by then the other relay holds it.
    await setTimeout(7_000)
    first.worker.resume()
    await allAtVendor(vendor.stands, 1)
    await first.worker.stop()
    expect(vendor.stands).toHaveLength(1)
  })

  it.each([7_000, 30_000])(
    'is sent once by two relays of which one is %d ms ahead',
    { timeout: 120_000 },
    async (aheadMs) => {
      const vendor = createVendor(800)
      const here = await ledger.worker(vendor.door(anybody), settle)
      const ahead = await ledger.worker(vendor.door(anybody), { ...settle, aheadMs })
      for (let n = 0; n < 20; n++) await ledger.write(vendor.door(anybody), n, `words of ${n}`)
      here.start()
      ahead.start()
      await allAtVendor(vendor.stands, 20)
      expect(new Set(vendor.stands).size).toBe(20)
      expect(vendor.stands).toHaveLength(20)
    },
  )
})
