/**
 * The relay's event streams on connections of their own, without the doors before them: on `POST /go` an answer is written
 * onto the ticket of every player, in one transaction, and listeners are notified as of any change.
 */
import { createServer } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { sql } from 'kysely'
import type { MessageId, TicketId } from '../../server/contract/ids.ts'
import { createCapacity } from '../../server/events/capacity.ts'
import { createStreams } from '../../server/events/streams.ts'
import { createEventStreams } from '../../server/http/event-stream.ts'
import { systemClock } from '../../server/runtime/clock.ts'
import { createFairQueue } from '../../server/runtime/fair-queue.ts'
import { createLog } from '../../server/runtime/log.ts'
import { createMetrics } from '../../server/runtime/metrics.ts'
import { randomId } from '../../server/runtime/random.ts'
import { openDatabase } from '../../server/store/database.ts'
import { createNotifier } from '../../server/store/notifier.ts'
import { createStore } from '../../server/store/store.ts'
import type { PlayerKey } from '../../server/store/tables.ts'
import { gameOf } from '../fixtures/game.ts'
import { pigeonPost } from '../fixtures/toy-vendor.ts'

const [path = '', players = '0'] = process.argv.slice(2)
const count = Number(players)
const database = await openDatabase(`sqlite:${path}`)
const store = createStore(database)
const notifier = createNotifier()
const streams = createStreams({
  store,
  clock: systemClock,
  notifier,
  games: new Map([['game', gameOf(pigeonPost, { key: 'game' })]]),
  sync: { follow: () => () => undefined },
  log: createLog({ level: 'error', secrets: new Set() }),
  metrics: createMetrics(),
  capacity: createCapacity({ total: count, address: count }),
  replays: createFairQueue(4),
})
await fill()

const text = 'A word that is as long as an answer of an agent that a player waits for. '.repeat(3)
const eventStreams = createEventStreams()
const until = new Date(Date.now() + 3_600_000)
const app = new Hono<{ Bindings: HttpBindings }>()
app.get('/v1/events', async (context) => {
  const player = context.req.query('player') as PlayerKey
  const stream = await streams.open(player, undefined, { address: undefined, until, sessionId: player })
  const request = context.req.raw
  return eventStreams.begin({ request, bindings: context.env }, eventStreams.answer(request, stream))
})
app.post('/go', async (context) => {
  await write()
  const at = performance.timeOrigin + performance.now()
  for (let n = 0; n < count; n += 1) notifier.player.notify(playerOf(n))
  return context.text(String(at))
})

const server = createServer(getRequestListener(app.fetch))
server.listen(0, '127.0.0.1', 4_096, () => {
  const address = server.address()
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
})
process.once('SIGTERM', () => process.exit(0))

function playerOf(n: number): PlayerKey {
  return `p${n}` as PlayerKey
}

async function fill(): Promise<void> {
  const numbers = sql`with recursive n (i) as (select 0 union all select i + 1 from n where i < ${count - 1})`
  await sql`insert into players (player, game, subject, kind, pseudonym, signed, created_at)
    ${numbers} select 'p' || i, 'game', 'anon:' || i, 'anonymous', 'x' || i, '{}', 0 from n`.execute(database.db)
  await sql`insert into tickets (id, game, player, number, subject, status, language, fields, claimed, signed, created_at,
    updated_at, heard_at, must_read, message_count, said_position, read_position, follow_up)
    ${numbers} select printf('t%021d', i), 'game', 'p' || i, 'N-' || i, 'subject', 'open', 'en', '{}', '{}', '{}', 0, 0, 0, 0, 0, 0, 0, 0
    from n`.execute(database.db)
}

/** As reading a vendor writes an answer down. */
async function write(): Promise<void> {
  await store.transaction(async (ledger) => {
    for (let n = 0; n < count; n += 1) {
      const id = randomId() as MessageId
      const ticket_id = `t${String(n).padStart(21, '0')}` as TicketId
      await ledger.messages.add({
        id,
        ticket_id,
        position: await ledger.tickets.takePosition(ticket_id),
        author: 'agent',
        author_name: 'Robin',
        text,
        language: 'en',
        sent_at: Date.now(),
        delivery: 'delivered',
        problem_code: null,
        vendor_message_id: null,
        chain_position: 1,
        mark: null,
      })
      await ledger.events.add(playerOf(n), new Date(), { type: 'message-added', ticket_id, message_id: id })
    }
  })
}
