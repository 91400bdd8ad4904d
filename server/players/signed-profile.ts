/** The optional half of a studio's token. A field of the wrong shape is left out; it never costs a player their way in. */
import { z } from 'zod'
import { LanguageTag } from '../contract/language.ts'
import { PlainText } from '../contract/message.ts'
import { isObject } from '../runtime/strict-json.ts'
import type { SignedMetadata } from '../vendors/vendor.ts'

const maxTags = 32
const maxFields = 32

export interface SignedProfile {
  name?: string
  email?: string
  locale?: string
  metadata: SignedMetadata
}

/**
 * One line of text a ledger and a vendor can hold. Studios sign names that players chose, and agents read them beside
 * signed facts: a line break or a turn of the writing direction in a name could pass for one of those.
 */
const OneLine = PlainText.transform((text) => text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' '))
const Line = OneLine.pipe(z.string().trim().min(1).max(200))
const FieldName = OneLine.pipe(z.string().trim().min(1).max(64))
const FieldValue = PlainText.pipe(z.string().max(1_024))

export function signedProfileOf(claims: Record<string, unknown>): SignedProfile {
  return {
    ...kept('name', Line, claims.name),
    ...kept('email', z.email().max(254), claims.email),
    ...kept('locale', LanguageTag, claims.locale),
    metadata: metadataOf(isObject(claims.metadata) ? claims.metadata : {}),
  }
}

function metadataOf(metadata: Record<string, unknown>): SignedMetadata {
  return {
    ...kept('tier', z.number(), metadata.tier),
    ...kept('chatId', Line, metadata.chatId),
    ...(Array.isArray(metadata.tags) && { tags: tagsOf(metadata.tags) }),
    ...(isObject(metadata.fields) && { fields: fieldsOf(metadata.fields) }),
  }
}

function kept<K extends string, T>(name: K, schema: z.ZodType<T>, value: unknown): { [P in K]?: T } {
  const parsed = schema.safeParse(value)
  return parsed.success ? ({ [name]: parsed.data } as { [P in K]?: T }) : {}
}

function tagsOf(tags: readonly unknown[]): string[] {
  const read = tags.flatMap((tag) => {
    const parsed = FieldName.safeParse(tag)
    return parsed.success ? [parsed.data] : []
  })
  return [...new Set(read)].slice(0, maxTags)
}

function fieldsOf(fields: Record<string, unknown>): Record<string, string> {
  const read = Object.entries(fields).flatMap(([name, value]): [string, string][] => {
    const parsed = z.tuple([FieldName, FieldValue]).safeParse([name, value])
    return parsed.success ? [parsed.data] : []
  })
  return Object.fromEntries(read.slice(0, maxFields))
}
