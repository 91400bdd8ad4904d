/**
 * A rating at Theymes, whose own survey nobody else can answer: the score is a tag, which is the same however often it is
 * added; a comment, and the score of a game that has no such tag, is a private note, written unless it is there.
 */

import { type CannotTell, ofSeenTicket } from '../find.ts'
import { splitPath } from '../http/address.ts'
import type { VendorHttp } from '../http/http.ts'
import { ratingNote } from '../text/rating-note.ts'
import type { Vendor } from '../vendor.ts'
import type { TicketReader } from './reader.ts'
import type { VocabularyCache } from './vocabulary.ts'
import { SoughtEvent, Success, type TheymesConfig } from './wire.ts'

export interface RateParts {
  config: TheymesConfig
  http: VendorHttp
  tickets: TicketReader
  vocabulary: VocabularyCache
  cannotTell: CannotTell
}

export function createRate({ config, http, tickets, vocabulary, cannotTell }: RateParts): NonNullable<Vendor['rate']> {
  const { paths, privateNoteField } = config

  async function act(ticketId: string, action: Record<string, unknown>, signal: AbortSignal): Promise<void> {
    const json = { actions: [action] }
    const call = { ...splitPath(paths.actions), params: { ticketId }, json, schema: Success, signal }
    await ofSeenTicket(http.call(call), paths.actions, cannotTell)
  }

  return async (ref, rating, signal) => {
    const { id } = await tickets.own(ref, signal)
    const tag = `rating-${rating.score}`
    const isTagged = await vocabulary.mayHaveTag(tag, signal)
    if (isTagged) await act(id, { type: 'addTags', tagNames: [tag] }, signal)
    if (isTagged && !rating.comment) return
    const note = ratingNote(rating, ref.number)
    const events = await tickets.events(id, signal)
    if (events.some((event) => SoughtEvent.safeParse(event).data?.message === note)) return
    await act(id, { type: 'addPrivateNote', [privateNoteField]: note }, signal)
  }
}
