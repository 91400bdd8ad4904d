/** Time as a simulated vendor has it: a test moves it, so that nobody waits for what takes the vendor minutes. */

export interface WorldTime {
  /** What the vendor's clock says. */
  now: () => Date
  /** Milliseconds since the simulator began, and as many as were passed besides. */
  elapsedMs: () => number
  /** Does something once so much time has passed there. */
  after: (ms: number, act: () => unknown) => void
  /** Lets time pass, and does what falls due, in order and one after the other. Resolves when it is done. */
  pass: (ms: number) => Promise<void>
  /** Nothing falls due any more. */
  end: () => void
}

interface Due {
  at: number
  act: () => unknown
}

/** `realTime`: it also passes by itself, for a relay that runs in real time. */
export function createWorldTime(realTime: boolean): WorldTime {
  const start = performance.now()
  const timers = new Set<NodeJS.Timeout>()
  let passed = 0
  let waiting: Due[] = []

  const elapsedMs = () => passed + (realTime ? performance.now() - start : 0)

  function nextBy(moment: number): Due | undefined {
    const [next] = waiting.filter(({ at }) => at <= moment).toSorted((one, other) => one.at - other.at)
    waiting = waiting.filter((one) => one !== next)
    return next
  }

  async function runUntil(moment: number): Promise<void> {
    for (let next = nextBy(moment); next; next = nextBy(moment)) {
      if (!realTime) passed = Math.max(passed, next.at)
      await next.act()
    }
  }

  function wake(ms: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      void runUntil(elapsedMs())
    }, ms + 1)
    timers.add(timer.unref())
  }

  return {
    now: () => new Date(Date.now() + passed),
    elapsedMs,
    after(ms, act) {
      waiting.push({ at: elapsedMs() + ms, act })
      if (realTime) wake(ms)
    },
    async pass(ms) {
      const moment = elapsedMs() + ms
      if (realTime) passed += ms
      await runUntil(moment)
      if (!realTime) passed = moment
    },
    end() {
      waiting = []
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
