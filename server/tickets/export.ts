/** Everything held on a player, freshly heard from the vendor where that can be had. */
import type { Clock } from '../clock.ts'
import type { PlayerExport } from '../contract/export.ts'
import type { LiveGame } from '../games.ts'
import type { Watch } from '../live/watch.ts'
import type { Identity } from '../players/identity.ts'
import type { Ledger, Store } from '../store/store.ts'
import type { TicketRow } from '../store/tickets.ts'
import type { SignedMetadata } from '../vendors/vendor.ts'
import type { Adopt } from './adopt.ts'
import { instant, presentAttachment, presentDeletion, presentMessages, presentTicket } from './present.ts'
import { signedMetadata } from './vendor-player.ts'

export interface ExportParts {
  store: Store
  clock: Clock
  watch: Watch
  adopt: Adopt
}

/** A bound on what one export costs the vendor: the newest are read again, older ones come from the ledger. */
const freshened = 20
const pageSize = 100
const patienceMs = 5_000

export async function exportPlayer(
  { store, clock, watch, adopt }: ExportParts,
  player: Identity,
  game: LiveGame,
): Promise<PlayerExport> {
  await adopt(player, game, patienceMs)
  const newest = await store.tickets.list(player.key, freshened)
  await Promise.all(newest.map((ticket) => watch.freshen(ticket, patienceMs)))
  const tickets = await allTickets(store, player)
  const files = await store.attachments.ofPlayer(player.key)
  const requests = await store.deletions.list(player.key)
  // What was signed once is held until the next token says otherwise.
  const held = await store.players.find(player.key)
  return {
    exportedAt: instant(clock.now().getTime()),
    player: {
      game: player.game,
      kind: player.kind,
      id: player.subject,
      name: player.name ?? held?.name ?? undefined,
      email: player.email ?? held?.email ?? undefined,
      locale: player.locale ?? held?.locale ?? undefined,
    },
    tickets: await Promise.all(tickets.map((ticket) => exportTicket(store, ticket, game))),
    attachments: files.map(presentAttachment),
    deletionRequests: requests.map(presentDeletion),
  }
}

async function allTickets(ledger: Ledger, player: Identity): Promise<TicketRow[]> {
  const tickets: TicketRow[] = []
  for (;;) {
    const last = tickets.at(-1)
    const page = await ledger.tickets.list(player.key, pageSize, last && { updatedAt: last.updated_at, id: last.id })
    tickets.push(...page)
    if (page.length < pageSize) return tickets
  }
}

async function exportTicket(ledger: Ledger, row: TicketRow, game: LiveGame): Promise<PlayerExport['tickets'][number]> {
  const messages = await presentMessages(ledger, await ledger.messages.all(row.id))
  return {
    ...presentTicket(row, game.can),
    fields: JSON.parse(row.fields),
    email: row.answer_to ?? undefined,
    metadata: { claimed: JSON.parse(row.claimed), signed: flat(signedMetadata(row.signed)) },
    messages,
  }
}

function flat({ tier, tags, fields }: SignedMetadata): Record<string, string> {
  return {
    ...fields,
    ...(tier === undefined ? {} : { tier: String(tier) }),
    ...(tags === undefined ? {} : { tags: tags.join(', ') }),
  }
}
