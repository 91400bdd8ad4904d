/**
 * The tags and fields a studio has defined at Theymes, remembered for a while. "Tags and fields not pre-defined for the
 * game are silently ignored", and silence is a bug: what is not defined goes into the agent's note, and is reported.
 */
import type { z } from 'zod'
import { splitPath } from '../http/address.ts'
import type { VendorHttp } from '../http/http.ts'
import type { VendorParts } from '../parts.ts'
import { type Opening, VendorError } from '../vendor.ts'
import { metadataOf, type Vocabulary } from './translate.ts'
import { FieldList, GameList, TagList, type TheymesConfig } from './wire.ts'

const keptMs = 10 * 60 * 1000
/** Where one of the lists could not be had. */
const keptInPartMs = 60 * 1000

export interface VocabularyCache {
  /** Never fails for want of an answer: these paths are not in the vendor's document, and a ticket must not hang on them. */
  of: (opening: Opening, signal: AbortSignal) => Promise<Vocabulary>
  /** False where the game is known to have no such tag. */
  mayHaveTag: (tag: string, signal: AbortSignal) => Promise<boolean>
}

export function createVocabulary(config: TheymesConfig, http: VendorHttp, parts: VendorParts): VocabularyCache {
  let kept: { until: number; vocabulary: Vocabulary } | undefined

  async function ask<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T | undefined> {
    return http.call({ ...splitPath(path), schema, signal }).catch((error: unknown) => {
      if (error instanceof VendorError) return undefined
      throw error
    })
  }

  async function read(signal: AbortSignal): Promise<Vocabulary> {
    const { paths, gameId } = config
    const [games, tags, fields] = await Promise.all([
      ask(paths.games, GameList, signal),
      ask(paths.tags, TagList, signal),
      ask(paths.fields, FieldList, signal),
    ])
    if (games && !games.games.some((game) => game.id === gameId)) {
      throw new VendorError('misconfigured', 'theymes: the company of this key has no game with this gameId')
    }
    return {
      tags: tags && new Set(tags.tags.filter((tag) => tag.gameId === gameId).map((tag) => tag.name)),
      fields: fields && new Set(fields.fields.filter((field) => field.gameId === gameId).map((field) => field.key)),
    }
  }

  async function current(signal: AbortSignal): Promise<Vocabulary> {
    const now = parts.clock.now().getTime()
    if (kept && kept.until > now) return kept.vocabulary
    const vocabulary = await read(signal)
    const isWhole = vocabulary.tags !== undefined && vocabulary.fields !== undefined
    kept = { until: now + (isWhole ? keptMs : keptInPartMs), vocabulary }
    return vocabulary
  }

  return {
    mayHaveTag: async (tag, signal) => (await current(signal)).tags?.has(tag) ?? true,

    async of(opening, signal) {
      const vocabulary = await current(signal)
      const { tags, fields } = metadataOf(opening)
      const isUnknown = (known: ReadonlySet<string> | undefined, name: string) => known?.has(name) === false
      if (tags.some((tag) => isUnknown(vocabulary.tags, tag))) parts.onDrift('theymes', 'a tag is not defined there')
      if (Object.keys(fields).some((key) => isUnknown(vocabulary.fields, key)))
        parts.onDrift('theymes', 'a field is not defined there')
      return vocabulary
    },
  }
}
