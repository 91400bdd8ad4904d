/** The ticket by which a studio is asked to erase what its vendor holds: every name by which that can be found there. */
import type { LiveGame } from '../../config/games.ts'
import type { DeletionRow } from '../../store/deletions.ts'
import type { ErasureRow } from '../../store/erasures.ts'
import type { PlayerTable } from '../../store/tables.ts'
import type { Opening, VendorTicketId } from '../../vendors/vendor.ts'
import { vendorPlayer } from '../vendor-player.ts'

export interface StudioRequest {
  request: DeletionRow
  /** As whom it is written. */
  player: PlayerTable
  /** Everybody the player was. */
  selves: readonly PlayerTable[]
  /** What is to be erased. */
  items: readonly ErasureRow[]
  /** Vendor tickets that are known to be something else. */
  linked: ReadonlySet<VendorTicketId>
  /** 1 for the first of a request; what does not fit into one goes into another. */
  part: number
}

/** For a vendor without a call for it, or that refuses: a ticket to the studio, in the player's name. */
export function studioRequest(
  game: LiveGame,
  { request, player, selves, items, linked, part }: StudioRequest,
): Opening {
  return {
    mark: studioMark(request.id, part),
    player: vendorPlayer(player),
    number: 'deletion-request',
    subject: `Data deletion request (${game.config.name})`,
    message: [
      'The player asks for everything held on them to be erased. The relay erases its own copy as well.',
      ...selves.map(({ subject, pseudonym }) => `Known here as: ${subject} (${pseudonym})`),
      ...items.map(lineOf),
    ].join('\n'),
    sentAt: new Date(Number(request.requested_at)),
    language: game.config.languages[0] ?? 'en',
    category: { id: 'deletion-request', tags: ['deletion-request'] },
    fields: {},
    claimed: {},
    files: [],
    purpose: 'deletion-request',
    linked,
  }
}

/** The relay's own name for such a ticket, which it bears at the vendor. */
export function studioMark(request: DeletionRow['id'], part: number): string {
  const mark = `mk-del-${request}`.replaceAll('_', '-')
  return part === 1 ? mark : `${mark}-${part}`
}

function lineOf({ kind, name, number }: ErasureRow): string {
  if (kind === 'file') return `A file on no ticket: may be here as ${name}`
  return kind === 'ticket'
    ? `Ticket ${number}: ${name} here`
    : `Ticket ${number}: may be here under the mark ${name}; please search for it`
}
