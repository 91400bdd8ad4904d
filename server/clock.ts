/** Time as a part that is handed in, so that a test can hold it still or let an hour pass. */

export interface Clock {
  now: () => Date
}

export const systemClock: Clock = { now: () => new Date() }
