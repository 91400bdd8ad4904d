/** One storage of a browser: `localStorage`, of which other pages are told later, each in its own time, or a `sessionStorage`. */
import { context, type Page } from './time.ts'

export interface Change {
  /** Undefined: by the test itself. */
  by: Page | undefined
  key: string
  value: string | undefined
}

/** @param onChange after it is done */
export function createStorageArea(onChange: (change: Change) => void): object {
  const change = (key: string, value: string | undefined) => {
    if (area[key] === value) return
    if (value === undefined) delete area[key]
    else area[key] = value
    onChange({ by: context.getStore(), key, value })
  }
  // As in a browser, what is kept are properties of its own, and what can be done with it is not.
  const methods = {
    getItem: (key: string) => area[key] ?? null,
    setItem: (key: string, value: string) => change(key, value),
    removeItem: (key: string) => change(key, undefined),
  }
  const area: Record<string, string> = Object.create(methods)
  return area
}
