/** `POST /hooks/{game}/{secret}`: a vendor says that something changed. Whatever it says is only a hint to read again. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Hono } from 'hono'
import type { Games, LiveGame } from '../../config/games.ts'
import { Refusal } from '../../runtime/refusal.ts'
import type { Sync } from '../../tickets/sync/sync.ts'
import { readText } from '../body.ts'

const maxHookBytes = 65_536
/** More hints in one call than a vendor has a reason to send. */
const hintsPerCall = 20
const rememberedEvents = 1_000

export function addHooks(app: Hono, { games, sync }: { games: Games; sync: Sync }): void {
  const seen = new Set<string>()

  function isNew(game: LiveGame, eventId: string | undefined): boolean {
    if (eventId === undefined) return true
    const name = `${game.key} ${eventId}`
    if (seen.has(name)) return false
    if (seen.size >= rememberedEvents)
      for (const oldest of [...seen].slice(0, rememberedEvents / 2)) seen.delete(oldest)
    seen.add(name)
    return true
  }

  app.post('/hooks/:game/:secret', async (context) => {
    const game = games.get(context.req.param('game'))
    const secret = game?.config.hookSecret
    if (!game || !secret || !isSame(context.req.param('secret'), secret)) throw new Refusal('not_found')
    const body = await readText(context.req.raw, maxHookBytes)
    const hints = game.vendor.receive?.({ headers: context.req.raw.headers, body }) ?? []
    const fresh = hints.slice(0, hintsPerCall).filter(({ eventId }) => isNew(game, eventId))
    // Vendors give up on a slow answer, so the reading goes on behind it.
    for (const { vendorTicketId } of fresh) void sync.hint(game.key, vendorTicketId)
    return context.body(null, 204)
  })
}

/** In constant time, whatever the lengths. */
function isSame(given: string, expected: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(expected))
}
