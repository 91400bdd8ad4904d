/** How much one player, one device, one address and one game may have: what is allowed where the configuration says nothing else. */

export const limitKinds = [
  'session',
  'unproved',
  'unprovedMail',
  'mail',
  'open',
  'reply',
  'read',
  'upload',
  'piece',
  'export',
  'work',
  'desk',
] as const
export type LimitKind = (typeof limitKinds)[number]

/** Requests a window; of `work` KiB of answers. */
export interface LimitPoints {
  windowSeconds: number
  player: number
  device: number
  address: number
}

/** Each address row but those of mails and of what is unproved is room for 500 players who all do at once what a busy one does in the window. */
export const defaultPoints: Readonly<Record<LimitKind, LimitPoints>> = {
  session: { windowSeconds: 600, player: 20, device: 20, address: 3_000 },
  /** Anonymous sessions without proof of work, where the game asks for it: more of them are not refused, but prove. */
  unproved: { windowSeconds: 600, player: 100, device: 100, address: 100 },
  /** The same of sign-in mails. */
  unprovedMail: { windowSeconds: 3_600, player: 5, device: 5, address: 5 },
  // Who asks for others' mailboxes as well is no classroom: each mail is one that somebody may not have wanted.
  mail: { windowSeconds: 3_600, player: 5, device: 10, address: 30 },
  open: { windowSeconds: 600, player: 20, device: 10, address: 2_500 },
  reply: { windowSeconds: 60, player: 30, device: 20, address: 5_000 },
  read: { windowSeconds: 60, player: 240, device: 240, address: 60_000 },
  upload: { windowSeconds: 600, player: 60, device: 60, address: 10_000 },
  /** Of an upload: 4 MiB where the widget sends them, less where a line breaks. */
  piece: { windowSeconds: 60, player: 600, device: 600, address: 60_000 },
  export: { windowSeconds: 3_600, player: 20, device: 20, address: 5_000 },
  /** Of answers, in KiB: what asks for much is what costs much. A player at their busiest reads some hundred a minute. */
  work: { windowSeconds: 60, player: 32_768, device: 16_384, address: 524_288 },
  /** Wrong tokens at the agents' desk. Nobody who guesses is known: only the address counts. */
  desk: { windowSeconds: 60, player: 10, device: 10, address: 10 },
}

export interface StreamQuota {
  /** At the same time, of all players. */
  total: number
  /** At the same time, from one address: a school or a carrier is hundreds of players. */
  address: number
}

export const defaultStreamQuota: StreamQuota = { total: 10_000, address: 1_000 }

/** In bytes. */
export interface FileQuota {
  /** What may wait from one network, of all its players. */
  addressBytes: number
  /** What may wait of one game. */
  gameBytes: number
  /** What stays free where the files lie; an S3 store has no such floor. */
  freeBytes: number
  /** What stays free where the ledger lies, with SQLite. */
  ledgerFreeBytes: number
}

const gibibyte = 2 ** 30

/** Five hundred players in one network with ten megabytes each; four such schools a game; a server with a small disk. */
export const defaultFileQuota: FileQuota = {
  addressBytes: 6 * gibibyte,
  gameBytes: 24 * gibibyte,
  freeBytes: gibibyte,
  ledgerFreeBytes: gibibyte,
}
