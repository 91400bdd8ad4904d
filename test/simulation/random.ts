/** Chance from a seed: the same seed draws the same numbers, on every machine. */

export interface Chance {
  /** From 0 up to, but not, 1. */
  next: () => number
  /** A whole number from `least` to `most`, both among them. */
  between: (least: number, most: number) => number
  /** True so often: 0 never, 1 always. */
  happens: (probability: number) => boolean
  pick: <T>(items: readonly [T, ...T[]]) => T
  /** Mostly near `least`, and now and then as much as `most`: how long things take. */
  skewed: (least: number, most: number) => number
  /** Numbers of its own, so that one more draw here changes nothing there. */
  fork: (name: string) => Chance
}

export function createChance(seed: number | string): Chance {
  const next = sfc32(seeds(String(seed)))
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    between,
    happens: (probability) => next() < probability,
    pick: (items) => items[between(0, items.length - 1)] ?? items[0],
    skewed: (least, most) => Math.round(least + (most - least) * next() ** 4),
    fork: (name) => createChance(`${seed} ${name}`),
  }
}

/** Chris Doty-Humphrey's small fast counter, from PractRand. */
function sfc32([first, second, third]: readonly [number, number, number]): () => number {
  let [a, b, c, counter] = [first, second, third, 1]
  const draw = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  // The first draws still show what they were seeded with.
  for (let n = 0; n < 15; n++) draw()
  return draw
}

/** Three words of 32 bits from a text, by FNV-1a with three bases. */
function seeds(text: string): [number, number, number] {
  const hash = (basis: number) => {
    let value = basis
    for (let n = 0; n < text.length; n++) value = Math.imul(value ^ text.charCodeAt(n), 0x01000193)
    return value | 0
  }
  return [hash(0x811c9dc5), hash(0x050c5d1f), hash(0x2b9f8a47)]
}
