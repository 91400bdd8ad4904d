/** How often a vendor may be asked how things stand: a part of the configuration of every vendor with a wire. */
import { z } from 'zod'

/**
 * Calls a minute that the relay may make only to see what is new, whoever looks on: the budget of the whole account, shared
 * by all games and relays on its key. Deliveries are not counted, and never wait for it.
 */
export function askingOf(callsPerMinute: number) {
  return { callsPerMinute: z.int().min(6).max(60_000).default(callsPerMinute) }
}

/** No vendor publishes a number. This is for those whose documents speak of no limit at all, */
export const unlimitedByDocument = 240
/** and this for those that say that there is one. */
export const limitedByDocument = 120
