/**
 * Opening at Theymes. Its duplicate check is asked for a player's own openings; "what a duplicate hit returns is
 * undocumented", so either a refusal or the id of another ticket is taken for one. The player's words are then opened as
 * a follow-up of what was found: told apart by nobody, lost to nobody.
 */
import type { VendorHttp } from '../http.ts'
import type { VendorParts } from '../parts.ts'
import { type Opening, type Vendor, VendorError, type VendorTicketId } from '../vendor.ts'
import type { TicketReader } from './tickets.ts'
import { newTicketOf, takesFile, type Vocabulary } from './translate.ts'
import { createUpload } from './upload.ts'
import { createVocabulary } from './vocabulary.ts'
import { CreatedTicket, type TheymesConfig } from './wire.ts'

/** An opening with what was prepared for it. */
interface Prepared {
  opening: Opening
  attachments: readonly string[]
  known: Vocabulary
}

export function createOpen(
  config: TheymesConfig,
  http: VendorHttp,
  tickets: TicketReader,
  parts: VendorParts,
): Vendor['open'] {
  const upload = createUpload({ config, http, parts })
  const vocabulary = createVocabulary(config, http, parts)

  async function create({ opening, attachments, known }: Prepared, skipDuplicateCheck: boolean, signal: AbortSignal) {
    const json = { ...newTicketOf(opening, config.gameId, attachments, known), skipDuplicateCheck }
    const { ticketId } = await http.call({ method: 'POST', path: '/tickets', json, schema: CreatedTicket, signal })
    return ticketId as VendorTicketId
  }

  /** @returns the new ticket, or the older one that the check found; undefined where it refused */
  async function createChecked(prepared: Prepared, signal: AbortSignal): Promise<VendorTicketId | undefined> {
    try {
      return await create(prepared, false, signal)
    } catch (error) {
      // A refusal for another reason is one the second time as well.
      if (error instanceof VendorError && error.code === 'refused') return undefined
      throw error
    }
  }

  /**
   * Only a ticket that shows other words and not these is another one: events may lag behind what was written. Where they
   * cannot be read at all there is no telling; where not just now, the next try finds what this one made by its mark.
   */
  async function isAnother(ticketId: VendorTicketId, { mark }: Opening, signal: AbortSignal): Promise<boolean> {
    const events = await tickets.events(ticketId, signal).catch((error: unknown) => {
      if (error instanceof VendorError && !['unreachable', 'busy'].includes(error.code)) return []
      throw error
    })
    const words = events.flatMap(({ type, message }) =>
      type === 'PLAYER_MESSAGE' && typeof message === 'string' ? [message] : [],
    )
    return words.length > 0 && !words.some((text) => text.includes(mark))
  }

  return async (opening, signal) => {
    const known = await vocabulary.of(opening, signal)
    const attachments: string[] = []
    for (const file of opening.files.filter(takesFile)) attachments.push(await upload(file, opening.player, signal))
    const prepared = { opening, attachments, known }
    // A follow-up repeats its ticket on purpose.
    if (opening.follows) return { vendorTicketId: await create(prepared, true, signal) }
    const made = await createChecked(prepared, signal)
    if (made && !(await isAnother(made, opening, signal))) return { vendorTicketId: made }
    const followUp = { ...prepared, opening: { ...opening, follows: made } }
    return { vendorTicketId: await create(followUp, true, signal) }
  }
}
