/** What may become of one call to a vendor. */
import type { Chance } from './random.ts'

/**
 * `refused`: a 4xx, whoever asks and whenever. `answered`: carried out, and the caller hears of it, if it waits so long. `failed`: answered 500, perhaps carried out.
 * `lost`: the caller hears nothing; perhaps carried out, perhaps minutes later.
 */
export type Fate =
  | { kind: 'answered'; carriedOutMs: number; answerMs: number }
  | { kind: 'no-connection'; answerMs: number }
  | { kind: 'busy'; answerMs: number; retryAfterMs: number | undefined }
  | { kind: 'refused'; answerMs: number }
  | { kind: 'failed'; answerMs: number; carriedOutMs: number | undefined }
  | { kind: 'lost'; carriedOutMs: number | undefined }

export type Outage = 'no-connection' | 'failed' | 'lost'

/** How often each thing goes wrong, from 0 to 1, and how long things take, in milliseconds. */
export interface Weather {
  noConnection: number
  busy: number
  failed: number
  /** Answered 500 and carried out all the same. */
  failedButDone: number
  lostRequest: number
  lostAnswer: number
  /** Carried out so late that the caller has given up. */
  late: number
  slowestMs: number
  latestMs: number
  /** How long what was taken may stay out of lists, and out of its own ticket. */
  longestLagMs: number
}

export const fair: Weather = {
  noConnection: 0,
  busy: 0,
  failed: 0,
  failedButDone: 0,
  lostRequest: 0,
  lostAnswer: 0,
  late: 0,
  slowestMs: 800,
  latestMs: 0,
  longestLagMs: 0,
}

export function drawFate(weather: Weather, outage: Outage | undefined, chance: Chance): Fate {
  if (outage) return fateIn(outage, chance)
  const { slowestMs, latestMs } = weather
  const took = () => chance.skewed(5, slowestMs)
  const answered = (): Fate => ({ kind: 'answered', carriedOutMs: took(), answerMs: chance.between(1, 60) })
  const fates: [number, () => Fate][] = [
    [weather.noConnection, () => ({ kind: 'no-connection', answerMs: took() })],
    [weather.busy, () => ({ kind: 'busy', answerMs: took(), retryAfterMs: retryAfterMs(chance) })],
    [weather.failed, () => ({ kind: 'failed', answerMs: took(), carriedOutMs: undefined })],
    [weather.failedButDone, () => ({ kind: 'failed', answerMs: took(), carriedOutMs: took() })],
    [weather.lostRequest, () => ({ kind: 'lost', carriedOutMs: undefined })],
    [weather.lostAnswer, () => ({ kind: 'lost', carriedOutMs: took() })],
    [weather.late, () => ({ kind: 'lost', carriedOutMs: chance.between(15_001, Math.max(15_001, latestMs)) })],
  ]
  let drawn = chance.next()
  for (const [probability, fate] of fates) {
    if (drawn < probability) return fate()
    drawn -= probability
  }
  return answered()
}

function fateIn(outage: Outage, chance: Chance): Fate {
  const answerMs = chance.between(5, 500)
  if (outage === 'no-connection') return { kind: 'no-connection', answerMs }
  if (outage === 'failed') return { kind: 'failed', answerMs, carriedOutMs: undefined }
  return { kind: 'lost', carriedOutMs: undefined }
}

function retryAfterMs(chance: Chance): number | undefined {
  return chance.happens(0.5) ? chance.between(1, 20) * 1_000 : undefined
}
