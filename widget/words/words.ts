/** Picks a language, fetches it, and turns its sentences into text: plurals, places, times, sizes. */
import { type ReadonlySignal, signal } from '@preact/signals-core'
import type { DeliveryProblemCode } from '../../server/contract/problem-code.ts'
import type { FailureCode } from '../handle.ts'
import { en, type FirstWords, type Plural, type Words } from './en.ts'

/** Each by its own name, so that a player finds theirs in a language they cannot read. */
export const languageNames = { en: 'English', de: 'Deutsch', ar: 'العربية', ja: '日本語' } as const
export type WordsLanguage = keyof typeof languageNames

const loaders: Record<Exclude<WordsLanguage, 'en'>, () => Promise<Words>> = {
  de: () => import('./de.ts').then((file) => file.de),
  ar: () => import('./ar.ts').then((file) => file.ar),
  ja: () => import('./ja.ts').then((file) => file.ja),
}

/** Which sentence a refusal is told with: players need the consequence, engineers get the code. */
const sentenceOf: Record<FailureCode | DeliveryProblemCode, keyof Words['problems']> = {
  offline: 'offline',
  internal: 'offline',
  store_unavailable: 'offline',
  rate_limited: 'busy',
  idempotency_key_in_use: 'busy',
  session_ended: 'ended',
  token_missing: 'ended',
  token_expired: 'ended',
  token_malformed: 'refused',
  token_not_yet_valid: 'refused',
  token_bad_signature: 'refused',
  token_wrong_audience: 'refused',
  token_wrong_issuer: 'refused',
  token_missing_claim: 'refused',
  token_too_long_lived: 'refused',
  not_found: 'gone',
  ticket_closed: 'closed',
  too_large: 'tooLarge',
  type_not_allowed: 'type',
  invalid: 'invalid',
  invalid_json: 'invalid',
  idempotency_key_missing: 'invalid',
  idempotency_key_reused: 'invalid',
  unsupported: 'unsupported',
  origin_not_allowed: 'origin',
  vendor_refused: 'studio',
  vendor_misconfigured: 'studio',
  vendor_unreachable: 'studio',
}

export type Values = Record<string, string | number>

/** @typeParam W what can be said by now. */
export interface Speech<W extends FirstWords = FirstWords> {
  /** The language in use, as a BCP 47 tag for `lang` and `Intl`. */
  locale: ReadonlySignal<WordsLanguage>
  words: ReadonlySignal<W>
  /** @param values fill `{name}`; with a plural, `n` picks the form. */
  say(sentence: string | Plural, values?: Values): string
  problem(code: FailureCode | DeliveryProblemCode): string
  /** "2 minutes ago", "yesterday", or the date when it is older than a week. */
  ago(instant: string, now: number): string
  choose(locale: string): Promise<void>
  /** Fetches what home can do without. */
  complete(): Promise<void>
  /** @throws before {@link Speech.complete}. */
  whole(): Speech<Words>
}

/** The widget's language nearest to a BCP 47 tag. */
export function nearest(tag: string): WordsLanguage {
  const language = tag.toLowerCase().split('-')[0]
  return (Object.keys(languageNames) as WordsLanguage[]).find((known) => known === language) ?? 'en'
}

export function createSpeech(overrides: Partial<Words> = {}): Speech {
  const locale = signal<WordsLanguage>('en')
  const words = signal<FirstWords | Words>({ ...en, ...overrides })
  const say: Speech['say'] = (sentence, values = {}) => {
    const text = typeof sentence === 'string' ? sentence : plural(sentence, Number(values.n), locale.value)
    return text.replace(/\{(\w+)\}/g, (_, name: string) => shown(values[name] ?? '', locale.value))
  }
  const speech: Speech = {
    locale,
    words,
    say,
    problem: (code) => words.value.problems[sentenceOf[code] ?? 'offline'],
    ago(instant, now) {
      const seconds = (Date.parse(instant) - now) / 1000
      return (
        relative(seconds, locale.value) ??
        new Date(instant).toLocaleDateString(locale.value, { day: 'numeric', month: 'short' })
      )
    },
    async choose(tag) {
      const wanted = nearest(tag)
      // Whoever had every sentence before has to have every sentence after.
      const found = wanted === 'en' ? (isWhole(words.value) ? await wholeEnglish() : en) : await loaders[wanted]()
      words.value = { ...found, ...overrides }
      locale.value = wanted
    },
    async complete() {
      if (isWhole(words.value)) return
      const whole = await wholeEnglish()
      // Another language may have come in the meantime.
      if (!isWhole(words.value)) words.value = { ...whole, ...overrides }
    },
    whole() {
      if (!isWhole(words.value)) throw Error('a view before its words')
      return speech as Speech<Words>
    },
  }
  return speech
}

const isWhole = (words: FirstWords | Words): words is Words => 'send' in words

async function wholeEnglish(): Promise<Words> {
  const { more } = await import('./en-more.ts')
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

const steps: [seconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
]

/** Safari 13.1 has no `RelativeTimeFormat`, and a month ago is better said by its date. */
function relative(seconds: number, locale: string): string | undefined {
  if (!('RelativeTimeFormat' in Intl) || seconds < -7 * 86_400) return undefined
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' })
  const rounded = seconds > -60 ? 0 : seconds
  const [size, unit] = steps.find(([size]) => Math.abs(rounded) >= size) ?? [1, 'second']
  return format.format(Math.round(rounded / size), unit)
}
