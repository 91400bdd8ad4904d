/** Several calls to a vendor at a time, but never many. */
import { VendorError } from '../vendor.ts'

const atOnce = 5

/** In the order of the items; the first failure is the whole's. */
async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = []
  for (let start = 0; start < items.length; start += atOnce) {
    done.push(...(await Promise.all(items.slice(start, start + atOnce).map(work))))
  }
  return done
}

/**
 * The same, without the items whose answer does not fit: one of them hides none of the others.
 *
 * @throws VendorError where that is so of all of them, or for any other reason
 */
export async function whatFits<T, R extends object>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  let unfit: VendorError | undefined
  const done = await inBatches(items, (item) =>
    work(item).catch((error: unknown) => {
      if (!(error instanceof VendorError) || error.code !== 'unexpected') throw error
      unfit = error
      return undefined
    }),
  )
  const fit = done.filter((one) => one !== undefined)
  if (unfit && fit.length === 0) throw unfit
  return fit
}
