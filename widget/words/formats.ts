/** How the rarer things are said: days, times, sizes, shares, and why something was refused. */
import type { DeliveryProblemCode } from '../../server/contract/problem-code.ts'
import type { FailureCode } from '../handle.ts'
import type { Words } from './en.ts'
import { sentenceOf } from './problems.ts'
import { shown } from './words.ts'

export interface Formats {
  /** `Friday, 20 November` */
  day(instant: string): string
  time(instant: string): string
  /** "2 minutes ago", "yesterday", or the date when it is older than a week. */
  ago(instant: string, now: number): string
  size(bytes: number): string
  percent(share: number): string
}

const day = { weekday: 'long', day: 'numeric', month: 'long' } as const
const time = { hour: 'numeric', minute: 'numeric' } as const

/** Made once for a language: making a format takes longer than using it, and every message uses three. */
const made = new Map<string, Formats>()

export function formatsIn(locale: string): Formats {
  const found = made.get(locale) ?? createFormats(locale)
  made.set(locale, found)
  return found
}

/** @returns undefined when nobody refused anything: the relay could not be reached. */
export function whyRefused(code: FailureCode | DeliveryProblemCode, { problems }: Words): string | undefined {
  const name = sentenceOf[code]
  return name && problems[name]
}

function createFormats(locale: string): Formats {
  const days = new Intl.DateTimeFormat(locale, day)
  const dates = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })
  const times = new Intl.DateTimeFormat(locale, time)
  const shares = new Intl.NumberFormat(locale, { style: 'percent' })
  const relative = relativeIn(locale)
  return {
    day: (instant) => days.format(Date.parse(instant)),
    time: (instant) => times.format(Date.parse(instant)),
    ago(instant, now) {
      const at = Date.parse(instant)
      return relative((at - now) / 1000) ?? dates.format(at)
    },
    size(bytes) {
      const [amount, unit] = bytes < 2 ** 20 ? [bytes / 2 ** 10, 'kB'] : [bytes / 2 ** 20, 'MB']
      return `${shown(Math.ceil(amount), locale)} ${unit}`
    },
    percent: (share) => shares.format(share),
  }
}

const steps: [seconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
]

/** Safari 13.1 has no `RelativeTimeFormat`, and a month ago is better said by its date. */
function relativeIn(locale: string): (seconds: number) => string | undefined {
  if (!('RelativeTimeFormat' in Intl)) return () => undefined
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' })
  return (seconds) => {
    if (seconds < -7 * 86_400) return undefined
    const rounded = seconds > -60 ? 0 : seconds
    const [size, unit] = steps.find(([size]) => Math.abs(rounded) >= size) ?? [1, 'second']
    return format.format(Math.round(rounded / size), unit)
  }
}
