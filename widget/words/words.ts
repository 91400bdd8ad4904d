/** Picks a language, fetches it, and turns its sentences into text: plurals, places, times, sizes. */
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Label } from '../../server/contract/game.ts'
import type { DeliveryProblemCode } from '../../server/contract/problem-code.ts'
import type { FailureCode } from '../handle.ts'
import { en, type Plural, type Words } from './en.ts'

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

export interface Speech {
  /** The language in use, as a BCP 47 tag for `lang` and `Intl`. */
  locale: ReadonlySignal<WordsLanguage>
  words: ReadonlySignal<Words>
  /** @param values fill `{name}`; with a plural, `n` picks the form. */
  say(sentence: string | Plural, values?: Values): string
  problem(code: FailureCode | DeliveryProblemCode): string
  /** "2 minutes ago", "yesterday", or the date when it is older than a week. */
  ago(instant: string, now: number): string
  day(instant: string): string
  time(instant: string): string
  size(bytes: number): string
  percent(share: number): string
  /** What the studio wrote, in the language in use, else in the first of the game's that it has. */
  label(label: Label, languages?: readonly string[]): string
  languageName(code: string): string
  choose(locale: string): Promise<void>
}

/** The widget's language nearest to a BCP 47 tag. */
export function nearest(tag: string): WordsLanguage {
  const language = tag.toLowerCase().split('-')[0]
  return (Object.keys(languageNames) as WordsLanguage[]).find((known) => known === language) ?? 'en'
}

export function createSpeech(overrides: Partial<Words> = {}): Speech {
  const locale = signal<WordsLanguage>('en')
  const words = signal<Words>({ ...en, ...overrides })
  const format = (instant: string, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale.value, options).format(new Date(instant))

  const say: Speech['say'] = (sentence, values = {}) => {
    const text = typeof sentence === 'string' ? sentence : plural(sentence, Number(values.n), locale.value)
    return text.replace(/\{(\w+)\}/g, (_, name: string) => shown(values[name] ?? '', locale.value))
  }
  return {
    locale,
    words,
    say,
    problem: (code) => words.value.problems[sentenceOf[code] ?? 'offline'],
    ago(instant, now) {
      const seconds = (Date.parse(instant) - now) / 1000
      return relative(seconds, locale.value) ?? format(instant, { day: 'numeric', month: 'short' })
    },
    day: (instant) => format(instant, { weekday: 'long', day: 'numeric', month: 'long' }),
    time: (instant) => format(instant, { hour: 'numeric', minute: 'numeric' }),
    size: (bytes) =>
      `${shown(bytes >= 1e6 ? Math.round(bytes / 1e5) / 10 : Math.ceil(bytes / 100) / 10, locale.value)} ${bytes >= 1e6 ? 'MB' : 'kB'}`,
    percent: (share) => new Intl.NumberFormat(locale.value, { style: 'percent' }).format(share),
    label(label, languages = []) {
      const found = [locale.value, ...languages].find((code) => label[code])
      return label[found ?? ''] ?? Object.values(label)[0] ?? ''
    },
    // Younger than the oldest engines; there the code has to do.
    languageName: (code) =>
      ('DisplayNames' in Intl && new Intl.DisplayNames(code, { type: 'language' }).of(code)) || code,
    async choose(tag) {
      const wanted = nearest(tag)
      const found = wanted === 'en' ? en : await loaders[wanted]()
      words.value = { ...found, ...overrides }
      locale.value = wanted
    },
  }
}

function plural(forms: Plural, n: number, locale: string): string {
  const category = new Intl.PluralRules(locale).select(n)
  return forms[category] ?? forms.other
}

function shown(value: string | number, locale: string): string {
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
