/** Promise 7: what was said is kept for a while after a ticket's last activity, and then only by the vendor. */
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, it } from 'vitest'
import { type RelayFixture, startVendorRelay, tokenOf } from '../../fixtures/vendor-relay.ts'
import { until } from '../../fixtures/wait.ts'

const days = 86_400_000
const words = ['Mein Schiff ist weg.', 'Es war blau.', 'Und schnell.', 'Hallo?']
let fixture: RelayFixture

afterEach(() => fixture.end())

/** A token once so much time has passed. */
function later(ms: number, player: 'ada' | 'bob' = 'ada'): string {
  const now = Math.floor((Date.now() + ms) / 1_000)
  return tokenOf(player, { iat: now, exp: now + 80_000 })
}

it.each(['theymes', 'thena'] as const)('comes back from %s whole and in order when the player looks', async (name) => {
  fixture = await startVendorRelay(name)
  const ada = tokenOf('ada')
  const { id } = await fixture.open(ada, { message: words[0] ?? '' })
  for (const message of words.slice(1)) await fixture.reply(ada, id, message)
  await fixture.readUntil(
    ada,
    id,
    ({ messages }) => messages.length === words.length && messages.every(({ delivery }) => delivery === 'delivered'),
    'all has arrived',
  )
  fixture.pass(31 * days)
  // Housekeeping comes round soon after a start.
  await fixture.restart()
  const again = later(31 * days)
  await until(async () => (await fixture.list(again))[0]?.lastMessage === undefined, 'the ledger has forgotten')
  const { messages, unread } = await until(async () => {
    const ticket = await fixture.read(again, id)
    return ticket.messages.length >= words.length && ticket
  }, 'the vendor shows it again')
  expect(messages.map(({ text }) => text)).toEqual(words)
  expect(unread).toBe(0)
})

it('goes by the vendor’s word again as soon as it lists the ticket', async () => {
  fixture = await startVendorRelay('theymes')
  const ada = tokenOf('ada')
  const { id, number } = await fixture.open(ada, { message: words[0] ?? '', subject: 'Das Schiff' })
  await fixture.readUntil(ada, id, ({ messages }) => messages[0]?.delivery === 'delivered', 'it has arrived')
  const ledger = new DatabaseSync(fixture.store.slice('sqlite:'.length), { readOnly: true })
  fixture.pass(31 * days)
  await fixture.restart()
  const subject = () => ledger.prepare('select subject from tickets').get()?.subject
  await until(() => subject() === number, 'the ledger has forgotten')
  const again = later(31 * days)
  await until(async () => (await fixture.list(again))[0]?.subject === words[0], 'the vendor has named it again')
  ledger.close()
})

it('goes from the answers kept for repeated requests as well', async () => {
  fixture = await startVendorRelay('thena', { retentionDays: 1 })
  const ada = tokenOf('ada')
  const { id } = await fixture.open(ada, { message: words[0] ?? '' })
  await fixture.readUntil(ada, id, ({ messages }) => messages[0]?.delivery === 'delivered', 'it has arrived')
  const ledger = new DatabaseSync(fixture.store.slice('sqlite:'.length), { readOnly: true })
  const kept = () => JSON.stringify(ledger.prepare('select answer from idempotency').all())
  expect(kept()).toContain(words[0])
  fixture.pass(2 * days)
  await fixture.restart()
  await until(() => !kept().includes(words[0] ?? ''), 'no answer has it any more')
  ledger.close()
})

it('keeps what has not arrived yet, however long that takes', async () => {
  fixture = await startVendorRelay('threada')
  const [ada, bob] = [tokenOf('ada'), tokenOf('bob')]
  const other = await fixture.open(bob, { message: 'Ist da.' })
  await fixture.readUntil(bob, other.id, ({ messages }) => messages[0]?.delivery === 'delivered', 'one has arrived')
  fixture.simulator.misbehave('error', 1_000)
  const { id } = await fixture.open(ada, { message: 'Noch nicht da.' })
  fixture.pass(31 * days)
  await fixture.restart()
  const isForgotten = async () => (await fixture.read(later(31 * days, 'bob'), other.id)).messages.length === 0
  await until(isForgotten, 'the other is forgotten')
  expect((await fixture.read(later(31 * days), id)).messages).toHaveLength(1)
  fixture.simulator.behave()
  const isThere = () => fixture.simulator.tickets().some(({ lines }) => lines.includes('Noch nicht da.'))
  await until(isThere, 'it arrives')
})
