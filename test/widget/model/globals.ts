/** The globals of a browser, for many pages in one process: each page finds its own, also in what it does after waiting. */
import { context, type Page, type Time } from './time.ts'

const names = [
  'localStorage',
  'sessionStorage',
  'indexedDB',
  'navigator',
  'document',
  'addEventListener',
  'removeEventListener',
  'BroadcastChannel',
  'XMLHttpRequest',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'Date',
  'crypto',
] as const

export type Global = (typeof names)[number]

/** Once for the process. Outside of every page, all is as it was. */
export function installGlobals(): void {
  for (const name of names) {
    const own = Object.getOwnPropertyDescriptor(globalThis, name)
    const outside = () => (own?.get ? own.get.call(globalThis) : own?.value)
    const get = () => {
      const page = context.getStore()
      return page ? page.globals[name] : outside()
    }
    Object.defineProperty(globalThis, name, { configurable: true, get })
  }
  const { random } = Math
  Math.random = () => context.getStore()?.random() ?? random()
}

/** The timers and the clock of one page, in virtual time. */
export function timersOf(time: Time, page: () => Page) {
  const running = new Map<number, () => void>()
  let ids = 0
  const stop = (id: number) => {
    running.get(id)?.()
    running.delete(id)
  }
  const start = (run: () => void, ms = 0, every = false) => {
    ids += 1
    const id = ids
    const fire = () => {
      if (every) wait()
      else running.delete(id)
      run()
    }
    // As in a browser, a timer never fires in the same moment.
    const wait = () => running.set(id, time.after(Math.max(1, ms), fire, page()))
    wait()
    return id
  }
  return {
    setTimeout: (run: () => void, ms?: number) => start(run, ms),
    setInterval: (run: () => void, ms?: number) => start(run, ms, true),
    clearTimeout: stop,
    clearInterval: stop,
    Date: new Proxy(Date, {
      construct: (target, given) => (given.length ? Reflect.construct(target, given) : new target(time.now())),
      get: (target, name) => (name === 'now' ? time.now : Reflect.get(target, name)),
    }),
  }
}
