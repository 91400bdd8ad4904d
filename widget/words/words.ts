/** Picks a language, fetches it, and turns its sentences into text: plurals, places, numbers. */

import { type ReadonlySignal, signal } from '@preact/signals-core'
import type { Label } from '../../server/contract/game.ts'
import type { DeliveryProblemCode } from '../../server/contract/problem-code.ts'
import type { FailureCode } from '../handle.ts'
import { lazyImport } from '../lazy-import.ts'
import { en, type FirstWords, type Plural, type Words } from './en.ts'
import type { Formats } from './formats.ts'

/** Each by its own name, so that a player finds theirs in a language they cannot read. */
export const languageNames = { en: 'English', de: 'Deutsch', ar: 'العربية', ja: '日本語' } as const
export type WordsLanguage = keyof typeof languageNames

const fetchMore = lazyImport(() => import('./en-more.ts'))
const fetchFormats = lazyImport(() => import('./formats.ts'))

/** Each has its sentences under its own code, and nothing beside them. */
const loaders: { [Code in Exclude<WordsLanguage, 'en'>]: () => Promise<Record<Code, Words>> } = {
  de: lazyImport(() => import('./de.ts')),
  ar: lazyImport(() => import('./ar.ts')),
  ja: lazyImport(() => import('./ja.ts')),
}

type Rarer = typeof import('./formats.ts')

export type Values = Record<string, string | number>

/** @typeParam W what can be said by now. */
export interface Speech<W extends FirstWords = FirstWords> {
  /** The language in use, as a BCP 47 tag for `lang` and `Intl`. */
  locale: ReadonlySignal<WordsLanguage>
  words: ReadonlySignal<W>
  /** @param values fill `{name}`; with a plural, `n` picks the form. */
  say(sentence: string | Plural, values?: Values): string
  /** Why something was refused; before {@link Speech.complete} that it did not work. */
  problem(code: FailureCode | DeliveryProblemCode): string
  /** What the studio itself has put into several languages: in the one in use, else in the first of the game's that it has. */
  label(label: Label, languages?: readonly string[]): string
  languageName(code: string): string
  choose(locale: string): Promise<void>
  /** Fetches what home can do without. */
  complete(): Promise<void>
  /** @throws before {@link Speech.complete}. */
  whole(): WholeSpeech
}

/** Every sentence, and every way to say a thing. */
export type WholeSpeech = Speech<Words> & Formats

/** The widget's language nearest to a BCP 47 tag. */
function nearest(tag: string): WordsLanguage {
  const language = tag.toLowerCase().split('-')[0]
  return (Object.keys(languageNames) as WordsLanguage[]).find((known) => known === language) ?? 'en'
}

export function createSpeech(overrides: Partial<Words> = {}): Speech {
  const locale = signal<WordsLanguage>('en')
  const words = signal<FirstWords | Words>({ ...en, ...overrides })
  const rarer = signal<Rarer | undefined>()
  const say: Speech['say'] = (sentence, values = {}) => {
    const text = typeof sentence === 'string' ? sentence : plural(sentence, Number(values.n), locale.value)
    return text.replace(/\{(\w+)\}/g, (_, name: string) => shown(values[name] ?? '', locale.value))
  }
  const speech: Speech = {
    locale,
    words,
    say,
    problem: (code) =>
      (rarer.value && isWhole(words.value) && rarer.value.whyRefused(code, words.value)) || words.value.unreachable,
    label(label, languages = []) {
      const found = [locale.value, ...languages].find((code) => label[code])
      return label[found ?? ''] ?? Object.values(label)[0] ?? ''
    },
    // Younger than the oldest engines; there the code has to do.
    languageName: (code) =>
      ('DisplayNames' in Intl && new Intl.DisplayNames(code, { type: 'language' }).of(code)) || code,
    async choose(tag) {
      const wanted = nearest(tag)
      const file: Partial<Record<WordsLanguage, Words>> = wanted === 'en' ? {} : await loaders[wanted]()
      // Whoever had every sentence before has to have every sentence after.
      const found = file[wanted] ?? (isWhole(words.value) ? await wholeEnglish() : en)
      words.value = { ...found, ...overrides }
      locale.value = wanted
    },
    async complete() {
      // Without following: an effect that asks is not to ask again once they have come.
      const lacking = isWhole(words.peek()) ? undefined : wholeEnglish()
      const [formats, whole] = await Promise.all([fetchFormats(), lacking])
      rarer.value = formats
      // Another language may have come in the meantime.
      if (whole && !isWhole(words.value)) words.value = { ...whole, ...overrides }
    },
    whole() {
      if (!rarer.value || !isWhole(words.value)) throw Error('a view before its words')
      return { ...(speech as Speech<Words>), ...rarer.value.formatsIn(locale.value) }
    },
  }
  return speech
}

const isWhole = (words: FirstWords | Words): words is Words => 'write' in words

async function wholeEnglish(): Promise<Words> {
  const { more } = await fetchMore()
  return { ...en, ...more }
}

function plural(forms: Plural, n: number, locale: string): string {
  const category = new Intl.PluralRules(locale).select(n)
  return forms[category] ?? forms.other
}

/** A number as the language writes it. */
export function shown(value: string | number, locale: string): string {
  return typeof value === 'number' ? new Intl.NumberFormat(locale).format(value) : value
}
