/**
 * What the world does to a vendor and no document speaks of: it carries a request out late, shows late what it took, chokes
 * on one message, carries one out twice, drifts in one row, lists in an order of its own. Every simulator stands in one of
 * these, and each of them is a switch: it returns what sets it back.
 */
import { type Change, changed } from '../fixtures/drift.ts'
import type { Act, Answer } from './misbehave.ts'
import { createWorldTime, type WorldTime } from './world-time.ts'

/** Where something can be seen: among a vendor's lists of tickets, by its search, or by asking for the one ticket. */
export const views = ['list', 'search', 'read'] as const
export type View = (typeof views)[number]

/** What the caller of a late request hears: nothing, the end of the connection, or a gateway's 504. */
export const silences = ['hang', 'lost-answer', 'timeout'] as const
export type Silence = (typeof silences)[number]

export interface LateCommit {
  /** As the simulator names it, e.g. `POST /tickets`. */
  call: string
  afterMs: number
  /** How many requests. Default 1. */
  times?: number
  /** Default `hang`. */
  caller?: Silence
}

/** `taken`: carried out, and answered 500 all the same. */
export const poisons = ['error', 'forbidden', 'refuse', 'hang', 'html', 'taken'] as const
export type Poison = (typeof poisons)[number]

export interface RowBreak {
  call: string
  /** In this row of a list, wherever the list stands in the answer: the innermost that holds the text. */
  containing: string
  /** This field of it. Without one the whole row is no row. */
  field?: string
  /** Default `retyped`. */
  how?: Change['how']
}

export type Order = 'newest' | 'oldest' | 'any'

/** @returns what sets it back */
type Switch<T extends unknown[]> = (...given: T) => () => void

export interface World extends Omit<WorldTime, 'after' | 'end'> {
  commitLate: Switch<[LateCommit]>
  /** What was taken appears only so much later in this view. Set back, it shows everything. */
  showLate: Switch<[View, number]>
  /** Whatever request contains the text is answered so, for ever. Default `error`. */
  poison: Switch<[string, Poison?]>
  /** So many requests are carried out twice, as if a proxy had repeated them. Default 1. */
  repeat: Switch<[call: string, times?: number]>
  breakRow: Switch<[RowBreak]>
  /** Lists come in this order and in pages of so many rows, wherever the document leaves it open. */
  list: Switch<[{ order?: Order; cap?: number }]>
  /** Requests that are yet to be carried out. */
  pending: () => number
}

/** The side of it that only simulators use. */
export interface WorldInside extends World {
  /** From now on the row is there. @returns the row */
  took: <T extends object>(row: T) => T
  isShown: (view: View, row: object) => boolean
  /** Rows in the order they were taken in, as a list of this view shows them. `usual`: where nobody wished otherwise. */
  listed: <T extends object>(view: View, rows: readonly T[], usual: 'newest' | 'oldest') => T[]
  /** The same of rows that were there all along. */
  ordered: <T extends object>(rows: readonly T[], usual: 'newest' | 'oldest') => T[]
  /** How many rows a page has when so many were asked for. `least`: what the document promises. */
  pageSize: (asked: number, least?: number) => number
  /** Carries a request out, or not, or later. */
  meet: (request: Meeting) => Promise<Met>
  /** What becomes of an answer on its way out. */
  breakRows: (call: string, json: unknown) => unknown
  end: () => void
}

export interface Meeting {
  call: string
  /** All that the request says. */
  said: unknown
  commit: () => Promise<Answer>
}

export interface Met {
  answer: Answer
  /** Where it is not simply answered. */
  act?: Act
}

interface Plan {
  call: string
  left: number
}

export function createWorld({ realTime = false } = {}): WorldInside {
  const time = createWorldTime(realTime)
  const late: (Plan & LateCommit)[] = []
  const repeats: Plan[] = []
  const poisoned: { text: string; how: Poison }[] = []
  const broken: RowBreak[] = []
  const lists: { order?: Order; cap?: number }[] = []
  const lag: Record<View, number> = { list: 0, search: 0, read: 0 }
  const taken = new WeakMap<object, { at: number; serial: number }>()
  let serial = 0
  let pending = 0

  function placeOf(row: object): { at: number; serial: number } {
    const known = taken.get(row)
    if (known) return known
    serial += 1
    const place = { at: time.elapsedMs(), serial }
    taken.set(row, place)
    return place
  }

  const isShown: WorldInside['isShown'] = (view, row) =>
    lag[view] === 0 || placeOf(row).at + lag[view] <= time.elapsedMs()

  const ordered: WorldInside['ordered'] = (rows, usual) => {
    const order = lists.findLast((wish) => wish.order)?.order ?? usual
    if (order === 'oldest') return [...rows]
    if (order === 'newest') return rows.toReversed()
    return rows.toSorted((one, other) => shuffled(placeOf(one).serial) - shuffled(placeOf(other).serial))
  }

  function delay({ afterMs, caller = 'hang' }: LateCommit, commit: () => Promise<Answer>): Met {
    pending += 1
    time.after(afterMs, async () => {
      pending -= 1
      await commit()
    })
    return { answer: {}, act: caller }
  }

  async function meet({ call, said, commit }: Meeting): Promise<Met> {
    const poison = poisoned.find(({ text }) => holds(said, text))
    if (poison) {
      if (poison.how !== 'taken') return { answer: {}, act: poison.how }
      await commit()
      return { answer: {}, act: 'error' }
    }
    const later = take(late, call)
    if (later) return delay(later, commit)
    if (take(repeats, call)) await commit()
    return { answer: await commit() }
  }

  return {
    now: time.now,
    elapsedMs: time.elapsedMs,
    pass: time.pass,
    end: time.end,
    pending: () => pending,
    commitLate: (plan) => added(late, { ...plan, left: plan.times ?? 1 }),
    repeat: (call, times = 1) => added(repeats, { call, left: times }),
    poison: (text, how = 'error') => added(poisoned, { text, how }),
    breakRow: (row) => added(broken, row),
    list: (how) => added(lists, how),
    showLate(view, ms) {
      lag[view] = ms
      return () => {
        lag[view] = 0
      }
    },
    took(row) {
      placeOf(row)
      return row
    },
    isShown,
    ordered,
    listed: (view, rows, usual) =>
      ordered(
        rows.filter((row) => isShown(view, row)),
        usual,
      ),
    pageSize: (asked, least = 1) => {
      const cap = lists.findLast(({ cap }) => cap)?.cap
      return cap === undefined ? asked : Math.min(asked, Math.max(cap, least))
    },
    meet,
    breakRows: (call, json) =>
      broken.filter((row) => row.call === call).reduce((whole, row) => withBrokenRow(whole, row) ?? whole, json),
  }
}

function added<T>(list: T[], one: T): () => void {
  list.push(one)
  return () => {
    const index = list.indexOf(one)
    if (index >= 0) list.splice(index, 1)
  }
}

function take<T extends Plan>(plans: readonly T[], call: string): T | undefined {
  const plan = plans.find((one) => one.left > 0 && one.call === call)
  if (plan) plan.left -= 1
  return plan
}

/** Any order, and the same each time. */
function shuffled(serial: number): number {
  return Math.imul(serial + 1, 0x9e3779b1) >>> 0
}

/** Whether a text, or a number so written, stands anywhere in a value. */
function holds(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value.includes(text)
  if (typeof value === 'number') return String(value) === text
  if (value instanceof FormData) return [...value.values()].some((one) => holds(one, text))
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false
  return Object.values(value).some((one) => holds(one, text))
}

/** The innermost row of a list, anywhere in an answer, that holds the text. */
export function rowWith(value: unknown, text: string): unknown {
  if (typeof value !== 'object' || value === null || !holds(value, text)) return undefined
  const parts = Object.values(value).filter((inner) => holds(inner, text))
  const deeper = parts.map((inner) => rowWith(inner, text)).find((row) => row !== undefined)
  return deeper ?? (Array.isArray(value) ? parts[0] : undefined)
}

/** @returns undefined where no row of a list holds the text */
function withBrokenRow(value: unknown, row: RowBreak): unknown {
  if (typeof value !== 'object' || value === null || !holds(value, row.containing)) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const deeper = withBrokenRow(inner, row)
    if (deeper !== undefined) return replaced(value, key, deeper)
    if (Array.isArray(value) && holds(inner, row.containing)) return replaced(value, key, brokenRow(inner, row))
  }
  return undefined
}

function replaced(value: object, key: string, inner: unknown): unknown {
  return Array.isArray(value) ? value.with(Number(key), inner) : { ...value, [key]: inner }
}

function brokenRow(row: unknown, { field, how = 'retyped' }: RowBreak): unknown {
  return field === undefined ? 'no row at all' : changed(structuredClone(row), [field], how)
}
