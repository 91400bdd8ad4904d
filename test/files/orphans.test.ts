/** Sweeping what nothing names, on disk and on S3, without touching anything that something does. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AttachmentId } from '../../server/contract/ids.ts'
import { createOrphanSweep } from '../../server/files/orphans.ts'
import { createFiles, type Files } from '../../server/files/uploads.ts'
import { createLog } from '../../server/log.ts'
import { type Database, openDatabase } from '../../server/store/database.ts'
import { createStore, type Store } from '../../server/store/store.ts'
import type { PlayerKey } from '../../server/store/tables.ts'
import { createDeskLedger, type DeskLedger, type DeskTables, migrateDesk } from '../../server/vendors/desk/ledger.ts'
import type { VendorFileId, VendorMessageId, VendorTicketId } from '../../server/vendors/vendor.ts'
import { newId, type Place, places } from './places.ts'
import { beginPatch, patch, type Served, serve } from './serve.ts'

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

  beforeEach(async () => {
    place = await open()
    folder = await mkdtemp(join(tmpdir(), 'medkit-orphans-'))
    database = await openDatabase(`sqlite:${folder}/medkit.db`)
    store = createStore(database)
    const tables = database.db as unknown as Kysely<DeskTables>
    await migrateDesk(tables)
    desk = createDeskLedger(tables)
    files = createFiles(place.url, place.options)
    served = await serve(files)
    aheadMs = 25 * hourMs
    sweep = createOrphanSweep({
      store,
      clock: { now: () => new Date(Date.now() + aheadMs) },
      files,
      log: createLog({ level: 'silent', secrets: new Set() }),
      ofDesk: desk.filesAmong,
    })
  })

  afterEach(async () => {
    await files.close()
    await served.close()
    await database.close()
    await place.close()
    await rm(folder, { recursive: true, force: true })
  })

  const write = async (id = newId()) => {
    await files.keep.write(id, new Blob([bytes]).stream(), { maxBytes: 100 })
    return id
  }
  const begun = async (id = newId()) => {
    await files.uploads.create(id, 100)
    await patch(served.urlOf(id), 0, bytes)
    return id
  }
  const isThere = async (id: string) => (await files.uploads.offset(id)) !== undefined

  function row(id: string, state: 'uploading' | 'ready' | 'refused') {
    const bare = { ticket_id: null, message_id: null, reason: null, vendor_file_id: null, position: 0, created_at: 0 }
    const file = { file_name: 'a.png', file_type: 'image/png', file_size: 100 }
    return store.attachments.add({
      id: id as AttachmentId,
      game: 'star-harbor',
      player: 'somebody' as PlayerKey,
      state,
      ...bare,
      ...file,
    })
  }

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
    await expect.poll(async () => (await files.keep.read(id))?.size).toBe(1_000)
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
})
