/**
 * What an erasure asks of a vendor: whether it has what may have arrived, to erase what it has, and where it has no call
 * for that, its studio by a ticket. Each is safe to repeat, and each keeps the request in hand.
 */

import type { LiveGame } from '../../config/games.ts'
import { timeoutSignal } from '../../runtime/clock.ts'
import type { DeletionRow } from '../../store/deletions.ts'
import type { ErasureRow } from '../../store/erasures.ts'
import type { PlayerKey, PlayerTable } from '../../store/tables.ts'
import { type Opening, VendorError, type VendorTicketId } from '../../vendors/vendor.ts'
import { addLink } from '../chain.ts'
import { loadCopySought } from '../delivery/send.ts'
import { vendorPlayer } from '../vendor-player.ts'
import { type CarryOutParts, leaseMs } from './parts.ts'
import { studioRequest } from './studio-request.ts'

/** By the state of what is to be erased. @throws VendorError; each resolves with a wait, in milliseconds, where it is not done */
export interface AtVendor {
  sought: (request: DeletionRow) => Promise<number | undefined>
  waiting: (request: DeletionRow) => Promise<number | undefined>
  refused: (request: DeletionRow) => Promise<number | undefined>
}

const vendorMs = 30_000
const lookAgainMs = 10_000
/** Named in one ticket to the studio. */
const inOneTicket = 100

export function createAtVendor(parts: CarryOutParts, game: LiveGame | undefined): AtVendor {
  const { store, clock, timers, stopping } = parts
  const nowMs = () => clock.now().getTime()

  /** Keeps the request in hand meanwhile, and waits no longer than that though the adapter would. */
  async function call<T>(request: DeletionRow, act: (served: LiveGame, signal: AbortSignal) => Promise<T>): Promise<T> {
    if (!game) throw new VendorError('unreachable', 'the game is not served', { mayHaveActed: false })
    const until = nowMs() + leaseMs
    if (!(await store.deletions.hold(request, new Date(until))))
      throw new VendorError('busy', `${game.vendor.kind}: another relay has the request`)
    request.lease_until = until
    const timeout = timeoutSignal(timers, vendorMs)
    const signal = AbortSignal.any([stopping, timeout.signal])
    try {
      return await Promise.race([act(game, signal), aborted(signal, game.vendor.kind)])
    } finally {
      timeout.clear()
    }
  }

  async function sought(request: DeletionRow): Promise<number | undefined> {
    const waits: number[] = []
    for (const item of await store.erasures.list(request.id, 'sought')) {
      const found = await look(request, item)
      const leftMs = Number(item.settled_at) - (await store.erasures.time())
      if (found) await link(item, found)
      // Where one copy came to light there may be another: looked for as long, and named by its mark in the end.
      if (found) waits.push(1)
      else if (leftMs <= 0 || (found === undefined && !game?.vendor.forget))
        await store.erasures.change([item], { state: 'waiting' })
      else waits.push(Math.min(leftMs, lookAgainMs))
    }
    return waits.length > 0 ? Math.max(1, ...waits) : undefined
  }

  /** @returns null where the vendor does not show it, undefined where it cannot be asked for it */
  async function look(request: DeletionRow, item: ErasureRow): Promise<VendorTicketId | null | undefined> {
    const { name: mark, ticket_id, message_id, player } = item
    if (!game) throw new VendorError('unreachable', 'the game is not served')
    if (!game.vendor.findOpened || message_id === null) return undefined
    const known = await loadCopySought(store, game, { mark, ticket_id, message_id, player })
    if (!known) return undefined
    const found = await call(request, async ({ vendor }, signal) => vendor.findOpened?.(known.opening, signal))
    return found?.vendorTicketId ?? null
  }

  /** From now on it is one of the player's like any other. */
  async function link(item: ErasureRow, vendorTicketId: VendorTicketId): Promise<void> {
    await store.transaction(async (ledger) => {
      const ticket = await ledger.tickets.lock(item.ticket_id)
      if (ticket) await addLink(ledger, ticket, { vendorTicketId, player: item.player, openedAt: clock.now() })
      await ledger.erasures.add([
        { ...item, kind: 'ticket', name: vendorTicketId, message_id: null, state: 'waiting', settled_at: 0 },
      ])
    })
  }

  async function waiting(request: DeletionRow): Promise<number | undefined> {
    const items = await store.erasures.list(request.id, 'waiting')
    const openers = await store.players.findAll([...new Set(items.map(({ player }) => player))])
    const failures: VendorError[] = []
    for (const [player, own] of byPlayer(items)) {
      const opener = openers.find((row) => row.player === player)
      const error = await forget(request, opener, own)
      if (error) failures.push(error)
    }
    // What can never be is passed on already; what may be another time is tried again.
    if (failures[0]) throw failures[0]
    const timeMs = await store.erasures.time()
    const unsettled = await store.erasures.list(request.id, 'waiting')
    const left = unsettled.map(({ settled_at }) => Number(settled_at) - timeMs)
    return left.length > 0 ? Math.max(1, ...left) : undefined
  }

  async function forget(request: DeletionRow, opener: PlayerTable | undefined, items: readonly ErasureRow[]) {
    const tickets = items.filter(({ kind }) => kind === 'ticket').map(({ name }) => name as VendorTicketId)
    if (game && (!game.vendor.forget || !opener)) {
      await store.erasures.change(items, { state: 'refused' })
      return undefined
    }
    const calledAt = await store.erasures.time()
    try {
      await call(request, async ({ vendor }, signal) => {
        if (opener) await vendor.forget?.(vendorPlayer(opener), tickets, signal)
      })
      // What it may not have found because its lists did not show it is asked for again, when they must.
      const settled = items.filter(({ settled_at }) => Number(settled_at) <= calledAt)
      await store.erasures.change(settled, { state: 'erased' })
    } catch (error) {
      if (!(error instanceof VendorError)) throw error
      if (error.code !== 'refused') return error
      await store.erasures.change(items, { state: 'refused' })
    }
    return undefined
  }

  async function refused(request: DeletionRow): Promise<number | undefined> {
    for (;;) {
      const all = await store.erasures.list(request.id)
      const items = all.filter(({ state }) => state === 'refused').slice(0, inOneTicket)
      if (items.length === 0) return undefined
      const told = new Set(all.flatMap(({ told_by }) => told_by ?? []))
      const linked = new Set([...all.map(({ name }) => name), ...told] as VendorTicketId[])
      const told_by = await askStudio(request, { items, linked, part: told.size + 1 })
      if (told_by === undefined) return lookAgainMs
      await store.erasures.change(items, { state: 'asked', told_by })
    }
  }

  /** As whoever the vendor takes it from. @returns undefined while it may be there and is not shown yet */
  async function askStudio(
    request: DeletionRow,
    what: Pick<Parameters<typeof studioRequest>[1], 'items' | 'linked' | 'part'>,
  ): Promise<VendorTicketId | undefined> {
    const selves = await store.players.selvesOf(request.player)
    const own = selves.toSorted((one, other) => rank(one, request) - rank(other, request))
    let refusal = new VendorError('refused', 'nobody to ask as')
    for (const player of own) {
      try {
        if (!game) throw new VendorError('unreachable', 'the game is not served', { mayHaveActed: false })
        return await ask(request, studioRequest(game, { ...what, request, player, selves: own }))
      } catch (error) {
        if (!(error instanceof VendorError) || error.code !== 'refused') throw error
        refusal = error
      }
    }
    throw refusal
  }

  /** Once, also where the answer to an earlier try was lost. */
  async function ask(request: DeletionRow, opening: Opening): Promise<VendorTicketId | undefined> {
    const unsureSince = (await store.deletions.find(request.id))?.unsure_since ?? null
    if (unsureSince !== null && game?.vendor.findOpened) {
      const found = await call(request, async ({ vendor }, signal) => vendor.findOpened?.(opening, signal))
      if (found) return asked(request, found.vendorTicketId)
      if ((await store.erasures.time()) < Number(unsureSince) + game.config.vendor.settleSeconds * 1_000)
        return undefined
    }
    await store.deletions.change(request.id, { unsure_since: await store.erasures.time() })
    const opened = await call(request, ({ vendor }, signal) => vendor.open(opening, signal)).catch(async (error) => {
      const isSure = error instanceof VendorError && !error.mayHaveActed
      // From the end of the attempt on the vendor has time to show it.
      await store.deletions.change(request.id, { unsure_since: isSure ? null : await store.erasures.time() })
      throw error
    })
    return asked(request, opened.vendorTicketId)
  }

  async function asked({ id }: DeletionRow, told: VendorTicketId): Promise<VendorTicketId> {
    await store.deletions.change(id, { unsure_since: null })
    return told
  }

  return { sought, waiting, refused }
}

/** Who they are now, before whom they were. */
function rank({ player }: PlayerTable, request: DeletionRow): number {
  return player === request.player ? 0 : 1
}

function byPlayer(items: readonly ErasureRow[]): Map<PlayerKey, ErasureRow[]> {
  return Map.groupBy(items, ({ player }) => player)
}

/** An adapter may not listen to being called off. */
function aborted(signal: AbortSignal, vendor: string): Promise<never> {
  return new Promise((_, reject) => {
    const late = () => reject(new VendorError('unreachable', `${vendor}: no answer in time`))
    if (signal.aborted) late()
    else signal.addEventListener('abort', late, { once: true })
  })
}
