/** The kinds of vendors a history can have: what each promises is read off its real adapter, so that nothing is invented. */
import { type GameConfig, readConfig } from '../../server/config/config.ts'
import type { Vendor } from '../../server/vendors/vendor.ts'
import { vendorOf } from '../fixtures/vendor-of.ts'

const vendors = {
  desk: { kind: 'desk', token: 'a token of the agents' },
  theymes: { kind: 'theymes', apiKey: 'a key', gameId: '3f0eee32-8eac-4668-9b38-e3e5dc21d607' },
  'theymes that erases': {
    kind: 'theymes',
    apiKey: 'a key',
    gameId: '3f0eee32-8eac-4668-9b38-e3e5dc21d607',
    paths: { deletion: 'POST /data-deletions' },
  },
  zaia: {
    kind: 'zaia',
    apiKey: 'a key',
    channelId: '5b0c0a52-7a3c-4b7e-9a51-1f8a8f0f7c11',
    assigneeId: '0d5ee4f2-0b1e-4d0f-8a3b-6f6a4c9e2d10',
    paths: { sendMessage: 'POST /api/v1/chat-messages' },
  },
  thena: { kind: 'thena', apiKey: 'a key', teamId: 'T1' },
  'threada with paths': {
    kind: 'threada',
    apiKey: 'a key',
    paths: {
      ticket: 'GET /tickets/{ticketId}',
      messages: 'POST /tickets/{ticketId}/messages',
      update: 'PATCH /tickets/{ticketId}',
    },
  },
  threada: { kind: 'threada', apiKey: 'a key' },
  i3d: {
    kind: 'i3d',
    token: 'a key',
    category: 'Support',
    department: 'Games',
    emailTo: 'support@studio.example',
    emailCc: 'desk@studio.example',
  },
} as const

export type KindName = keyof typeof vendors
/** One that erases by its own call, and whose lists lag, is drawn only where somebody asks for it. */
export const kindNames: readonly [KindName, ...KindName[]] = [
  'desk',
  'theymes',
  'zaia',
  'thena',
  'threada with paths',
  'threada',
  'i3d',
]

export interface Kind {
  name: KindName
  config: GameConfig
  /** What the adapter says of itself; none of its calls is made. */
  adapter: Vendor
}

const known = new Map<string, Kind>()

/** @param settleSeconds as the studio configures it */
export function kindOf(name: KindName, settleSeconds: number): Kind {
  const key = `${name} ${settleSeconds}`
  const kind = known.get(key) ?? createKind(name, settleSeconds)
  known.set(key, kind)
  return kind
}

function createKind(name: KindName, settleSeconds: number): Kind {
  const vendor = { ...vendors[name], settleSeconds }
  const games = { game: { name, players: { anonymous: true }, attachments: false, vendor } }
  const config = readConfig(JSON.stringify({ games }), {}).config.games.game
  if (!config) throw new Error(`${name} cannot be configured`)
  return { name, config, adapter: vendorOf(config.vendor) }
}
