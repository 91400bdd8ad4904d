/** Web Locks and BroadcastChannel: what the pages of one browser share besides storage. */
import { context, type Page, type Time } from './time.ts'

interface Options {
  ifAvailable?: boolean
  signal?: AbortSignal
}
type Callback = (lock: { name: string } | null) => unknown

interface Request {
  page: Page
  grant(): void
}

export interface Locks {
  /** What a page sees as `navigator.locks`. */
  manager: object
  holds(page: Page): boolean
  /** The page is gone. */
  release(page: Page): void
}

/** @param delay how long it takes until a page hears of it, in ms */
export function createLocks(time: Time, delay: () => number): Locks {
  const held = new Map<string, Page>()
  const queues = new Map<string, Request[]>()

  const free = (name: string) => {
    held.delete(name)
    const next = queues.get(name)?.shift()
    if (!next) return
    held.set(name, next.page)
    time.after(delay(), next.grant, next.page)
  }
  const run = async (name: string, page: Page, callback: Callback) => {
    try {
      return await callback({ name })
    } finally {
      if (held.get(name) === page) free(name)
    }
  }
  const request = (name: string, ...more: [Callback] | [Options, Callback]) => {
    const page = context.getStore()
    const callback = more.length === 1 ? more[0] : more[1]
    const { ifAvailable, signal } = more.length === 1 ? {} : more[0]
    if (!page) throw Error('no page has asked for this lock')
    return new Promise((resolve, reject) => {
      const grant = () => resolve(run(name, page, callback))
      if (!held.has(name)) {
        held.set(name, page)
        time.after(delay(), grant, page)
      } else if (ifAvailable) time.after(delay(), () => resolve(callback(null)), page)
      else {
        const waiting = { page, grant }
        const queue = queues.get(name) ?? []
        queues.set(name, [...queue, waiting])
        signal?.addEventListener('abort', () => {
          queues.set(name, queues.get(name)?.filter((one) => one !== waiting) ?? [])
          reject(signal.reason)
        })
      }
    })
  }
  return {
    manager: { request },
    holds: (page) => [...held.values()].includes(page),
    release(page) {
      for (const [name, queue] of queues)
        queues.set(
          name,
          queue.filter((one) => one.page !== page),
        )
      for (const [name, holder] of held) if (holder === page) free(name)
    },
  }
}

interface Channel extends EventTarget {
  page: Page
  name: string
  onmessage?: ((event: MessageEvent) => void) | null
}

/** What a page makes a `BroadcastChannel` with. */
export function createChannels(time: Time, delay: () => number): (name: string) => object {
  const open = new Set<Channel>()
  return (name) => {
    const page = context.getStore()
    if (!page) throw Error('no page has opened this channel')
    const own: Channel = Object.assign(new EventTarget(), { page, name })
    open.add(own)
    return Object.assign(own, {
      postMessage(data: unknown) {
        for (const other of open) {
          if (other === own || other.name !== name) continue
          const hear = () => {
            if (!open.has(other)) return
            const event = new MessageEvent('message', { data: structuredClone(data) })
            other.onmessage?.(event)
            other.dispatchEvent(event)
          }
          time.after(delay(), hear, other.page)
        }
      },
      close: () => open.delete(own),
    })
  }
}
