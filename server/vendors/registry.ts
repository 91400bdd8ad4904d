/** Every vendor the relay speaks to: its configuration, and how it is made. Its adapter is loaded only where a game uses it. */
import { z } from 'zod'
import type { DeskParts } from './desk/desk.ts'
import { DeskConfig } from './desk/wire.ts'
import { I3dConfig } from './i3d/wire.ts'
import type { VendorParts } from './parts.ts'
import { legible } from './text/legible.ts'
import { ThenaConfig } from './thena/wire.ts'
import { TheymesConfig } from './theymes/wire.ts'
import { ThreadaConfig } from './threada/wire.ts'
import type { Vendor } from './vendor.ts'
import { ZaiaConfig } from './zaia/wire.ts'

export const VendorConfig = z.discriminatedUnion('kind', [
  DeskConfig,
  TheymesConfig,
  ZaiaConfig,
  ThenaConfig,
  ThreadaConfig,
  I3dConfig,
])
export type VendorConfig = z.output<typeof VendorConfig>
export type VendorKind = VendorConfig['kind']
type ConfigOf<Kind extends VendorKind> = Extract<VendorConfig, { kind: Kind }>

export interface RegistryParts extends VendorParts {
  /** Only the built-in desk keeps its tickets here. */
  desk: Pick<DeskParts, 'ledger' | 'files'>
}

/** The vendor of one game. */
export type CreateVendor = (game: string, config: VendorConfig, parts: RegistryParts) => Vendor

type Adapter<Kind extends VendorKind> = (game: string, config: ConfigOf<Kind>, parts: RegistryParts) => Vendor

const adapters: { readonly [Kind in VendorKind]: () => Promise<Adapter<Kind>> } = {
  desk: async () => {
    const { createDesk } = await import('./desk/desk.ts')
    return (game, _, { desk, clock, tagOf }) => createDesk(game, { ...desk, clock, tagOf })
  },
  theymes: async () => {
    const { createTheymes } = await import('./theymes/theymes.ts')
    return (_, config, parts) => createTheymes(config, parts)
  },
  zaia: async () => {
    const { createZaia } = await import('./zaia/zaia.ts')
    return (_, config, parts) => createZaia(config, parts)
  },
  thena: async () => {
    const { createThena } = await import('./thena/thena.ts')
    return (_, config, parts) => createThena(config, parts)
  },
  threada: async () => {
    const { createThreada } = await import('./threada/threada.ts')
    return (_, config, parts) => createThreada(config, parts)
  },
  i3d: async () => {
    const { createI3d } = await import('./i3d/i3d.ts')
    return (_, config, parts) => createI3d(config, parts)
  },
}

/** @param kinds - of all games that are to be made */
export async function loadVendors(kinds: Iterable<VendorKind>): Promise<CreateVendor> {
  const makers = await Promise.all([...new Set(kinds)].map(load))
  return (game, config, parts) => {
    for (const make of makers) {
      const vendor = make(game, config, parts)
      if (vendor) return legible(vendor)
    }
    throw new TypeError(`the adapter of ${config.kind} was not loaded`)
  }
}

/** @returns what makes vendors of this kind, and answers undefined to any other */
async function load<Kind extends VendorKind>(kind: Kind) {
  const make = await adapters[kind]()
  return (game: string, config: VendorConfig, parts: RegistryParts): Vendor | undefined =>
    isOf(kind, config) ? make(game, config, parts) : undefined
}

function isOf<Kind extends VendorKind>(kind: Kind, config: VendorConfig): config is ConfigOf<Kind> {
  return config.kind === kind
}
