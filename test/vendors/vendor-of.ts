/** A vendor as the registry makes it, for tests that only look at it or that bring its other side themselves. */

import type { VendorParts } from '../../server/vendors/parts.ts'
import { loadVendors, type VendorConfig } from '../../server/vendors/registry.ts'
import type { Vendor } from '../../server/vendors/vendor.ts'
import { tagOf } from './suite-parts.ts'

const createVendor = await loadVendors(['desk', 'theymes', 'zaia', 'thena', 'threada', 'i3d'])

export function vendorOf(config: VendorConfig, parts: Partial<VendorParts> = {}): Vendor {
  return createVendor('star-harbor', config, {
    clock: { now: () => new Date() },
    onDrift: () => undefined,
    tagOf,
    onHidden: () => undefined,
    ...parts,
    desk: { ledger: nowhere(), files: nowhere() },
  })
}

/** Throws wherever it is touched. */
function nowhere<T extends object>(): T {
  return new Proxy({} as T, {
    get: (_, name) => {
      throw new Error(`nothing is kept here: ${String(name)}`)
    },
  })
}
