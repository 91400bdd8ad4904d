/** The ways an answer can drift from its document: each field in turn removed, retyped, or null. */

type Step = string | number

/** One place of one answer, and what becomes of it. */
export interface Change {
  /** Every answer of this call is changed alike. */
  call: string
  place: readonly Step[]
  how: 'removed' | 'retyped' | 'null'
}

/** Every single change to what was answered. */
export function changesOf(answered: readonly { call: string; body: unknown }[]): Change[] {
  const found = new Map<string, Change>()
  for (const { call, body } of answered) {
    for (const place of placesOf(body)) {
      for (const how of waysToChange(place)) found.set(`${call} ${place} ${how}`, { call, place, how })
    }
  }
  return [...found.values()]
}

/** One entry fewer in a list is not a drift. */
function waysToChange(place: readonly Step[]): Change['how'][] {
  return typeof place.at(-1) === 'number' ? ['retyped', 'null'] : ['removed', 'retyped', 'null']
}

/** Every place in a value, the first few of each list. */
function placesOf(value: unknown, before: readonly Step[] = []): Step[][] {
  if (typeof value !== 'object' || value === null) return []
  const steps: Step[] = Array.isArray(value) ? value.slice(0, 3).map((_, index) => index) : Object.keys(value)
  return steps.flatMap((step) => {
    const place = [...before, step]
    return [place, ...placesOf((value as Record<Step, unknown>)[step], place)]
  })
}

/** The same body with one place of it changed; where there is no such place, as it was. */
export function changed(value: unknown, [step, ...rest]: readonly Step[], how: Change['how']): unknown {
  if (step === undefined || typeof value !== 'object' || value === null || !(step in value)) return value
  const holder = value as Record<Step, unknown>
  if (rest.length > 0) holder[step] = changed(holder[step], rest, how)
  else if (how === 'null') holder[step] = null
  else if (how === 'retyped') holder[step] = retyped(holder[step])
  else delete holder[step]
  return value
}

function retyped(value: unknown): unknown {
  if (typeof value === 'string') return 7
  if (Array.isArray(value)) return { not: 'a list' }
  if (typeof value === 'object') return 'not an object'
  return { not: 'a scalar' }
}
