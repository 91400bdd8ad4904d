/** What a vendor is given beside a player's words, and the lines in which its player is shown just that. */

import type { LiveGame } from '../config/games.ts'
import type { SentLine } from '../contract/ticket.ts'
import type { Ledger } from '../store/store.ts'
import type { TicketTable } from '../store/tables.ts'
import type { TicketRow } from '../store/tickets.ts'
import type { Opening, VendorPlayer } from '../vendors/vendor.ts'
import { vendorPlayer } from './vendor-player.ts'

/** The part of an opening that says something of the player, and is not what they said. */
export type BesideWords = Pick<Opening, 'player' | 'language' | 'category' | 'fields' | 'answerTo' | 'claimed'>

type Written = Pick<TicketTable, 'language' | 'category' | 'fields' | 'answer_to' | 'claimed'>

/** Everything an opening is given beside the words is from here, so that {@link linesOf} lists no more and no less. */
export function besideWords({ config, can }: LiveGame, ticket: Written, player: VendorPlayer): BesideWords {
  const category = config.form.categories.find(({ id }) => id === ticket.category)
  return {
    player,
    language: ticket.language,
    category: category ? { id: category.id, tags: category.tags } : undefined,
    fields: JSON.parse(ticket.fields),
    // Where answers are read here nobody needs an address that is not proved.
    answerTo: can.answers === 'email' ? (ticket.answer_to ?? undefined) : undefined,
    claimed: unlessSigned(JSON.parse(ticket.claimed), player),
  }
}

/** Signed wins field by field: what the studio's token says, nobody else says beside it. */
function unlessSigned(claimed: Record<string, string>, { kind, id, name, email, signed }: VendorPlayer) {
  const proved = kind === 'verified' ? { player: id, name, email } : {}
  const { tier, tags, fields } = signed
  const said = Object.entries({ ...proved, tier, tags, ...fields }).filter(([, value]) => value !== undefined)
  const names = new Set(said.map(([key]) => nameOf(key)))
  return Object.fromEntries(Object.entries(claimed).filter(([key]) => !names.has(nameOf(key))))
}

/** To an agent's eye, `Guild ` is `guild`. */
function nameOf(key: string): string {
  return key.trim().toLowerCase()
}

/**
 * Not listed: the ticket's number and our marks, the tags that the studio itself ties to a category, and the studio's own
 * chat id, which names a chat that the vendor already holds.
 */
export function linesOf({ player, language, category, fields, answerTo, claimed }: BesideWords): SentLine[] {
  const { id, name, email, signed } = player
  // Of the others the studio says nothing: their id is their device's or their mailbox's.
  const whose = player.kind === 'verified' ? 'signed' : 'claimed'
  const { tier, tags = [] } = signed
  return [
    ...lines(whose, { player: id, name, email }),
    ...lines('signed', { tier: tier?.toString(), tags: tags.length > 0 ? tags.join(', ') : undefined }),
    ...lines('signed', signed.fields ?? {}),
    ...lines('claimed', { language, category: category?.id, answerTo }),
    ...lines('claimed', fields),
    ...lines('claimed', claimed),
  ]
}

function lines(source: SentLine['source'], values: Record<string, string | undefined>): SentLine[] {
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : { key, value, source }))
}

/** What the vendor was given with a ticket, or is to be given with what waits to open it. */
export async function sentAlong(ledger: Ledger, game: LiveGame, ticket: TicketRow): Promise<SentLine[]> {
  const chain = await ledger.tickets.chain(ticket.id)
  if (chain.length > 0) return givenOn(chain)
  const opening = await ledger.deliveries.opening(ticket.id)
  // It may have arrived between the two looks.
  if (!opening) return givenOn(await ledger.tickets.chain(ticket.id))
  const row = await ledger.players.find(opening.player)
  return row ? linesOf(besideWords(game, ticket, vendorPlayer(row, ticket.signed))) : []
}

/** What the vendor tickets of a chain were given, each line once. */
export function givenOn(chain: readonly { given: string | null }[]): SentLine[] {
  const all = chain.flatMap(({ given }): SentLine[] => (given === null ? [] : JSON.parse(given)))
  return [...new Map(all.map((line) => [lineKey(line), line])).values()]
}

export function lineKey({ source, key, value }: SentLine): string {
  return JSON.stringify([source, key, value])
}
