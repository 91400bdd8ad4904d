/** What the vendor did not take, sent again by its player: once, and in the order in which they wrote. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Vendor, VendorError, type VendorTicketId } from '../../../../server/vendors/vendor.ts'
import { gameOf, playerOf } from '../../../fixtures/game.ts'
import { type Ledgers, openLedger } from '../../../fixtures/relays.ts'
import { until } from '../../../fixtures/wait.ts'

describe.each(['sqlite', 'postgres'] as const)('On %s, a message that was refused', (engine) => {
  let ledger: Ledgers
  let refuses: string | undefined
  const said: string[] = []

  const take = (message: string) => {
    if (message === refuses) throw new VendorError('refused', 'not this one')
    said.push(message)
  }
  const vendor: Vendor = {
    kind: 'choosy',
    can: gameOf.can,
    once: { open: 'vendor', reply: 'vendor' },
    async open({ message, mark }) {
      take(message)
      return { vendorTicketId: mark as VendorTicketId }
    },
    async reply({ message }) {
      take(message)
      return {}
    },
  }

  beforeEach(async () => {
    said.length = 0
    ledger = await openLedger(engine)
  })

  afterEach(() => ledger.close())

  /** One, two and three are written, and two is refused. */
  async function refusedInTheMiddle() {
    refuses = 'two'
    const ticket = await ledger.write(vendor, 1, 'one')
    await ledger.reply(vendor, 1, ticket.id, 'two')
    await ledger.reply(vendor, 1, ticket.id, 'three')
    const relay = await ledger.worker(vendor)
    relay.start()
    const rows = () => ledger.store.messages.all(ticket.id)
    const isThere = async () => (await rows()).some((row) => row.text === 'three' && row.delivery === 'delivered')
    await until(isThere, 'the third has arrived')
    const failed = (await rows()).find(({ text }) => text === 'two')
    if (failed?.delivery !== 'failed') throw new Error('the second was taken')
    refuses = undefined
    return { ticket, failed, rows }
  }

  const arrived = async () => (await ledger.store.deliveries.list(10)).length === 0

  it('comes last when it is sent again, to its player as to the vendor', async () => {
    const { ticket, failed, rows } = await refusedInTheMiddle()
    const answer = await ledger.change().sendAgain(playerOf(1), ticket.id, failed.id)
    expect(answer).toMatchObject({ id: failed.id, delivery: 'received' })
    await until(arrived, 'it has arrived')
    expect(said).toEqual(['one', 'three', 'two'])
    const shown = await rows()
    expect(shown.map(({ text }) => text)).toEqual(['one', 'three', 'two'])
    expect(shown.map(({ sent_at }) => Number(sent_at))).toEqual(shown.map(({ sent_at }) => Number(sent_at)).toSorted())
  })

  it('is sent again once, though it is asked for by many at once after an operator gave it up', async () => {
    const { ticket, failed } = await refusedInTheMiddle()
    const parked = await ledger.store.deliveries.findByMessage(failed.id)
    await ledger.store.deliveries.drop(parked?.sequence ?? 0)
    const change = ledger.change()
    await Promise.all(Array.from({ length: 8 }, () => change.sendAgain(playerOf(1), ticket.id, failed.id)))
    await until(arrived, 'it has arrived')
    expect(said.filter((text) => text === 'two')).toHaveLength(1)
  })
})
