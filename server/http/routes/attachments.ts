/** Files: announced, uploaded in pieces, fetched back, dropped. */

import type { LiveGame } from '../../config/games.ts'
import type { AttachmentId } from '../../contract/ids.ts'
import type { Announce } from '../../files/announce.ts'
import { responseFor } from '../../files/download.ts'
import type { Files } from '../../files/files.ts'
import type { Inspection } from '../../files/inspection.ts'
import type { Identity } from '../../players/identity.ts'
import { difficultyFor, type Proofs } from '../../players/proof-of-work.ts'
import { refuseWhileErasing } from '../../players/refuse-while-erasing.ts'
import { randomId } from '../../runtime/random.ts'
import { Refusal } from '../../runtime/refusal.ts'
import type { AttachmentRow } from '../../store/attachments.ts'
import type { Store } from '../../store/store.ts'
import type { PlayerKey } from '../../store/tables.ts'
import { loadChain } from '../../tickets/chain.ts'
import { ownAttachment } from '../../tickets/ownership.ts'
import { VendorError, type VendorFileId, type VendorTicketRef } from '../../vendors/vendor.ts'
import type { HandlersOf } from '../handlers.ts'

export interface AttachmentRouteParts {
  store: Store
  files: Files
  announce: Announce
  proofs: Pick<Proofs, 'spend'>
  /** Where the outside reaches this relay. */
  baseOf: (request: Request) => string
}

type AttachmentRoutes = HandlersOf<
  'POST /attachments' | 'GET /attachments/:attachmentId' | 'DELETE /attachments/:attachmentId'
>

export function attachmentRoutes({ store, files, announce, proofs, baseOf }: AttachmentRouteParts): AttachmentRoutes {
  async function fromVendor(game: LiveGame, row: AttachmentRow, vendorFileId: VendorFileId): Promise<Response> {
    const ref = await refOfAttachment(store, row)
    if (!game.vendor.download || !ref) throw new Refusal('not_found')
    const file = { vendorFileId, fileName: row.file_name, fileType: row.file_type, fileSize: Number(row.file_size) }
    // Every call to a vendor has its own deadline; the bytes take as long as the player's line does.
    const { body, fileSize } = await game.vendor.download(ref, file, new AbortController().signal).catch(asRefusal)
    return responseFor(body, { ...file, fileSize })
  }

  return {
    async 'POST /attachments'({ player, game, body: { proof, ...file }, request, address }) {
      // Announced once more, because an answer was lost, it is another file: a proof is good for one.
      if (difficultyFor(game, player)) await proofs.spend(proof, { solver: player.key, use: randomId() })
      return { status: 201, body: await announce({ player, game, file, address, base: baseOf(request) }) }
    },

    async 'GET /attachments/:attachmentId'({ player, game, params }) {
      const row = await ownAttachment(store, player, params.attachmentId)
      if (row.state !== 'ready') throw new Refusal('not_found')
      if (row.vendor_file_id !== null) return fromVendor(game, row, row.vendor_file_id)
      const kept = await files.blobs.read(row.id)
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

export interface UploadHandlerParts {
  store: Store
  files: Files
  inspection: Pick<Inspection, 'begin'>
}

/** Requests of one player that bring bytes at the same time: more than a message has files. */
const atOnce = 12

/** `HEAD` and `PATCH /v1/uploads/{id}`: tus 1.0 on an upload that `POST /attachments` created. */
export function createUploadHandler({ store, files, inspection }: UploadHandlerParts) {
  const sending = new Map<PlayerKey, number>()

  async function withRoom(player: PlayerKey, work: () => Promise<Response>): Promise<Response> {
    const count = sending.get(player) ?? 0
    if (count >= atOnce) return lockedForNow()
    sending.set(player, count + 1)
    try {
      return await work()
    } finally {
      const left = (sending.get(player) ?? 1) - 1
      if (left > 0) sending.set(player, left)
      else sending.delete(player)
    }
  }

  return async (player: Identity, _game: LiveGame, id: AttachmentId, request: Request): Promise<Response> => {
    if (request.method !== 'HEAD') await refuseWhileErasing(store, player.key)
    const row = await ownAttachment(store, player, id)
    if (row.vendor_file_id !== null || row.state === 'refused') throw new Refusal('not_found')
    return withRoom(player.key, async () => {
      const { response, finished } = await files.uploads.handle(request, id)
      if (finished && row.state === 'uploading') await inspection.begin(id)
      return response
    })
  }
}

/** What a tus client takes for "try again in a moment". */
function lockedForNow(): Response {
  const headers = { 'Tus-Resumable': '1.0.0', 'Cache-Control': 'no-store', 'Retry-After': '1' }
  return new Response(null, { status: 423, headers })
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
