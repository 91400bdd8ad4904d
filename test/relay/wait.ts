/** Waits for what is to become true, never for a time. */

const pollMs = 10

/** @returns the first value that is not undefined, null or false */
export async function until<T>(
  look: () => Promise<T> | T,
  what: string,
  patienceMs = 25_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const giveUpAt = Date.now() + patienceMs
  for (;;) {
    const value = await look()
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<Exclude<T, false>>
    if (Date.now() > giveUpAt) throw new Error(`waited in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
