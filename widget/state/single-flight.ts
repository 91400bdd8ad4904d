/** For what many wait for, and is to be done once. */

export interface SingleFlight<T> {
  /** The one that is under way, or a new one. */
  run(): Promise<T>
  /** Whoever asks from now on does not wait for it. */
  leave(): void
}

export function singleFlight<T>(run: () => Promise<T>): SingleFlight<T> {
  let underWay: Promise<T> | undefined
  return {
    run() {
      if (underWay) return underWay
      const mine = run().finally(() => {
        if (underWay === mine) underWay = undefined
      })
      underWay = mine
      return mine
    },
    leave() {
      underWay = undefined
    },
  }
}
