/** Virtual time: whatever is to happen later stands in one queue, and happens one after another, with nothing else under way. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'

/** What the queue has to know of a page. */
export interface Page {
  readonly name: string
  /** `asleep`: what is to happen there happens on waking. `away`: in the back/forward cache. */
  state: 'awake' | 'asleep' | 'away' | 'closed'
  /** Counts how often it was put away: what was under way by then has failed. */
  visit: number
  deferred: (() => void)[]
  /** What its scripts find under the names of a browser's globals. */
  globals: Readonly<Record<string, unknown>>
  random(): number
}

export interface Time {
  now(): number
  /** @returns calls it off. */
  after(ms: number, run: () => void, page?: Page): () => void
  /** Lets `ms` go by, and whatever is due. */
  pass(ms: number): Promise<void>
  /** Runs `act` in the page, and what it sets going at once. */
  step(page: Page, act: () => void): Promise<void>
  /** From sleep or from the cache. */
  wake(page: Page): void
}

interface Due {
  at: number
  run: () => void
  page: Page | undefined
}

/** In which page it runs: promises and timers keep it, whatever else happens in between. */
export const context = new AsyncLocalStorage<Page>()

/** @param look after everything that has happened */
export function createTime(look: () => void): Time {
  let now = Date.UTC(2026, 0, 1)
  const queue: Due[] = []

  const put = (due: Due) => {
    let place = queue.length
    for (; place > 0 && (queue[place - 1]?.at ?? 0) > due.at; place -= 1);
    queue.splice(place, 0, due)
  }
  const after = (ms: number, run: () => void, page?: Page) => {
    const due = { at: now + Math.max(0, ms), run, page }
    put(due)
    return () => {
      const place = queue.indexOf(due)
      if (place >= 0) queue.splice(place, 1)
      else if (page) page.deferred = page.deferred.filter((deferred) => deferred !== run)
    }
  }
  const happen = async ({ run, page }: Due) => {
    if (page?.state === 'closed') return
    if (page && page.state !== 'awake') {
      page.deferred.push(run)
      return
    }
    if (page) context.run(page, run)
    else context.exit(run)
    await setImmediate()
    look()
  }
  return {
    now: () => now,
    after,
    async pass(ms) {
      const until = now + ms
      for (;;) {
        const [first] = queue
        if (!first || first.at > until) break
        queue.shift()
        now = first.at
        await happen(first)
      }
      now = until
    },
    step: (page, run) => happen({ at: now, run, page }),
    wake(page) {
      page.state = 'awake'
      for (const run of page.deferred.splice(0)) after(0, run, page)
    },
  }
}
