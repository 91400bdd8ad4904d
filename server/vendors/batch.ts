/** Several calls to a vendor at a time, but never many. */

const atOnce = 5

/** In the order of the items; the first failure is the whole's. */
export async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = []
  for (let start = 0; start < items.length; start += atOnce) {
    done.push(...(await Promise.all(items.slice(start, start + atOnce).map(work))))
  }
  return done
}
