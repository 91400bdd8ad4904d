/**
 * Values that tell when they change. It does what we need of @preact/signals-core, in a third of its weight: that is a
 * twentieth of all that is fetched until a player can write.
 */

export interface ReadonlySignal<T> {
  /** Reading it within {@link computed} or {@link effect} makes that follow it. */
  readonly value: T
  /** Reads without following. */
  peek(): T
}

export interface Signal<T> extends ReadonlySignal<T> {
  value: T
}

interface Source {
  /** Counts changes. */
  version: number
  readers: Set<Reader>
  /** Brings it up to date. */
  settle(): void
}

interface Reader {
  /** What it has read, and in which version. */
  read: Map<Source, number>
  /** Something that it has read may have changed. */
  stir(): void
}

/** An effect that may have to run. */
type Waiting = () => void

let reader: Reader | undefined
let depth = 0
const waiting = new Set<Waiting>()

/** @param value Undefined when left out. */
export function signal<T>(value: T): Signal<T>
export function signal<T>(): Signal<T | undefined>
export function signal<T>(first?: T): Signal<T | undefined> {
  let value = first
  const source: Source = { version: 0, readers: new Set(), settle() {} }
  return {
    get value() {
      follow(source)
      return value
    },
    set value(next) {
      if (next === value) return
      value = next
      source.version += 1
      batch(() => stirReaders(source))
    },
    peek: () => value,
  }
}

/**
 * A value made of others, made anew when it is read after one of them has changed. It follows them for as long as they
 * are there: to be made once, not by a view.
 */
export function computed<T>(make: () => T): ReadonlySignal<T> {
  let value: T
  let stale = true
  const own: Source & Reader = {
    version: 0,
    readers: new Set(),
    read: new Map(),
    settle() {
      if (stale && (!own.version || hasChanged(own))) {
        const next = watch(own, make)
        if (!own.version || next !== value) {
          value = next
          own.version += 1
        }
      }
      stale = false
    },
    stir() {
      if (stale) return
      stale = true
      stirReaders(own)
    },
  }
  const result = {
    get value() {
      follow(own)
      return value
    },
    peek: () => untracked(() => result.value),
  }
  return result
}

/**
 * Runs at once, and again whenever something that it read last time has changed.
 *
 * @param run may return what clears up after it, before the next run and at the end.
 * @returns ends it.
 */
export function effect(run: () => unknown): () => void {
  let clearUp: unknown
  const own: Reader = { read: new Map(), stir: () => waiting.add(again) }
  const clear = () => {
    const last = clearUp
    clearUp = undefined
    if (typeof last === 'function') untracked(() => last())
  }
  const start = () =>
    batch(() => {
      clear()
      clearUp = watch(own, run)
    })
  const again = () => {
    if (hasChanged(own)) start()
  }
  start()
  return () => {
    waiting.delete(again)
    forgetRead(own)
    clear()
  }
}

/** Effects wait until all of it is done. */
export function batch<T>(run: () => T): T {
  depth += 1
  try {
    return run()
  } finally {
    leave()
  }
}

/** Reads without following. */
export function untracked<T>(run: () => T): T {
  return as(undefined, run)
}

function leave(): void {
  const failures = depth === 1 ? runWaiting() : []
  depth -= 1
  if (failures.length) throw failures[0]
}

/** One that fails must not keep the others from running. */
function runWaiting(): unknown[] {
  const failures: unknown[] = []
  // What one sets off in the meantime joins the end of the line.
  for (const again of waiting) {
    waiting.delete(again)
    try {
      again()
    } catch (error) {
      failures.push(error)
    }
  }
  return failures
}

function as<T>(next: Reader | undefined, run: () => T): T {
  const outer = reader
  reader = next
  try {
    return run()
  } finally {
    reader = outer
  }
}

function follow(source: Source): void {
  source.settle()
  if (!reader) return
  reader.read.set(source, source.version)
  source.readers.add(reader)
}

function watch<T>(own: Reader, run: () => T): T {
  forgetRead(own)
  return as(own, run)
}

function forgetRead(own: Reader): void {
  for (const source of own.read.keys()) source.readers.delete(own)
  own.read.clear()
}

function stirReaders({ readers }: Source): void {
  for (const one of readers) one.stir()
}

/** In the order they were read: whether a later one counts may depend on an earlier one. */
function hasChanged({ read }: Reader): boolean {
  for (const [source, version] of read) {
    source.settle()
    if (source.version !== version) return true
  }
  return false
}
