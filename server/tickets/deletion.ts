/**
 * Erasure: asked for, withdrawn, and carried out step by dated step. The vendor is asked first, because only the ledger
 * knows which vendor tickets are the player's; the ledger forgets last.
 */
import type { Bells } from '../bells.ts'
import type { Clock } from '../clock.ts'
import type { DeletionRequest, DeletionStepName } from '../contract/deletion.ts'
import type { AttachmentId, DeletionRequestId, TicketId } from '../contract/ids.ts'
import type { Games, LiveGame } from '../games.ts'
import type { Log } from '../log.ts'
import type { Identity } from '../players/identity.ts'
import { Refusal } from '../problem.ts'
import { randomId } from '../random.ts'
import type { AttachmentRow } from '../store/attachments.ts'
import type { DeletionRow } from '../store/deletions.ts'
import type { Ledger, Store } from '../store/store.ts'
import type { PlayerTable } from '../store/tables.ts'
import { StoreUnavailable } from '../store/trouble.ts'
import { type Opening, VendorError, type VendorTicketId } from '../vendors/vendor.ts'
import { ownDeletion } from './ownership.ts'
import { presentDeletion, stepsOf } from './present.ts'
import { vendorPlayer } from './vendor-player.ts'

export interface DeletionParts {
  store: Store
  clock: Clock
  bells: Bells
  games: Games
  log: Log
  graceHours: number
  /** Drops the bytes of a player's file. */
  removeFile: (id: AttachmentId) => Promise<void>
}

export interface Deletions {
  /** A second request while one is under way is the first one again. */
  ask: (player: Identity) => Promise<DeletionRequest>
  list: (player: Identity) => Promise<DeletionRequest[]>
  /** @throws Refusal `not_found`, `unsupported` once it has begun */
  withdraw: (player: Identity, id: DeletionRequestId) => Promise<DeletionRequest>
  /** Carries out one due request. @returns whether there was one */
  carryOutNext: () => Promise<boolean>
  /** Waits for no vendor any more: what is in hand is taken up again by whoever comes next. */
  stop: () => void
}

const dueDays = 30
const dayMs = 86_400_000
const hourMs = 3_600_000
/** After a failure, or a relay that died in the middle, the request is taken up again. */
const leaseMs = 120_000
const vendorMs = 30_000
/** A message on its way has arrived by then, or has failed. */
const busyMs = 10_000

export function createDeletions({ store, clock, bells, games, log, graceHours, removeFile }: DeletionParts): Deletions {
  const stopping = new AbortController()

  async function ask(player: Identity): Promise<DeletionRequest> {
    const answer = await store.transaction(async (ledger) => {
      const row = newRequest(player, clock.now(), graceHours)
      if (!(await ledger.deletions.add(row))) {
        const known = await ledger.deletions.findUnfinished(player.key)
        return known && presentDeletion(known)
      }
      await ledger.events.add(player.key, clock.now(), { type: 'deletion-changed', request_id: row.id })
      return presentDeletion(row)
    })
    // The one under way came to its end just now.
    if (!answer) return ask(player)
    bells.player.ring(player.key)
    if (Date.parse(answer.beginsAt) <= clock.now().getTime()) bells.erasure.ring(player.key)
    return answer
  }

  async function withdraw(player: Identity, id: DeletionRequestId): Promise<DeletionRequest> {
    const answer = await store.transaction(async (ledger) => {
      const request = await ownDeletion(ledger, player, id)
      if (request.status === 'withdrawn') return presentDeletion(request)
      const steps = withStep(request, 'withdrawn', clock.now())
      if (!(await ledger.deletions.withdraw(id, steps))) throw new Refusal('unsupported')
      await ledger.events.add(player.key, clock.now(), { type: 'deletion-changed', request_id: id })
      return presentDeletion({ ...request, status: 'withdrawn', steps })
    })
    bells.player.ring(player.key)
    return answer
  }

  async function carryOutNext(): Promise<boolean> {
    if (stopping.signal.aborted) return false
    const now = clock.now()
    const request = await store.deletions.claim(now, new Date(now.getTime() + leaseMs))
    if (!request) return false
    try {
      await carryOut(request)
    } catch (error) {
      if (error instanceof StoreUnavailable) log.warn({ err: error }, 'a request for erasure waits for the disk')
      else if (!(error instanceof VendorError)) throw error
      else log.warn({ game: request.game, vendor: error.message }, 'a request for erasure waits for the vendor')
    }
    return true
  }

  async function carryOut(request: DeletionRow): Promise<void> {
    await callOff(request)
    const asked = (await askVendor(request)) ?? request
    // The bytes first: as long as rows name them, the next try finds what this one left.
    for (const id of keptBytes(await store.attachments.ofPlayer(request.player))) await removeFile(id)
    const files = await store.transaction((ledger) => forget(ledger, asked))
    for (const id of files) await removeFile(id)
    // Before it is said: after a crash or a failure here, the next try finds nothing to forget and comes to this again.
    await store.scrub()
    await store.transaction((ledger) => tellErased(ledger, asked, clock.now()))
    bells.player.ring(request.player)
  }

  /** What were to arrive after the vendor was asked would stay there. */
  async function callOff({ id, player }: DeletionRow): Promise<void> {
    const isOnItsWay = await store.transaction(async (ledger) => {
      const tickets = await ledger.tickets.ofPlayer(player)
      return ledger.deliveries.callOff(tickets.map(({ id }) => id))
    })
    if (!isOnItsWay) return
    await store.deletions.change(id, { lease_until: clock.now().getTime() + busyMs })
    throw new VendorError('busy', 'a message of the player is on its way')
  }

  /** @returns the request with its new step, or undefined when the vendor need not, or need not again, be asked */
  async function askVendor(request: DeletionRow): Promise<DeletionRow | undefined> {
    const game = games.get(request.game)
    const player = await store.players.find(request.player)
    const isAsked = stepsOf(request).some(({ name }) => name === 'vendor-asked' || name === 'studio-asked')
    if (!game || !player || isAsked) return undefined
    const step = await tellVendor(game, player, request)
    if (!step) return undefined
    const steps = withStep(request, step, clock.now())
    await store.deletions.change(request.id, { steps })
    return { ...request, steps }
  }

  async function tellVendor(
    game: LiveGame,
    row: PlayerTable,
    request: DeletionRow,
  ): Promise<DeletionStepName | undefined> {
    const opened = await openedAs(request)
    if (opened.length === 0) return undefined
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(vendorMs)])
    if (game.vendor.forget) {
      for (const { opener, tickets } of opened) await game.vendor.forget(vendorPlayer(opener), tickets, signal)
      return 'vendor-asked'
    }
    await askStudio(game, deletionOpening(game, row, request, opened), request.status === 'waiting', signal)
    return 'studio-asked'
  }

  /** Once, also where the answer to an earlier try was lost. */
  async function askStudio({ vendor }: LiveGame, opening: Opening, isFirstTry: boolean, signal: AbortSignal) {
    const found = isFirstTry ? undefined : await vendor.findOpened?.(opening, signal)
    if (!found) await vendor.open(opening, signal)
  }

  /** The player's vendor tickets, by whom the vendor knows them: themselves, and who they were before they were verified. */
  async function openedAs({ player }: DeletionRow): Promise<OpenedAs[]> {
    const links = await store.tickets.chainsOf(player)
    const openers = await store.players.findAll([...new Set(links.map((link) => link.player))])
    return openers.map((opener) => ({
      opener,
      tickets: links.filter((link) => link.player === opener.player).map((link) => link.vendor_ticket_id),
    }))
  }

  return {
    ask,
    list: async (player) => (await store.deletions.list(player.key)).map(presentDeletion),
    withdraw,
    carryOutNext,
    stop: () => stopping.abort(),
  }
}

interface OpenedAs {
  opener: PlayerTable
  tickets: VendorTicketId[]
}

function newRequest(player: Identity, now: Date, graceHours: number): DeletionRow {
  const time = now.getTime()
  return {
    id: randomId() as DeletionRequestId,
    game: player.game,
    player: player.key,
    status: 'waiting',
    requested_at: time,
    begins_at: time + graceHours * hourMs,
    due_at: time + dueDays * dayMs,
    steps: JSON.stringify([{ name: 'asked', at: time }]),
    lease_until: 0,
  }
}

/** All but the request itself, which is the player's proof that it was done. @returns files whose bytes are to go */
async function forget(ledger: Ledger, { player }: DeletionRow): Promise<AttachmentId[]> {
  const tickets: TicketId[] = (await ledger.tickets.ofPlayer(player)).map(({ id }) => id)
  const files = await ledger.attachments.ofPlayer(player)
  if (tickets.length > 0) {
    await ledger.deliveries.forget(tickets)
    await ledger.copies.forget(tickets)
    await ledger.messages.forget(tickets)
    await ledger.tickets.unlink(tickets)
    await ledger.tickets.forget(tickets)
  }
  await ledger.attachments.forget(player)
  await ledger.idempotency.forget(player)
  await ledger.events.forget(player)
  await ledger.players.forget(player)
  return keptBytes(files)
}

async function tellErased(ledger: Ledger, request: DeletionRow, now: Date): Promise<void> {
  await ledger.deletions.change(request.id, { status: 'done', steps: withStep(request, 'relay-erased', now) })
  await ledger.events.add(request.player, now, { type: 'deletion-changed', request_id: request.id })
}

/** Those whose bytes are the relay's own. */
function keptBytes(files: readonly AttachmentRow[]): AttachmentId[] {
  return files.filter((file) => file.vendor_file_id === null).map((file) => file.id)
}

function withStep(request: DeletionRow, name: DeletionStepName, at: Date): string {
  return JSON.stringify([...stepsOf(request), { name, at: at.getTime() }])
}

/** For vendors without such a call: a ticket to the studio, in the player's name. */
function deletionOpening(game: LiveGame, row: PlayerTable, request: DeletionRow, opened: readonly OpenedAs[]): Opening {
  return {
    mark: `mk-del-${request.id}`.replaceAll('_', '-'),
    player: vendorPlayer(row),
    number: 'deletion-request',
    subject: `Data deletion request (${game.config.name})`,
    message: 'The player asks for everything held on them to be erased. The relay erases its own copy as well.',
    sentAt: new Date(Number(request.requested_at)),
    language: game.config.languages[0] ?? 'en',
    category: { id: 'deletion-request', tags: ['deletion-request'] },
    fields: {},
    claimed: {},
    files: [],
    purpose: 'deletion-request',
    linked: new Set(opened.flatMap(({ tickets }) => tickets)),
  }
}
