/** How the rarer things are said: days, times, sizes, and shares. */
import { shown } from './words.ts'

export interface Formats {
  /** `Friday, 20 November` */
  day(instant: string): string
  time(instant: string): string
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

function createFormats(locale: string): Formats {
  const days = new Intl.DateTimeFormat(locale, day)
  const times = new Intl.DateTimeFormat(locale, time)
  const shares = new Intl.NumberFormat(locale, { style: 'percent' })
  return {
    day: (instant) => days.format(Date.parse(instant)),
    time: (instant) => times.format(Date.parse(instant)),
    size(bytes) {
      const [amount, unit] = bytes < 2 ** 20 ? [bytes / 2 ** 10, 'kB'] : [bytes / 2 ** 20, 'MB']
      return `${shown(Math.ceil(amount), locale)} ${unit}`
    },
    percent: (share) => shares.format(share),
  }
}
