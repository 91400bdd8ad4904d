/** Tickets and what is said on them. */

import type { LiveGame } from '../../config/games.ts'
import type { TicketId } from '../../contract/ids.ts'
import type { Conversation } from '../../contract/ticket.ts'
import type { Identity } from '../../players/identity.ts'
import { difficultyFor, type Proofs } from '../../players/proof-of-work.ts'
import { Refusal } from '../../runtime/refusal.ts'
import type { Store } from '../../store/store.ts'
import { markOf, type TicketCursor, type TicketMark } from '../../store/ticket-reading.ts'
import type { TicketRow, TicketSummary } from '../../store/tickets.ts'
import type { Accept } from '../../tickets/accept.ts'
import type { Adopt } from '../../tickets/adopt.ts'
import type { Change } from '../../tickets/change.ts'
import { ownMarked, ownTicket } from '../../tickets/ownership.ts'
import { presentMessages, presentTicket } from '../../tickets/present.ts'
import { sentAlong } from '../../tickets/sent-along.ts'
import type { Seen, Sync } from '../../tickets/sync/sync.ts'
import { hasAlready, tagOf } from '../etag.ts'
import type { HandlersOf } from '../handlers.ts'

export interface TicketRouteParts {
  store: Store
  accept: Accept
  change: Change
  sync: Sync
  adopt: Adopt
  proofs: Pick<Proofs, 'spend'>
}

type TicketRoutes = HandlersOf<
  | 'GET /tickets'
  | 'POST /tickets'
  | 'GET /tickets/:ticketId'
  | 'POST /tickets/:ticketId/messages'
  | 'POST /tickets/:ticketId/messages/:messageId/retry'
  | 'POST /tickets/:ticketId/close'
  | 'POST /tickets/:ticketId/reopen'
  | 'POST /tickets/:ticketId/read'
  | 'POST /tickets/:ticketId/rating'
>

/** A player waits so long for the vendor at the most; then the ledger answers and `asOf` says how old it is. */
const timeoutMs = 2_000

export function ticketRoutes({ store, accept, change, sync, adopt, proofs }: TicketRouteParts): TicketRoutes {
  const tags = createTags()

  async function conversation(
    game: LiveGame,
    ticket: TicketRow,
    limit: number,
    before: number | undefined,
  ): Promise<Conversation> {
    // One more than asked for tells whether there is an earlier page.
    const rows = await store.messages.page(ticket.id, limit + 1, before)
    const shown = rows.slice(-limit)
    const earlier = rows.length > limit ? String(shown[0]?.position) : null
    return {
      ...presentTicket(ticket, game.can),
      messages: await presentMessages(store, shown),
      earlier,
      sentAlong: await sentAlong(store, game, ticket),
    }
  }

  /** As its vendor has it, or as the ledger has where the vendor does not answer. */
  async function fresh<T extends Seen>(find: () => Promise<T>): Promise<T> {
    const known = await find()
    const reading = sync.freshen(known, timeoutMs)
    if (!reading) return known
    await reading
    return find()
  }

  return {
    async 'GET /tickets'({ player, game, query, request }) {
      if (query.cursor === undefined) await adopt(player, game, timeoutMs)
      const after = readCursor(query.cursor)
      if (request.headers.has('if-none-match')) {
        const etag = tags.of(game, await store.tickets.markOfList(player.key, query.limit + 1, after))
        if (hasAlready(request, etag)) return { status: 304, headers: { etag } }
      }
      const rows = await store.tickets.list(player.key, query.limit + 1, after)
      const headers = { etag: tags.of(game, markOf(rows)) }
      const shown = rows.slice(0, query.limit)
      const last = rows.length > query.limit ? shown.at(-1) : undefined
      const items = shown.map((row) => presentTicket(row, game.can))
      return { status: 200, headers, body: { items, cursor: last ? writeCursor(last) : null } }
    },

    async 'POST /tickets'({ player, game, body: { proof, ...body }, idempotencyKey }) {
      if (difficultyFor(game, player)) await proofs.spend(proof, { solver: player.key, use: idempotencyKey })
      return { status: 201, body: await accept.opening({ player, game, idempotencyKey }, body) }
    },

    async 'GET /tickets/:ticketId'({ player, game, params, query, request }) {
      const before = query.before === undefined ? undefined : readPosition(query.before)
      const { ticketId } = params
      const look = <T extends Seen>(find: (ledger: Store, player: Identity, id: TicketId) => Promise<T>) =>
        before === undefined ? fresh(() => find(store, player, ticketId)) : find(store, player, ticketId)
      const isConditional = request.headers.has('if-none-match')
      if (isConditional) {
        const etag = tags.of(game, markOf([await look(ownMarked)]))
        if (hasAlready(request, etag)) return { status: 304, headers: { etag } }
      }
      const ticket = await (isConditional ? ownTicket(store, player, ticketId) : look(ownTicket))
      // From before the messages are read: what comes in between is new to whoever has this answer.
      const headers = { etag: tags.of(game, markOf([ticket])) }
      return { status: 200, headers, body: await conversation(game, ticket, query.limit, before) }
    },

    async 'POST /tickets/:ticketId/messages'({ player, game, params, body, idempotencyKey }) {
      return { status: 201, body: await accept.reply({ player, game, idempotencyKey }, params.ticketId, body) }
    },

    async 'POST /tickets/:ticketId/messages/:messageId/retry'({ player, params }) {
      return { status: 200, body: await change.sendAgain(player, params.ticketId, params.messageId) }
    },

    async 'POST /tickets/:ticketId/close'({ player, game, params }) {
      return { status: 200, body: await change.close(player, game, params.ticketId) }
    },

    async 'POST /tickets/:ticketId/reopen'({ player, game, params }) {
      return { status: 200, body: await change.reopen(player, game, params.ticketId) }
    },

    async 'POST /tickets/:ticketId/read'({ player, game, params }) {
      return { status: 200, body: await change.read(player, game, params.ticketId) }
    },

    async 'POST /tickets/:ticketId/rating'({ player, game, params, body }) {
      return { status: 200, body: await change.rate(player, game, params.ticketId, body) }
    },
  }
}

/** Raised whenever the same rows are shown otherwise than before: then nobody has this already. */
const presentation = 1

/** Tags say what is shown of a player's tickets, and of which game: what it allows is shown with each. */
function createTags() {
  const ofGames = new WeakMap<LiveGame, string>()

  function ofGame(game: LiveGame): string {
    const known = ofGames.get(game) ?? tagOf(presentation, JSON.stringify([game.can, game.config.form]))
    ofGames.set(game, known)
    return known
  }

  return { of: (game: LiveGame, mark: TicketMark) => tagOf(ofGame(game), ...mark) }
}

function writeCursor({ updated_at, id }: TicketSummary): string {
  return Buffer.from(`${updated_at} ${id}`).toString('base64url')
}

/** @throws Refusal `invalid` for a cursor we did not write */
function readCursor(cursor: string | undefined): TicketCursor | undefined {
  if (cursor === undefined) return undefined
  const [, time, id] = /^(\d{1,15}) ([\w-]{22,31})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (time === undefined || id === undefined) throw notACursor('cursor')
  return { updatedAt: Number(time), id: id as TicketId }
}

function readPosition(before: string): number {
  if (!/^\d{1,9}$/.test(before)) throw notACursor('before')
  return Number(before)
}

function notACursor(path: string): Refusal {
  return new Refusal('invalid', { errors: [{ path, code: 'not_a_cursor' }] })
}
