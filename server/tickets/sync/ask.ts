/** Asking a vendor something for one player that is good to know and can wait: within the budget of its account. */

/**
 * @returns undefined where the budget has no room for it just now
 * @throws VendorError
 */
export type AskVendor = <T>(
  act: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
) => Promise<{ answer: T } | undefined>

/** The same of a game's vendor. */
export type AskOfGame = <T>(
  game: string,
  act: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
) => Promise<{ answer: T } | undefined>
