/** Every vendor the relay speaks to: its configuration, and how it is made. */
import { z } from 'zod'
import { createDesk, type DeskParts } from './desk/desk.ts'
import { DeskConfig } from './desk/wire.ts'
import { createI3d } from './i3d/i3d.ts'
import { I3dConfig } from './i3d/wire.ts'
import { legible } from './legible.ts'
import type { VendorParts } from './parts.ts'
import { createThena } from './thena/thena.ts'
import { ThenaConfig } from './thena/wire.ts'
import { createTheymes } from './theymes/theymes.ts'
import { TheymesConfig } from './theymes/wire.ts'
import { createThreada } from './threada/threada.ts'
import { ThreadaConfig } from './threada/wire.ts'
import type { Vendor } from './vendor.ts'
import { ZaiaConfig } from './zaia/wire.ts'
import { createZaia } from './zaia/zaia.ts'

export const VendorConfig = z.discriminatedUnion('kind', [
  DeskConfig,
  TheymesConfig,
  ZaiaConfig,
  ThenaConfig,
  ThreadaConfig,
  I3dConfig,
])
export type VendorConfig = z.output<typeof VendorConfig>

export interface RegistryParts extends VendorParts {
  /** Only the built-in desk keeps its tickets here. */
  desk: Pick<DeskParts, 'ledger' | 'files'>
}

/** The vendor of one game. */
export function createVendor(game: string, config: VendorConfig, parts: RegistryParts): Vendor {
  return legible(vendorOf(game, config, parts))
}

function vendorOf(game: string, config: VendorConfig, parts: RegistryParts): Vendor {
  switch (config.kind) {
    case 'desk':
      return createDesk(game, { ...parts.desk, clock: parts.clock, tagOf: parts.tagOf })
    case 'theymes':
      return createTheymes(config, parts)
    case 'zaia':
      return createZaia(config, parts)
    case 'thena':
      return createThena(config, parts)
    case 'threada':
      return createThreada(config, parts)
    case 'i3d':
      return createI3d(config, parts)
  }
}
