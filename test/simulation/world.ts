/** Virtual time: what happens in it happens one thing after another, in an order that only the seed decides. */
import { createQueue, type Entry } from './queue.ts'

export interface World {
  /** Milliseconds since the history began. */
  now: () => number
  /** Lets something happen so much later. @returns what calls it off */
  after: (ms: number, act: () => void) => () => void
  sleep: (ms: number) => Promise<void>
  /** Says what happened, for whoever reads the history. The text is only put together if somebody does. */
  tell: (who: string, what: () => string) => void
  /** Lets things happen until nothing is left or until `isOver`. */
  run: (isOver: () => boolean) => Promise<void>
}

export interface WorldParts {
  /** Resolves when all code that is awake has come to rest. */
  settle: () => Promise<void>
  /** Where the history is printed; absent where nobody reads it. */
  print?: ((line: string) => void) | undefined
}

interface Event extends Entry {
  act: (() => void) | undefined
}

/** More than any history needs: one that goes on without end is a fault too. */
const mostEvents = 400_000

export function createWorld({ settle, print }: WorldParts): World {
  const queue = createQueue<Event>()
  let now = 0
  let order = 0

  function after(ms: number, act: () => void): () => void {
    const event: Event = { at: now + Math.max(0, Math.ceil(ms)), order: order++, act }
    queue.add(event)
    return () => {
      event.act = undefined
    }
  }

  return {
    now: () => now,
    after,
    sleep: (ms) => new Promise((resolve) => after(ms, resolve)),
    tell: (who, what) => print?.(`${timeOf(now)} ${who.padEnd(8)} ${what()}`),

    async run(isOver) {
      for (let count = 0; !isOver(); count++) {
        if (count > mostEvents) throw new Error('the history does not end')
        const event = queue.take()
        if (!event) return
        now = event.at
        const { act } = event
        if (!act) continue
        act()
        await settle()
      }
    },
  }
}

/** `12:03.456`: minutes, seconds and milliseconds. */
function timeOf(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  const seconds = (ms % 60_000) / 1_000
  return `${String(minutes).padStart(2, '0')}:${seconds.toFixed(3).padStart(6, '0')}`
}
