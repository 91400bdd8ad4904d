/**
 * Everything held on a player, freshly heard from the vendor where that can be had. Written piece by piece, as fast as it
 * is taken: how much a player has written is nobody's memory and nobody's wait but their own.
 */
import { scheduler } from 'node:timers/promises'
import type { LiveGame } from '../config/games.ts'
import { PlayerExport } from '../contract/export.ts'
import type { TicketId } from '../contract/ids.ts'
import type { Identity } from '../players/identity.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Store } from '../store/store.ts'
import type { TicketRow } from '../store/tickets.ts'
import type { SignedMetadata } from '../vendors/vendor.ts'
import type { Adopt } from './adopt.ts'
import { instant, presentAttachment, presentDeletion, presentMessages, presentTicket } from './present.ts'
import { sentAlong } from './sent-along.ts'
import type { Sync } from './sync/sync.ts'
import { signedMetadata } from './vendor-player.ts'

export interface ExportParts {
  store: Store
  clock: Clock
  sync: Sync
  adopt: Adopt
}

/** A bound on what one export costs the vendor: the newest are read again, older ones come from the ledger. */
const freshened = 20
const timeoutMs = 5_000
/** Messages read at once: each has up to 10,000 characters. */
const messagesAtOnce = 20

const { shape } = PlayerExport
const TicketHead = shape.tickets.element.omit({ messages: true })
const Messages = shape.tickets.element.shape.messages

/** @returns the JSON of a {@link PlayerExport}, in pieces of at most some hundred kilobytes */
export async function exportPlayer(
  parts: ExportParts,
  player: Identity,
  game: LiveGame,
): Promise<AsyncGenerator<string, undefined>> {
  const { store, clock, sync, adopt } = parts
  await adopt(player, game, timeoutMs)
  const newest = await store.tickets.list(player.key, freshened)
  await Promise.all(newest.map((ticket) => sync.freshen({ ...ticket, game: game.key }, timeoutMs)))
  // What was signed once is held until the next token says otherwise.
  const held = await store.players.find(player.key)
  const about = shape.player.parse({
    game: player.game,
    kind: player.kind,
    id: player.subject,
    name: player.name ?? held?.name ?? undefined,
    email: player.email ?? held?.email ?? undefined,
    locale: player.locale ?? held?.locale ?? undefined,
  })
  return pieces(store, player, game, { exportedAt: instant(clock.now().getTime()), player: about })
}

async function* pieces(
  store: Store,
  player: Identity,
  game: LiveGame,
  head: Pick<PlayerExport, 'exportedAt' | 'player'>,
): AsyncGenerator<string, undefined> {
  yield `${openObject(head)},"tickets":[`
  let separator = ''
  for (const { id } of await store.tickets.ofPlayer(player.key)) {
    const ticket = await store.tickets.find(id)
    // Erased, or merged into somebody else, meanwhile.
    if (ticket?.player !== player.key) continue
    yield separator
    yield* ticketPieces(store, ticket, game)
    separator = ','
  }
  const attachments = shape.attachments.parse((await store.attachments.ofPlayer(player.key)).map(presentAttachment))
  const deletionRequests = shape.deletionRequests.parse((await store.deletions.list(player.key)).map(presentDeletion))
  yield `],"attachments":${JSON.stringify(attachments)},"deletionRequests":${JSON.stringify(deletionRequests)}}`
  return undefined
}

async function* ticketPieces(store: Store, row: TicketRow, game: LiveGame): AsyncGenerator<string, undefined> {
  const head = TicketHead.parse({
    ...presentTicket(row, game.can),
    fields: JSON.parse(row.fields),
    email: row.answer_to ?? undefined,
    metadata: { claimed: JSON.parse(row.claimed), signed: flat(signedMetadata(row.signed)) },
    sentAlong: await sentAlong(store, game, row),
  })
  yield `${openObject(head)},"messages":[`
  yield* messagePieces(store, row.id)
  yield ']}'
  return undefined
}

async function* messagePieces(store: Store, id: TicketId): AsyncGenerator<string, undefined> {
  let position = 0
  for (;;) {
    // Reading a ledger in a file never waits: others are let through here.
    await scheduler.yield()
    const rows = await store.messages.after(id, position, messagesAtOnce)
    const last = rows.at(-1)
    if (!last) return undefined
    const messages = Messages.parse(await presentMessages(store, rows))
    yield `${position === 0 ? '' : ','}${JSON.stringify(messages).slice(1, -1)}`
    position = last.position
  }
}

/** The JSON of an object that goes on. */
function openObject(value: object): string {
  return JSON.stringify(value).slice(0, -1)
}

function flat({ tier, tags, fields }: SignedMetadata): Record<string, string> {
  return {
    ...fields,
    ...(tier === undefined ? {} : { tier: String(tier) }),
    ...(tags === undefined ? {} : { tags: tags.join(', ') }),
  }
}
