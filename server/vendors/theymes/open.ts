/**
 * Opening at Theymes. Its duplicate check is asked for a player's own openings; "what a duplicate hit returns is
 * undocumented", so either a refusal or the id of another ticket is taken for one. The player's words are then opened as
 * a follow-up of what was found: told apart by nobody, lost to nobody.
 */
import type { VendorHttp } from '../http.ts'
import type { VendorParts } from '../parts.ts'
import {
  type Opened,
  type Opening,
  type Vendor,
  VendorError,
  type VendorFile,
  type VendorFileId,
  type VendorPlayer,
  type VendorTicketId,
} from '../vendor.ts'
import type { TicketReader } from './tickets.ts'
import { newTicketOf, takesFile, type Vocabulary } from './translate.ts'
import type { Uploads } from './upload.ts'
import { createVocabulary } from './vocabulary.ts'
import { CreatedTicket, MessageEvent, type TheymesConfig } from './wire.ts'

/** An opening's files: what Theymes has, by its ids, and what it does not take. */
interface Placed {
  attachments: string[]
  linked: VendorFile[]
}

/** An opening with what was prepared for it; its `files` are those that go as links. */
interface Prepared {
  opening: Opening
  attachments: readonly string[]
  known: Vocabulary
}

export interface OpenParts {
  config: TheymesConfig
  http: VendorHttp
  tickets: TicketReader
  uploads: Uploads
  parts: VendorParts
}

export function createOpen({ config, http, tickets, uploads, parts }: OpenParts): Vendor['open'] {
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

  async function openPrepared(prepared: Prepared, signal: AbortSignal): Promise<VendorTicketId> {
    const { opening } = prepared
    // A follow-up repeats its ticket on purpose.
    if (opening.follows) return create(prepared, true, signal)
    const made = await createChecked(prepared, signal)
    if (made && !(await isAnother(made, opening, signal))) return made
    return create({ ...prepared, opening: { ...opening, follows: made } }, true, signal)
  }

  /** What Theymes does not take goes as a link to the relay's own copy: no message is lost because a file was. */
  async function place({ files, player }: Opening, signal: AbortSignal): Promise<Placed> {
    const placed: Placed = { attachments: [], linked: [] }
    for (const file of files) {
      const id = file.vendorFileId ?? (takesFile(file) ? await sent(file, player, signal) : undefined)
      if (id === undefined) placed.linked.push(file)
      else placed.attachments.push(id)
    }
    return placed
  }

  async function sent(file: VendorFile, player: VendorPlayer, signal: AbortSignal): Promise<string | undefined> {
    try {
      return await uploads.send(file, player, signal)
    } catch (error) {
      if (error instanceof VendorError && ['refused', 'missing'].includes(error.code)) return undefined
      throw error
    }
  }

  /** Files that a browser put there itself, or did not: a ticket that names one which never came may be refused. */
  async function openWith(direct: readonly VendorFile[], prepared: Prepared, signal: AbortSignal): Promise<Opened> {
    const ids = direct.flatMap(({ vendorFileId }) => vendorFileId ?? [])
    try {
      const vendorTicketId = await openPrepared(prepared, signal)
      return { vendorTicketId, missing: await missingOf(ids, vendorTicketId, prepared.opening, signal) }
    } catch (error) {
      if (!(error instanceof VendorError) || error.code !== 'refused') throw error
      return { vendorTicketId: await openPrepared(without(direct, prepared), signal), missing: ids }
    }
  }

  /** The ticket is made: whatever happens here, it is not made again. What cannot be seen was at least not refused. */
  async function missingOf(
    ids: readonly VendorFileId[],
    ticketId: VendorTicketId,
    { mark }: Opening,
    signal: AbortSignal,
  ) {
    const events = await tickets.events(ticketId, signal).catch(() => [])
    const said = events
      .map((event) => MessageEvent.safeParse(event).data)
      .find((event) => event?.message?.includes(mark))
    const named = said?.attachments?.map(({ id }) => id)
    return named ? ids.filter((id) => !named.includes(id)) : []
  }

  return async (opening, signal) => {
    const known = await vocabulary.of(opening, signal)
    const { attachments, linked } = await place(opening, signal)
    const prepared = { opening: { ...opening, files: linked }, attachments, known }
    const direct = opening.files.filter(({ vendorFileId }) => vendorFileId !== undefined)
    if (direct.length > 0) return openWith(direct, prepared, signal)
    return { vendorTicketId: await openPrepared(prepared, signal) }
  }
}

function without(direct: readonly VendorFile[], { opening, attachments, known }: Prepared): Prepared {
  const absent = direct.map(({ fileName }) => ({ fileName, why: 'it never arrived' }))
  return {
    opening: { ...opening, absent: [...(opening.absent ?? []), ...absent] },
    attachments: attachments.filter((id) => !direct.some(({ vendorFileId }) => vendorFileId === id)),
    known,
  }
}
