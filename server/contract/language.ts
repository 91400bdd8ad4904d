/** The languages a ticket can be in, and how any BCP 47 tag finds its place among them. */
import { z } from 'zod'

/** The 35 codes the strictest vendor accepts; see the enum of `POST /tickets` in the Theymes reference. */
export const languages = [
  'en',
  'de',
  'es',
  'es-AR',
  'es-MX',
  'fi',
  'fil',
  'fr',
  'id',
  'ja',
  'ko',
  'ms',
  'pt',
  'pt-BR',
  'ru',
  'tr',
  'uk',
  'vi',
  'zh',
  'zh-Hans',
  'zh-Hant',
  'ar',
  'cs',
  'da',
  'nl',
  'el',
  'hu',
  'it',
  'no',
  'nb',
  'pl',
  'ro',
  'sk',
  'sv',
  'th',
] as const

export const Language = z.enum(languages)
export type Language = z.infer<typeof Language>

/** Any well-formed BCP 47 tag. {@link languageOf} maps it. */
export const LanguageTag = z.string().min(2).max(64).refine(isLanguageTag, { error: 'not a BCP 47 language tag' })

/** Tags whose own subtags do not lead to the right code. */
const special: Record<string, Language> = { nn: 'nb', tl: 'fil', in: 'id' }

/**
 * Maps a BCP 47 tag to the nearest of the 35 codes: `en-GB` → `en`, `pt-PT` → `pt`, `zh-TW` → `zh-Hant`, `es-CL` → `es`.
 *
 * @returns `undefined` when no code is near (`sw`), so that the caller can fall back to a language of the game.
 */
export function languageOf(tag: string): Language | undefined {
  // Nearly every tag is one of the codes already.
  const exact = languages.find((code) => code === tag)
  if (exact) return exact
  const locale = localeOf(tag)
  if (!locale) return undefined
  if (locale.language === 'zh') return chinese(locale)
  const candidates = [`${locale.language}-${locale.region ?? ''}`, locale.language]
  for (const candidate of candidates) {
    const found = languages.find((code) => code === candidate)
    if (found) return found
  }
  return special[locale.language]
}

/** A bare `zh` stays as it is; a script or a region decides between the two written forms. */
function chinese(locale: Intl.Locale): Language {
  if (!locale.script && !locale.region) return 'zh'
  return locale.maximize().script === 'Hant' ? 'zh-Hant' : 'zh-Hans'
}

function isLanguageTag(tag: string): boolean {
  return languages.some((code) => code === tag) || localeOf(tag) !== undefined
}

function localeOf(tag: string): Intl.Locale | undefined {
  try {
    return new Intl.Locale(tag)
  } catch {
    return undefined
  }
}
