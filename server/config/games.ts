/** The games this relay serves: each with its vendor and what may truthfully be offered. */

import type { AttachmentLimits, Can } from '../contract/can.ts'
import type { PlayerKind } from '../contract/player.ts'
import { Refusal } from '../runtime/refusal.ts'
import type { Vendor } from '../vendors/vendor.ts'
import type { Config, GameConfig } from './config.ts'

export interface LiveGame {
  key: string
  config: GameConfig
  vendor: Vendor
  /** The vendor's `can`, narrowed to what the studio has configured. */
  can: Can
}

export type Games = ReadonlyMap<string, LiveGame>

export function createGames(config: Config, vendorOf: (game: string, config: GameConfig) => Vendor): Games {
  return new Map(
    Object.entries(config.games).map(([key, game]) => {
      const vendor = vendorOf(key, game)
      const can = { ...narrow(vendor.can, game.attachments, config.scanner?.maxBytes), push: pushOf(vendor, game) }
      return [key, { key, config: game, vendor, can }]
    }),
  )
}

/** @throws Refusal `not_found` */
export function requireGame(games: Games, key: string): LiveGame {
  const game = games.get(key)
  if (!game) throw new Refusal('not_found')
  return game
}

/** In the order a game offers them: proof first. */
export function signInWays({ players }: GameConfig): PlayerKind[] {
  return [
    ...(players.jwt ? ['verified' as const] : []),
    ...(players.anonymous ? ['anonymous' as const] : []),
    ...(players.email ? ['email' as const] : []),
  ]
}

/** A vendor that could call us does so only where the studio has given it an address. */
function pushOf({ can, needsNoHook }: Vendor, { hookSecret }: GameConfig): Can['push'] {
  return can.push === 'hook' && (needsNoHook || hookSecret !== undefined) ? 'hook' : 'poll'
}

/** @param scannedBytes - of one file, that the scanner takes */
function narrow(can: Can, wanted: GameConfig['attachments'], scannedBytes: number | undefined): Can {
  if (wanted === false || can.attachments === false) return { ...can, attachments: false }
  const limits = narrowLimits(can.attachments, wanted, scannedBytes)
  // A list of kinds with nothing on it would offer a file that is then refused, whatever it is.
  return { ...can, attachments: limits.types.length > 0 && limits }
}

function narrowLimits(
  limits: AttachmentLimits,
  wanted: Exclude<GameConfig['attachments'], false>,
  scannedBytes = limits.maxBytes,
): AttachmentLimits {
  return {
    types: wanted.types ? limits.types.filter((type) => wanted.types?.includes(type)) : limits.types,
    maxBytes: Math.min(limits.maxBytes, wanted.maxBytes ?? limits.maxBytes, scannedBytes),
    maxCount: Math.min(limits.maxCount, wanted.maxCount ?? limits.maxCount),
  }
}
