/** The sweep of what has outlived its retention, while players write: what was answered is not lost, on both engines. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LiveGame } from '../../../server/config/games.ts'
import type { Can } from '../../../server/contract/can.ts'
import type { Conversation } from '../../../server/contract/ticket.ts'
import { createHousekeeping } from '../../../server/housekeeping.ts'
import type { Identity } from '../../../server/players/identity.ts'
import { createInactivePlayers } from '../../../server/players/inactive.ts'
import { createLastSeen } from '../../../server/players/last-seen.ts'
import { createLog } from '../../../server/runtime/log.ts'
import { type Database, openDatabase } from '../../../server/store/database.ts'
import { StoreUnavailable } from '../../../server/store/errors.ts'
import { createNotifier } from '../../../server/store/notifier.ts'
import { playerKey } from '../../../server/store/players.ts'
import { createStore, type Store } from '../../../server/store/store.ts'
import { createAccept } from '../../../server/tickets/accept.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'

const count = 100
const dayMs = 86_400_000
const retentionDays = 30

/** Once more, as a player's own device does when it is told that the ledger is too busy. */
function untilTaken<T>(write: () => Promise<T>): Promise<T> {
  return write().catch((error: unknown) => {
    if (error instanceof StoreUnavailable) return untilTaken(write)
    throw error
  })
}

describe.each(['sqlite', 'postgres'])('On %s', (engine) => {
  let folder: string
  let database: Database
  let store: Store
  let now: number
  const clock = { now: () => new Date(now) }

  beforeEach(async () => {
    now = Date.now()
    folder = await mkdtemp(join(tmpdir(), 'medkit-retention-'))
    database = await openDatabase(engine === 'postgres' ? await freshDatabase() : `sqlite:${folder}/medkit.db`)
    store = createStore(database, clock)
  })

  afterEach(async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })

  const accept = () =>
    createAccept({
      store,
      clock,
      notifier: createNotifier(),
      opens: { known: () => true },
      pseudonymOf: () => 'pseudonym',
    })
  const rows = (id: Conversation['id']) => database.db.selectFrom('messages').where('ticket_id', '=', id)
  const textsOf = async (id: Conversation['id']) =>
    (await rows(id).select('text').orderBy('position').execute()).map(({ text }) => text)

  /** Tickets whose words arrived at the vendor long ago. */
  async function oldTickets(): Promise<Conversation[]> {
    const tickets = await Promise.all(
      Array.from({ length: count }, (_, n) =>
        untilTaken(() =>
          accept().opening({ ...ada, idempotencyKey: `open-${n}` }, { message: 'Of old', language: 'en' }),
        ),
      ),
    )
    await database.db.deleteFrom('deliveries').execute()
    now += (retentionDays + 1) * dayMs
    return tickets
  }

  /** @param onList - what happens when the sweep has seen which tickets are old, and has forgotten none */
  function sweep(onList: () => Promise<unknown> = async () => undefined): Promise<void> {
    const untouchedSince: Store['tickets']['untouchedSince'] = async (...asked) => {
      const found = await store.tickets.untouchedSince(...asked)
      await onList()
      return found
    }
    const watched: Store = { ...store, tickets: { ...store.tickets, untouchedSince } }
    return housekeepingOf(watched, clock).sweep()
  }

  it('of a hundred replies that come while the sweep runs none is lost, and neither is its place in the outbox', async () => {
    const tickets = await oldTickets()
    const reply = (ticket: Conversation) =>
      untilTaken(() =>
        accept().reply({ ...ada, idempotencyKey: `reply-${ticket.id}` }, ticket.id, { message: `To ${ticket.number}` }),
      )
    const [first, second] = [tickets.slice(0, count / 2), tickets.slice(count / 2)]
    let racing: Promise<unknown> = Promise.resolve()
    await sweep(async () => {
      await Promise.all(first.map(reply))
      racing = Promise.all(second.map(reply))
    })
    await racing
    for (const { id, number } of tickets) expect((await textsOf(id)).at(-1)).toBe(`To ${number}`)
    const { waiting } = await database.db
      .selectFrom('deliveries')
      .innerJoin('messages', 'messages.id', 'deliveries.message_id')
      .select(({ fn }) => fn.countAll<number>().as('waiting'))
      .executeTakeFirstOrThrow()
    expect(Number(waiting)).toBe(count)
  })

  it('what nobody writes to is forgotten, once, and again when something has come back to it', async () => {
    const [ticket, ...others] = await oldTickets()
    if (!ticket) throw new Error('no ticket')
    await sweep()
    for (const { id } of [ticket, ...others]) expect(await textsOf(id)).toEqual([])
    expect(await store.tickets.untouchedSince(clock.now(), count)).toEqual([])

    await accept().reply({ ...ada, idempotencyKey: 'again' }, ticket.id, { message: 'Of late' })
    await database.db.deleteFrom('deliveries').execute()
    await sweep()
    expect(await textsOf(ticket.id)).toEqual(['Of late'])
    now += (retentionDays + 1) * dayMs
    await sweep()
    expect(await textsOf(ticket.id)).toEqual([])
  })

  it('what is stuck goes with its ticket, and what waits keeps it', async () => {
    const [stuck, waiting] = await Promise.all(
      ['stuck', 'waiting'].map((message) =>
        accept().opening({ ...ada, idempotencyKey: message }, { message, language: 'en' }),
      ),
    )
    if (!stuck || !waiting) throw new Error('no tickets')
    await database.db.updateTable('deliveries').set({ state: 'stuck' }).where('ticket_id', '=', stuck.id).execute()
    now += (retentionDays + 1) * dayMs
    await sweep()
    expect([await textsOf(stuck.id), await textsOf(waiting.id)]).toEqual([[], ['waiting']])
    const left = await database.db.selectFrom('deliveries').select('ticket_id').execute()
    expect(left).toEqual([{ ticket_id: waiting.id }])
  })

  it('what the vendor brings back stays for a day', async () => {
    const [ticket] = await oldTickets()
    if (!ticket) throw new Error('no ticket')
    const subjectNow = async () => (await store.tickets.find(ticket.id))?.subject
    await sweep()
    expect(await subjectNow()).toBe(ticket.number)
    await store.tickets.refill(ticket.id, 'Of old', clock.now())
    await sweep()
    expect(await subjectNow()).toBe('Of old')
    now += dayMs + 1
    await sweep()
    expect(await subjectNow()).toBe(ticket.number)
  })
})

const player: Identity = {
  key: playerKey('harbor', 'ada'),
  game: 'harbor',
  subject: 'ada',
  kind: 'verified',
  signed: {},
  expiresAt: new Date(0),
  isRemembered: false,
}

const can: Can = {
  open: true,
  reply: 'thread',
  reopen: false,
  close: false,
  answers: 'thread',
  attachments: false,
  history: 'vendor',
  deletion: 'request',
  rating: false,
  push: 'poll',
}

const game: LiveGame = {
  key: 'harbor',
  config: {
    name: 'Harbor',
    origins: [],
    languages: ['en'],
    players: { anonymous: true, email: false, proofOfWork: false },
    form: { categories: [] },
    attachments: false,
    theme: {},
    vendor: { kind: 'desk', token: 'unused here', settleSeconds: 0 },
  },
  vendor: { kind: 'none', can, once: { open: 'marked', reply: 'marked' }, open: nothing },
  can,
}

const ada = { player, game }

function housekeepingOf(store: Store, clock: { now: () => Date }) {
  return createHousekeeping({
    store,
    clock,
    retentionDays,
    log: createLog({ level: 'silent', secrets: new Set() }),
    files: {
      blobs: { write: nothing, read: nothing, remove: nothing, list: nothing, owner: nothing, claim: nothing },
      uploads: { create: nothing, handle: nothing, offset: nothing, isWhole: nothing, remove: nothing },
      endUploads: nothing,
      close: nothing,
    },
    merging: { sweep: async () => undefined },
    leave: createInactivePlayers({ store, clock, lastSeen: createLastSeen({ store, clock }) }),
    sweepOrphans: async () => undefined,
  })
}

function nothing(): never {
  throw new Error('this test has neither a vendor, nor files, nor erasures')
}
