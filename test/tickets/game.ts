/** A game for tests of the rooms behind the routes, around whatever vendor they bring. */
import type { Can } from '../../server/contract/can.ts'
import type { LiveGame } from '../../server/games.ts'
import type { Identity } from '../../server/players/identity.ts'
import { playerKey } from '../../server/store/players.ts'
import type { Vendor } from '../../server/vendors/vendor.ts'

/** What a vendor allows that keeps a thread and can be read. */
const can: Can = {
  open: true,
  reply: 'thread',
  reopen: 'native',
  close: true,
  answers: 'thread',
  attachments: false,
  history: 'relay',
  deletion: 'request',
  rating: false,
  push: 'poll',
}

export interface GameOptions {
  key?: string
  settleSeconds?: number
}

function make(vendor: Vendor, { key = 'star-harbor', settleSeconds = 90 }: GameOptions = {}): LiveGame {
  const config = {
    name: 'Star Harbor',
    origins: [],
    languages: ['en' as const],
    players: { anonymous: true, email: false, proofOfWork: false as const },
    form: { categories: [] },
    attachments: false as const,
    theme: {},
    vendor: { kind: 'desk' as const, token: 'unused here', settleSeconds },
  }
  return { key, config, vendor, can: vendor.can }
}

export const gameOf = Object.assign(make, { can })

/** An anonymous player of that number. */
export function playerOf(n: number, game = 'star-harbor'): Identity {
  const subject = `anon:${n}`
  return {
    key: playerKey(game, subject),
    game,
    subject,
    kind: 'anonymous',
    signed: {},
    expiresAt: new Date(8_640_000_000_000_000),
    isRemembered: false,
  }
}
