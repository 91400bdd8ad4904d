/** Announcing a file: who may, how much, and where its bytes are to go. */
import type { z } from 'zod'
import type { LiveGame } from '../config/games.ts'
import type { AnnouncedAttachment, NewAttachment } from '../contract/attachment.ts'
import type { AttachmentLimits } from '../contract/can.ts'
import type { AttachmentId } from '../contract/ids.ts'
import type { Identity } from '../players/identity.ts'
import { refuseWhileErasing } from '../players/refuse-while-erasing.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { randomId } from '../runtime/random.ts'
import { Refusal } from '../runtime/refusal.ts'
import type { LooseBounds } from '../store/attachments.ts'
import type { Ledger, Store } from '../store/store.ts'
import { type PreparedUpload, VendorError } from '../vendors/vendor.ts'
import { cleanFileName } from './check.ts'
import type { Files } from './files.ts'
import { firstLook } from './inspection.ts'
import { canonicalType, isActive, isRunnableName } from './kinds.ts'
import { type Quota, storageFull } from './quota.ts'

export interface AnnounceParts {
  store: Store
  clock: Clock
  files: Files
  room: Pick<Quota, 'from'>
  log: Log
}

export interface Announcement {
  player: Identity
  game: LiveGame
  file: Omit<z.output<typeof NewAttachment>, 'proof'>
  /** Of the player's, as far as it can be known. */
  address?: string | undefined
  /** Where the player reaches this relay. */
  base: string
}

export type Announce = (announcement: Announcement) => Promise<AnnouncedAttachment>

/** Several messages' worth; what nobody ever sends is dropped after two days. */
const looseFiles = 50
const prepareMs = 10_000
const waitSeconds = 60

/**
 * @throws Refusal `unsupported`, `erasure_under_way`, `type_not_allowed`, `too_large`; `rate_limited` where too much of the
 * player's waits for a message, `storage_full` where too much of their network's, of strangers' or of the game's does, or the disk is full
 */
export function createAnnounce({ store, clock, files, room, log }: AnnounceParts): Announce {
  async function reserve(announcement: Announcement, own: LooseBounds): Promise<AttachmentId> {
    const { player, game, file, address } = announcement
    const { network, bounds } = await room.from(address)
    const now = clock.now()
    const id = randomId() as AttachmentId
    const row = {
      id,
      game: game.key,
      player: player.key,
      ticket_id: null,
      message_id: null,
      file_name: cleanFileName(file.fileName),
      file_type: file.fileType,
      file_size: file.fileSize,
      state: 'uploading' as const,
      reason: null,
      vendor_file_id: null,
      position: 0,
      created_at: now.getTime(),
      check_at: firstLook(now),
      waiting_from: network,
    }
    const outcome = await store.transaction(async (ledger) => {
      await refuseWhileErasing(ledger, player.key)
      const from_stranger = (await isStranger(ledger, player)) ? 1 : 0
      return ledger.attachments.announce({ ...row, from_stranger }, own, bounds)
    }, 'files')
    if (outcome === 'no_room_of_own') throw new Refusal('rate_limited', { retryAfterSeconds: waitSeconds })
    if (outcome === 'no_room') throw storageFull()
    return id
  }

  /** A vendor that cannot be asked just now is no reason to send a file away: the relay takes it itself. */
  async function prepare({ player, game, file }: Announcement): Promise<PreparedUpload | undefined> {
    if (!isDirect(game) || !game.vendor.prepareUpload) return undefined
    const named = { ...file, fileName: cleanFileName(file.fileName) }
    try {
      return await game.vendor.prepareUpload(named, { id: player.subject }, AbortSignal.timeout(prepareMs))
    } catch (error) {
      if (!(error instanceof VendorError)) throw error
      log.warn({ game: game.key, vendor: error.message }, 'the vendor prepared no upload; the relay takes the file')
      return undefined
    }
  }

  async function begin(id: AttachmentId, announcement: Announcement): Promise<AnnouncedAttachment> {
    const prepared = await prepare(announcement)
    if (prepared) {
      const { vendorFileId, url, headers, expiresAt } = prepared
      // Begun meanwhile, an erasure has dropped it: nothing may be put where nobody would look for it.
      if (!(await store.attachments.placeAtVendor(id, vendorFileId)))
        throw new Refusal('erasure_under_way', { retryAfterSeconds: 60 })
      return { id, upload: { protocol: 'put', url, headers, expiresAt: expiresAt.toISOString() } }
    }
    await files.uploads.create(id, announcement.file.fileSize)
    return { id, upload: { protocol: 'tus', url: `${announcement.base}/v1/uploads/${id}` } }
  }

  return async (announcement) => {
    const limits = requireLimits(announcement)
    const id = await reserve(announcement, { count: looseFiles, bytes: limits.maxBytes * limits.maxCount })
    try {
      return await begin(id, announcement)
    } catch (error) {
      await store.attachments.drop(id)
      throw error
    }
  }
}

/** A device of which nothing is known: the vendor has no ticket of it yet. */
async function isStranger(ledger: Ledger, { kind, key }: Identity): Promise<boolean> {
  return kind === 'anonymous' && !(await ledger.tickets.isAtVendor(key))
}

function requireLimits({ game, file }: Announcement): AttachmentLimits {
  const { attachments } = game.can
  if (attachments === false) throw new Refusal('unsupported')
  if (!attachments.types.includes(file.fileType)) throw new Refusal('type_not_allowed')
  // Nobody will look into what goes past the relay, so what can be told beforehand is told now.
  const runs = isActive(canonicalType(file.fileType)) || isRunnableName(cleanFileName(file.fileName))
  if (isDirect(game) && runs) throw new Refusal('type_not_allowed')
  if (file.fileSize > attachments.maxBytes) throw new Refusal('too_large')
  return attachments
}

function isDirect({ config }: LiveGame): boolean {
  return config.attachments !== false && config.attachments.direct === true
}
