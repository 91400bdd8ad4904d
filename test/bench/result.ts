/** What a bench found: a figure against a floor or a peer that ran beside it, and what it is to be. */

export interface Result {
  name: string
  /** Medians over the rounds. */
  relay: number
  peer: number
  unit: string
  /** The relay's to the peer's: the median of the rounds' own ratios. */
  ratio: number
  least?: number
  most?: number
  isKept: boolean
}

export interface Bounds {
  unit: string
  least?: number
  most?: number
}

/** @param relay - one figure a round, as many as the peer's */
export function resultOf(name: string, relay: readonly number[], peer: readonly number[], bounds: Bounds): Result {
  const ratio = median(relay.map((figure, round) => figure / (peer[round] ?? Number.NaN)))
  const isKept = ratio >= (bounds.least ?? 0) && ratio <= (bounds.most ?? Number.POSITIVE_INFINITY)
  return { name, relay: median(relay), peer: median(peer), ratio, isKept, ...bounds }
}

/** A figure with a bound of its own, which no peer has. */
export function figureOf(name: string, figure: number, bounds: Bounds): Result {
  const isKept = figure >= (bounds.least ?? 0) && figure <= (bounds.most ?? Number.POSITIVE_INFINITY)
  return { name, relay: figure, peer: 1, ratio: figure, isKept, ...bounds }
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
