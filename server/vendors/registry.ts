/** Every vendor the relay speaks to: its configuration, and how it is made. */
import { z } from 'zod'
import { createDesk, type DeskParts } from './desk/desk.ts'
import { DeskConfig } from './desk/wire.ts'
import type { Vendor } from './vendor.ts'

export const VendorConfig = z.discriminatedUnion('kind', [DeskConfig])
export type VendorConfig = z.output<typeof VendorConfig>

export interface RegistryParts {
  desk: DeskParts
}

/** The vendor of one game. */
export function createVendor(game: string, config: VendorConfig, parts: RegistryParts): Vendor {
  switch (config.kind) {
    case 'desk':
      return createDesk(game, parts.desk)
  }
}
