/** Files: announced, uploaded in pieces, fetched back, dropped. */
import type { Bells } from '../bells.ts'
import type { Clock } from '../clock.ts'
import type { AttachmentId } from '../contract/ids.ts'
import { checkFile, cleanFileName } from '../files/check.ts'
import { responseFor } from '../files/download.ts'
import type { Files } from '../files/uploads.ts'
import type { LiveGame } from '../games.ts'
import type { Identity } from '../players/identity.ts'
import { Refusal } from '../problem.ts'
import { randomId } from '../random.ts'
import type { AttachmentRow } from '../store/attachments.ts'
import type { Store } from '../store/store.ts'
import { loadChain } from '../tickets/chain.ts'
import { ownAttachment } from '../tickets/ownership.ts'
import { VendorError, type VendorFileId, type VendorTicketRef } from '../vendors/vendor.ts'
import type { HandlersOf } from './handlers.ts'

export interface AttachmentRouteParts {
  store: Store
  clock: Clock
  bells: Bells
  files: Files
  /** Where the outside reaches this relay. */
  baseOf: (request: Request) => string
}

type AttachmentRoutes = HandlersOf<
  'POST /attachments' | 'GET /attachments/:attachmentId' | 'DELETE /attachments/:attachmentId'
>

/** Files a player may have waiting for a message: several messages' worth, and a bound on what nobody ever sends. */
const looseFiles = 50

export function attachmentRoutes({ store, clock, files, baseOf }: AttachmentRouteParts): AttachmentRoutes {
  async function fromVendor(game: LiveGame, row: AttachmentRow, vendorFileId: VendorFileId): Promise<Response> {
    const ref = await refOfAttachment(store, row)
    if (!game.vendor.download || !ref) throw new Refusal('not_found')
    const file = { vendorFileId, fileName: row.file_name, fileType: row.file_type, fileSize: Number(row.file_size) }
    const { body, fileSize } = await game.vendor.download(ref, file, AbortSignal.timeout(30_000)).catch(asRefusal)
    return responseFor(body, { ...file, fileSize })
  }

  return {
    async 'POST /attachments'({ player, game, body, request }) {
      const { attachments } = game.can
      if (attachments === false) throw new Refusal('unsupported')
      if (!attachments.types.includes(body.fileType)) throw new Refusal('type_not_allowed')
      if (body.fileSize > attachments.maxBytes) throw new Refusal('too_large')
      if ((await store.attachments.countLoose(player.key)) >= looseFiles) throw new Refusal('too_large')
      const id = randomId() as AttachmentId
      await files.uploads.create(id, body.fileSize)
      await store.attachments.add({
        id,
        game: game.key,
        player: player.key,
        ticket_id: null,
        message_id: null,
        file_name: cleanFileName(body.fileName),
        file_type: body.fileType,
        file_size: body.fileSize,
        state: 'uploading',
        reason: null,
        vendor_file_id: null,
        position: 0,
        created_at: clock.now().getTime(),
      })
      const url = `${baseOf(request)}/v1/uploads/${id}`
      return { status: 201, body: { id, upload: { protocol: 'tus', url } } }
    },

    async 'GET /attachments/:attachmentId'({ player, game, params }) {
      const row = await ownAttachment(store, player, params.attachmentId)
      if (row.state !== 'ready') throw new Refusal('not_found')
      if (row.vendor_file_id !== null) return fromVendor(game, row, row.vendor_file_id)
      const kept = await files.keep.read(row.id)
      if (!kept) throw new Refusal('not_found')
      return responseFor(kept.body, { fileName: row.file_name, fileType: row.file_type, fileSize: kept.size })
    },

    async 'DELETE /attachments/:attachmentId'({ player, params }) {
      const row = await ownAttachment(store, player, params.attachmentId)
      if (!(await store.attachments.drop(row.id))) throw new Refusal('not_found')
      await files.uploads.remove(row.id)
      return { status: 204 }
    },
  }
}

/** `HEAD` and `PATCH /v1/uploads/{id}`: tus 1.0 on an upload that `POST /attachments` created. */
export function createUploadHandler({ store, clock, bells, files }: Omit<AttachmentRouteParts, 'baseOf'>) {
  /** Looks into a file that has just come in whole, and says what it is. */
  async function inspect(row: AttachmentRow, game: LiveGame): Promise<void> {
    const allowed = game.can.attachments === false ? [] : game.can.attachments.types
    const kept = await files.keep.read(row.id)
    const declared = { fileName: row.file_name, fileType: row.file_type, fileSize: Number(row.file_size) }
    const result = kept
      ? await checkFile(kept.body, declared, allowed)
      : { ok: false as const, reason: 'unreadable' as const }
    const change = result.ok
      ? { state: 'ready' as const, file_type: result.fileType }
      : { state: 'refused' as const, reason: result.reason }
    await store.transaction(async (ledger) => {
      await ledger.attachments.change(row.id, change)
      await ledger.events.add(row.player, clock.now(), { type: 'attachment-changed', attachment_id: row.id })
    })
    if (!result.ok) await files.uploads.remove(row.id)
    bells.player.ring(row.player)
  }

  return async (player: Identity, game: LiveGame, id: AttachmentId, request: Request): Promise<Response> => {
    const row = await ownAttachment(store, player, id)
    if (row.vendor_file_id !== null || row.state === 'refused') throw new Refusal('not_found')
    const { response, finished } = await files.uploads.handle(request, id)
    // The last PATCH is answered only when its file has been looked into, so what follows can count on the verdict.
    if (finished && row.state === 'uploading') await inspect(row, game)
    return response
  }
}

async function refOfAttachment(store: Store, row: AttachmentRow): Promise<VendorTicketRef | undefined> {
  const ticket = row.ticket_id ? await store.tickets.find(row.ticket_id) : undefined
  const message = row.message_id ? await store.messages.find(row.message_id) : undefined
  const chain = ticket ? await loadChain(store, ticket) : []
  return chain.find(({ position }) => position === message?.chain_position)?.ref
}

/** The player is not told whether the vendor lost the file or is down: either way it cannot be had just now. */
function asRefusal(error: unknown): never {
  if (error instanceof VendorError) throw new Refusal('not_found', { cause: error })
  throw error
}
