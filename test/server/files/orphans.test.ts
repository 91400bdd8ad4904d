/** Sweeping what nothing names, on disk and on S3, without touching anything that something does. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AttachmentId } from '../../../server/contract/ids.ts'
import { createDeskLedger, type DeskLedger, type DeskTables, migrateDesk } from '../../../server/desk/ledger.ts'
import { createFiles, type Files } from '../../../server/files/files.ts'
import { createOrphanSweep } from '../../../server/files/orphans.ts'
import { createLog } from '../../../server/runtime/log.ts'
import { attachmentRows } from '../../../server/store/attachments.ts'
import { type Database, openDatabase } from '../../../server/store/database.ts'
import { migrations } from '../../../server/store/migrations.ts'
import { createSqlite } from '../../../server/store/sqlite.ts'
import { createStore, type Store } from '../../../server/store/store.ts'
import type { PlayerKey, Tables } from '../../../server/store/tables.ts'
import type { VendorFileId, VendorMessageId, VendorTicketId } from '../../../server/vendors/vendor.ts'
import { newId, type Place, places } from '../../fixtures/blob-stores.ts'
import { beginPatch, patch, type Served, serve } from '../../fixtures/files-server.ts'

const hourMs = 3_600_000
const bytes = Buffer.from('some bytes')

describe.each(Object.entries(places))('On %s, the sweep', (_name, open) => {
  let place: Place
  let folder: string
  let database: Database
  let files: Files
  let served: Served
  let store: Store
  let desk: DeskLedger
  let aheadMs: number
  let sweep: () => Promise<void>
  let lines: string[]
  let other: Database | undefined

  beforeEach(async () => {
    place = await open()
    folder = await mkdtemp(join(tmpdir(), 'medkit-orphans-'))
    database = await openDatabase(`sqlite:${folder}/medkit.db`)
    store = createStore(database)
    const tables = database.db as unknown as Kysely<DeskTables>
    await migrateDesk(tables)
    desk = createDeskLedger(tables)
    files = await createFiles(place.url, place.options)
    served = await serve(files)
    aheadMs = 25 * hourMs
    lines = []
    // A relay's first look at a place that is empty yet.
    await sweepBy(store)
    sweep = await sweepOf(store)
  })

  async function sweepBy(store: Store): Promise<void> {
    await (await sweepOf(store))()
  }

  async function sweepOf(store: Store): Promise<() => Promise<void>> {
    return createOrphanSweep({
      ledgerId: await store.facts.keep('id', newId),
      store,
      clock: { now: () => new Date(Date.now() + aheadMs) },
      files,
      log: createLog({ level: 'info', secrets: new Set(), destination: { write: (line) => lines.push(line) } }),
      ofDesk: desk.filesAmong,
    })
  }

  /** As an earlier relay left it: no place says whose it is. */
  async function withoutOwner(): Promise<void> {
    await files.close()
    files = await createFiles(place.url.replace(/(\/games)?(\?|$)/, '/unmarked$2'), place.options)
  }

  /** As somebody opens it at a wrong path: nothing is in it. */
  async function otherLedger(prepare: (path: string) => Promise<void> = async () => undefined): Promise<Store> {
    const path = join(folder, `${newId()}.db`)
    await prepare(path)
    other = await openDatabase(`sqlite:${path}`)
    return createStore(other)
  }

  /** The ledger of a relay from before places had owners, with one file in it. */
  async function fillAsBefore(path: string): Promise<void> {
    const db = new Kysely<Tables>({ dialect: createSqlite(path).dialect })
    const all = migrations('sqlite')
    const before = Object.keys(all).filter((name) => name < '0010')
    await new Migrator({ db, provider: { getMigrations: async () => all } }).migrateTo(before.at(-1) ?? '')
    await attachmentRows(db, 'sqlite').add(rowOf(await write(), 'ready'))
    await db.destroy()
  }

  afterEach(async () => {
    await files.close()
    await served.close()
    await database.close()
    await other?.close()
    other = undefined
    await place.close()
    await rm(folder, { recursive: true, force: true })
  })

  const write = async (id = newId()) => {
    await files.blobs.write(id, new Blob([bytes]).stream(), { maxBytes: 100 })
    return id
  }
  const begun = async (id = newId()) => {
    await files.uploads.create(id, 100)
    await patch(served.urlOf(id), 0, bytes)
    return id
  }
  const isThere = async (id: string) => (await files.uploads.offset(id)) !== undefined

  function rowOf(id: string, state: 'uploading' | 'ready' | 'refused') {
    const bare = { ticket_id: null, message_id: null, reason: null, vendor_file_id: null, position: 0, created_at: 0 }
    const file = { file_name: 'a.png', file_type: 'image/png', file_size: 100 }
    const whose = { id: id as AttachmentId, game: 'star-harbor', player: 'somebody' as PlayerKey }
    return { ...whose, state, ...bare, ...file }
  }
  const row = (...file: Parameters<typeof rowOf>) => store.attachments.add(rowOf(...file))

  it('removes files and uploads that no row names, and leaves nothing of them', async () => {
    await write()
    await begun()
    await files.uploads.create(newId(), 100)
    await sweep()
    expect(await place.left()).toEqual([])
  })

  it('removes what a refusal left, when the relay died before it could', async () => {
    const id = await write()
    await row(id, 'refused')
    await sweep()
    expect(await place.left()).toEqual([])
  })

  it('leaves what a row names, whole or not', async () => {
    const ids = [await write(), await begun()]
    for (const id of ids) await row(id, 'ready')
    const uploading = await begun()
    await row(uploading, 'uploading')
    await sweep()
    expect(await Promise.all([...ids, uploading].map(isThere))).toEqual([true, true, true])
  })

  it('leaves the files of the desk', async () => {
    const id = await write()
    const message = { id: newId() as VendorMessageId, ticket_id: newId() as VendorTicketId, author: 'agent' as const }
    const file = { file_name: 'a.png', file_type: 'image/png', file_size: bytes.length }
    const said = { ...message, author_name: null, text: '', sent_at: 0, mark: null }
    await desk.open(
      {
        ...{ id: message.ticket_id, game: 'g', mark: 'm', number: 'N', subject: '', status: 'open', language: 'en' },
        ...{ category: null, player_id: 'p', player_kind: 'verified', player_name: null, player_email: null },
        ...{
          pseudonym: 'p',
          signed: '{}',
          claimed: '{}',
          fields: '{}',
          purpose: 'ticket',
          follows: null,
          rating: null,
        },
        ...{ message_count: 1, opened_at: 0, changed_at: 0 },
      },
      said,
      [{ id: id as VendorFileId, ticket_id: message.ticket_id, message_id: message.id, ...file }],
    )
    await sweep()
    expect(await isThere(id)).toBe(true)
  })

  it('leaves what is younger than a day: its row may be about to be written', async () => {
    aheadMs = 23 * hourMs
    const id = await write()
    await sweep()
    expect(await isThere(id)).toBe(true)
  })

  it('leaves an upload alone whose bytes are coming in', async () => {
    const id = newId()
    await files.uploads.create(id, 1_000)
    await row(id, 'uploading')
    const socket = beginPatch(served.port, id, 0, 1_000)
    socket.write(bytes)
    await expect.poll(served.begun).toBe(1)
    await sweep()
    socket.write(Buffer.alloc(1_000 - bytes.length))
    await expect.poll(async () => (await files.blobs.read(id))?.size).toBe(1_000)
    socket.destroy()
  })

  it('looks once a day', async () => {
    await sweep()
    const id = await write()
    await sweep()
    expect(await isThere(id)).toBe(true)
    aheadMs += 24 * hourMs
    await sweep()
    expect(await isThere(id)).toBe(false)
  })

  it('by a ledger that was opened in the place of the right one leaves everything, and says so', async () => {
    const ids = [await write(), await write()]
    await row(ids[0] ?? '', 'ready')
    await sweepBy(await otherLedger())
    expect(await Promise.all(ids.map(isThere))).toEqual([true, true])
    expect(lines.join()).toContain('nothing is swept')
    await sweep()
    expect(await Promise.all(ids.map(isThere))).toEqual([true, false])
  })

  it('leaves files that it does not know at a place that nobody owns, also once it has one of its own there', async () => {
    await withoutOwner()
    const id = await write()
    await sweepBy(store)
    await row(await write(), 'ready')
    await sweepBy(store)
    expect(await isThere(id)).toBe(true)
    expect(lines.filter((line) => line.includes('nothing is swept'))).toHaveLength(2)
    expect(await files.blobs.owner()).toBeUndefined()
  })

  it('waits before it owns a place with what is too young to be an orphan', async () => {
    await withoutOwner()
    aheadMs = 23 * hourMs
    await write()
    await sweepBy(store)
    expect([await files.blobs.owner(), lines]).toEqual([undefined, []])
  })

  it('owns a place where it knows every file', async () => {
    await withoutOwner()
    await row(await write(), 'ready')
    await sweepBy(store)
    const id = await write()
    await sweepBy(await otherLedger())
    expect(await isThere(id)).toBe(true)
    await sweepBy(store)
    expect(await isThere(id)).toBe(false)
  })

  it('goes on where the ledger kept files before places had owners', async () => {
    await withoutOwner()
    const orphan = await write()
    const before = await otherLedger(fillAsBefore)
    await sweepBy(before)
    expect(await isThere(orphan)).toBe(false)
    expect(await files.blobs.owner()).toBe(await before.facts.find('id'))
  })

  it('takes relays that start at once on one ledger for one', async () => {
    await withoutOwner()
    const ids = await Promise.all([1, 2, 3].map(() => store.facts.keep('id', newId)))
    expect(new Set(ids).size).toBe(1)
    await Promise.all([1, 2, 3].map(() => sweepBy(store)))
    expect([await files.blobs.owner(), lines]).toEqual([ids[0], []])
  })
})
