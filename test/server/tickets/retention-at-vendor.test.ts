/** Promise 7: what was said is kept for a while after a ticket's last activity, and then only by the vendor. */
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, it } from 'vitest'
import { type Scene, setScene, tokenOf } from '../../fixtures/vendor-relay.ts'
import { until } from '../../fixtures/wait.ts'

const days = 86_400_000
const words = ['Mein Schiff ist weg.', 'Es war blau.', 'Und schnell.', 'Hallo?']
let scene: Scene

afterEach(() => scene.end())

/** A token once so much time has passed. */
function later(ms: number, player: 'ada' | 'bob' = 'ada'): string {
  const now = Math.floor((Date.now() + ms) / 1_000)
  return tokenOf(player, { iat: now, exp: now + 80_000 })
}

it.each(['theymes', 'thena'] as const)('comes back from %s whole and in order when the player looks', async (name) => {
  scene = await setScene(name)
  const ada = tokenOf('ada')
  const { id } = await scene.open(ada, { message: words[0] ?? '' })
  for (const message of words.slice(1)) await scene.reply(ada, id, message)
  await scene.readUntil(
    ada,
    id,
    ({ messages }) => messages.length === words.length && messages.every(({ delivery }) => delivery === 'delivered'),
    'all has arrived',
  )
  scene.pass(31 * days)
  // Housekeeping comes round soon after a start.
  await scene.restart()
  const again = later(31 * days)
  await until(async () => (await scene.list(again))[0]?.lastMessage === undefined, 'the ledger has forgotten')
  const { messages, unread } = await until(async () => {
    const ticket = await scene.read(again, id)
    return ticket.messages.length >= words.length && ticket
  }, 'the vendor shows it again')
  expect(messages.map(({ text }) => text)).toEqual(words)
  expect(unread).toBe(0)
})

it('goes by the vendor’s word again as soon as it lists the ticket', async () => {
  scene = await setScene('theymes')
  const ada = tokenOf('ada')
  const { id, number } = await scene.open(ada, { message: words[0] ?? '', subject: 'Das Schiff' })
  await scene.readUntil(ada, id, ({ messages }) => messages[0]?.delivery === 'delivered', 'it has arrived')
  const ledger = new DatabaseSync(scene.store.slice('sqlite:'.length), { readOnly: true })
  scene.pass(31 * days)
  await scene.restart()
  const subject = () => ledger.prepare('select subject from tickets').get()?.subject
  await until(() => subject() === number, 'the ledger has forgotten')
  const again = later(31 * days)
  await until(async () => (await scene.list(again))[0]?.subject === words[0], 'the vendor has named it again')
  ledger.close()
})

it('goes from the answers kept for repeated requests as well', async () => {
  scene = await setScene('thena', { retentionDays: 1 })
  const ada = tokenOf('ada')
  const { id } = await scene.open(ada, { message: words[0] ?? '' })
  await scene.readUntil(ada, id, ({ messages }) => messages[0]?.delivery === 'delivered', 'it has arrived')
  const ledger = new DatabaseSync(scene.store.slice('sqlite:'.length), { readOnly: true })
  const kept = () => JSON.stringify(ledger.prepare('select answer from idempotency').all())
  expect(kept()).toContain(words[0])
  scene.pass(2 * days)
  await scene.restart()
  await until(() => !kept().includes(words[0] ?? ''), 'no answer has it any more')
  ledger.close()
})

it('keeps what has not arrived yet, however long that takes', async () => {
  scene = await setScene('threada')
  const [ada, bob] = [tokenOf('ada'), tokenOf('bob')]
  const other = await scene.open(bob, { message: 'Ist da.' })
  await scene.readUntil(bob, other.id, ({ messages }) => messages[0]?.delivery === 'delivered', 'one has arrived')
  scene.simulator.misbehave('error', 1_000)
  const { id } = await scene.open(ada, { message: 'Noch nicht da.' })
  scene.pass(31 * days)
  await scene.restart()
  const isForgotten = async () => (await scene.read(later(31 * days, 'bob'), other.id)).messages.length === 0
  await until(isForgotten, 'the other is forgotten')
  expect((await scene.read(later(31 * days), id)).messages).toHaveLength(1)
  scene.simulator.behave()
  const isThere = () => scene.simulator.tickets().some(({ lines }) => lines.includes('Noch nicht da.'))
  await until(isThere, 'it arrives')
})
