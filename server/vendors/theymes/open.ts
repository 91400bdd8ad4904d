/** Opening at Theymes: the files first, for a ticket names them, and then the ticket. */
import type { Clock } from '../../runtime/clock.ts'
import type { VendorHttp } from '../http/http.ts'
import type { TagOf } from '../text/agent-note.ts'
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
import type { FileUploads } from './files.ts'
import type { TicketReader } from './reader.ts'
import { newTicketOf, type Prepared, takesFile } from './translate.ts'
import type { VocabularyCache } from './vocabulary.ts'
import { CreatedTicket, MessageEvent, type TheymesConfig } from './wire.ts'

/** An opening's files: what Theymes has, by its ids, and what it does not take. */
interface Placed {
  attachments: string[]
  linked: VendorFile[]
}

/** How long a ticket waits for an upload that breaks off; then it goes with a link. */
const youngMs = 60_000

export interface OpenParts {
  config: TheymesConfig
  clock: Clock
  tagOf: TagOf
  http: VendorHttp
  tickets: TicketReader
  uploads: FileUploads
  vocabulary: VocabularyCache
}

export function createOpen({ config, clock, tagOf, http, tickets, uploads, vocabulary }: OpenParts): Vendor['open'] {
  async function create(prepared: Prepared, signal: AbortSignal): Promise<VendorTicketId> {
    const json = newTicketOf(prepared, config.gameId, tagOf)
    const { ticketId } = await http.call({ method: 'POST', path: '/tickets', json, schema: CreatedTicket, signal })
    return ticketId as VendorTicketId
  }

  /** What Theymes does not take goes as a link to the relay's own copy: no message is lost because a file was. */
  async function place({ files, player, sentAt }: Opening, signal: AbortSignal): Promise<Placed> {
    const placed: Placed = { attachments: [], linked: [] }
    const isYoung = clock.now().getTime() - sentAt.getTime() < youngMs
    for (const file of files) {
      const id = file.vendorFileId ?? (takesFile(file) ? await sent(file, player, isYoung, signal) : undefined)
      if (id === undefined) placed.linked.push(file)
      else placed.attachments.push(id)
    }
    return placed
  }

  async function sent(
    file: VendorFile,
    player: VendorPlayer,
    isYoung: boolean,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      return await uploads.send(file, player, signal)
    } catch (error) {
      // What would stop the ticket as well is told, and a line that breaks off is tried again for a while; anything else
      // about a file must not hold the ticket up.
      const stopsAll = ['busy', 'misconfigured', ...(isYoung ? ['unreachable'] : [])]
      if (!(error instanceof VendorError) || stopsAll.includes(error.code) || signal.aborted) throw error
      return undefined
    }
  }

  /** Files that a browser put there itself, or did not: a ticket that names one which never came may be refused. */
  async function openWith(direct: readonly VendorFile[], prepared: Prepared, signal: AbortSignal): Promise<Opened> {
    const ids = direct.flatMap(({ vendorFileId }) => vendorFileId ?? [])
    try {
      const vendorTicketId = await create(prepared, signal)
      return { vendorTicketId, missing: await missingOf(ids, vendorTicketId, prepared.opening, signal) }
    } catch (error) {
      if (!(error instanceof VendorError) || error.code !== 'refused') throw error
      return { vendorTicketId: await create(without(direct, prepared), signal), missing: ids }
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
    return { vendorTicketId: await create(prepared, signal) }
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
