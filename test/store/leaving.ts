/** A ledger with its housekeeping, and years that pass when a test lets them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBells } from '../../server/bells.ts'
import { createHousekeeping } from '../../server/housekeeping.ts'
import { createLog } from '../../server/log.ts'
import type { Identity } from '../../server/players/identity.ts'
import { createLeave } from '../../server/players/leave.ts'
import { createSightings } from '../../server/players/sightings.ts'
import { openDatabase } from '../../server/store/database.ts'
import { createStore, type Store } from '../../server/store/store.ts'
import { createAccept } from '../../server/tickets/accept.ts'
import { freshDatabase } from '../postgres.ts'
import { moodyVendor } from '../tickets/erasing.ts'
import { gameOf } from '../tickets/game.ts'

export const dayMs = 86_400_000

export type Leaving = Awaited<ReturnType<typeof openLeaving>>

export async function openLeaving(engine: 'sqlite' | 'postgres') {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-leaving-'))
  const database = await openDatabase(engine === 'postgres' ? await freshDatabase() : `sqlite:${folder}/medkit.db`)
  const { db } = database
  let now = Date.now()
  const clock = { now: () => new Date(now) }
  const store = createStore(database, clock)
  const sightings = createSightings({ store, clock })
  const housekeeping = createHousekeeping({
    store,
    clock,
    retentionDays: 30,
    log: createLog({ level: 'silent', secrets: new Set() }),
    files: {
      keep: { write: nothing, read: nothing, remove: noBytes, list: nothing, owner: nothing, claim: nothing },
      uploads: { create: nothing, handle: nothing, offset: nothing, isWhole: nothing, remove: noBytes },
      endUploads: nothing,
      close: nothing,
    },
    merging: { sweep: async () => void (await store.merges.sweep(clock.now())) },
    leave: createLeave({ store, clock, sightings }),
    sweepOrphans: async () => undefined,
  })
  const pseudonymOf = (_: string, subject: string) => `pseudonym-of-${subject}`
  const accept = createAccept({ store, clock, bells: createBells(), opens: { known: () => true }, pseudonymOf })
  const game = gameOf(moodyVendor().vendor)
  const writer = (player: Identity) => ({ player, game, idempotencyKey: crypto.randomUUID() })

  return {
    db,
    store,
    clock,
    sightings,
    pseudonymOf,
    pass: (days: number) => {
      now += days * dayMs
    },
    sweep: housekeeping.sweep,

    /** One look at players who stay away. @param meanwhile - what happens once it is known who and what is to go */
    async leave(meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
      const shells: typeof store.unseen.shells = async (...asked) => {
        const found = await store.unseen.shells(...asked)
        await meanwhile()
        return found
      }
      const watched: Store = { ...store, unseen: { ...store.unseen, shells } }
      await createLeave({ store: watched, clock, sightings }).sweep()
    },

    open: (player: Identity) => accept.opening(writer(player), { message: 'Of old', language: 'en' }),

    reply: (player: Identity, id: Parameters<typeof accept.reply>[1]) =>
      accept.reply(writer(player), id, { message: 'Of late' }),

    /** Everything of theirs has arrived, long ago: nothing is left of it but its number. */
    async grow(): Promise<void> {
      await db.deleteFrom('deliveries').execute()
      now += 31 * dayMs
      await housekeeping.sweep()
    },

    players: async () => (await db.selectFrom('players').select('subject').orderBy('subject').execute()).map(subjectOf),
    numbers: async () => (await db.selectFrom('tickets').select('number').execute()).map(({ number }) => number),

    async close() {
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function subjectOf({ subject }: { subject: string }): string {
  return subject
}

async function noBytes(): Promise<void> {
  // What the ledger says of files is all there is of them here.
}

function nothing(): never {
  throw new Error('this test has neither a vendor nor files')
}
