/** Deletion at Theymes goes by its own id of a player, which only the player's own tickets may name. */
import { splitPath } from '../http/address.ts'
import type { VendorHttp } from '../http/http.ts'
import type { VendorParts } from '../parts.ts'
import { type Vendor, VendorError, type VendorPlayer } from '../vendor.ts'
import type { TicketReader } from './reader.ts'
import { Success } from './wire.ts'

/** "integer [ 1 .. 1000 ]" */
const pageSize = 1_000
const maxPages = 20

export function createForget(
  path: string,
  http: VendorHttp,
  tickets: TicketReader,
  parts: VendorParts,
): NonNullable<Vendor['forget']> {
  /** One player may have several ids there, one for each device or game. */
  async function idsOf(player: VendorPlayer, signal: AbortSignal): Promise<Set<string>> {
    const ids = new Set<string>()
    let cursor: string | undefined
    for (let page = 0; page < maxPages; page += 1) {
      const found = await tickets.find(player, { limit: pageSize, cursor }, signal)
      if (found.unreadable.length > 0) unnamed()
      for (const { theymesPlayerId } of found.tickets) ids.add(theymesPlayerId ?? unnamed())
      cursor = found.cursor
      if (cursor === undefined) return ids
    }
    throw new VendorError('unexpected', 'theymes GET /tickets: the list of one player does not end')
  }

  /** To pass over such a ticket would tell the player that it is gone. */
  function unnamed(): never {
    parts.onDrift('theymes', 'GET /tickets: tickets.*.theymesPlayerId is missing')
    throw new VendorError('unexpected', 'theymes GET /tickets: a ticket does not name its player')
  }

  return async (player, _, signal) => {
    for (const theymesPlayerId of await idsOf(player, signal)) {
      const params = { theymesPlayerId }
      const call = { ...splitPath(path), params, json: params, schema: Success, signal }
      await http.call(call).catch((error: unknown) => {
        // Already forgotten.
        if (!(error instanceof VendorError && error.code === 'missing')) throw error
      })
    }
  }
}
