/**
 * How often is too often. A player and a device have limits of their own; an address has only a wide outer fence, because
 * a school, a carrier or a PC café is one address and five hundred honest players.
 */
import { createHash } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

export type LimitKind = 'session' | 'open' | 'reply' | 'read' | 'upload' | 'mail'

/** Who is asking, as far as it is known. Only hashes of these are kept. */
export interface Spender {
  /** Game and player together, or for `mail` game and mailbox. */
  player?: string | undefined
  /** What the browser says it is; worth something only beside the address. */
  device?: string | undefined
  /** From a trusted proxy or the connection itself. An IPv6 address counts as its /64, which is what one household has. */
  address?: string | undefined
}

export type Spent = { ok: true } | { ok: false; retryAfterSeconds: number }

export interface Limits {
  /** Spends one. What a narrower limit refuses is never counted against a wider one. Never rejects. */
  spend: (kind: LimitKind, who: Spender) => Promise<Spent>
}

/** Requests a window. */
export interface LimitPoints {
  windowSeconds: number
  player: number
  device: number
  address: number
}

/** Where several relays count together. */
export interface LimitLedger {
  /**
   * Adds one under `key` in a single atomic step, opening a window of `windowMs` when there is none or the last is over.
   *
   * @returns the count in the window, this one included, and how long the window still lasts
   */
  count: (key: string, windowMs: number) => Promise<{ count: number; endsInMs: number }>
}

export interface LimitOptions {
  /** Absent: each relay counts in its own memory. */
  ledger?: LimitLedger
  /** Replaces whole rows of {@link defaultPoints}. */
  points?: Partial<Record<LimitKind, LimitPoints>>
  /** Told when the ledger fails; counting goes on in memory. */
  onLedgerTrouble?: (error: unknown) => void
}

/** Each address row is room for 500 players who all do at once what a busy one does in the window. */
export const defaultPoints: Readonly<Record<LimitKind, LimitPoints>> = {
  session: { windowSeconds: 600, player: 20, device: 20, address: 3_000 },
  open: { windowSeconds: 600, player: 10, device: 20, address: 2_500 },
  reply: { windowSeconds: 60, player: 20, device: 40, address: 5_000 },
  read: { windowSeconds: 60, player: 240, device: 480, address: 60_000 },
  upload: { windowSeconds: 600, player: 60, device: 120, address: 10_000 },
  mail: { windowSeconds: 3_600, player: 5, device: 10, address: 1_500 },
}

const fences = ['player', 'device', 'address'] as const
type Fence = (typeof fences)[number]

/** Milliseconds to wait; 0 when there is room. */
type Consume = (key: string) => Promise<number>

export function createLimits(options: LimitOptions = {}): Limits {
  const points = { ...defaultPoints, ...options.points }
  const consumers = new Map<string, Consume>()
  for (const kind of Object.keys(points) as LimitKind[])
    for (const fence of fences) consumers.set(`${kind} ${fence}`, createConsume(kind, fence, points[kind], options))

  return {
    async spend(kind, who) {
      for (const fence of fences) {
        const key = keyOf(fence, who)
        const waitMs = key === undefined ? 0 : ((await consumers.get(`${kind} ${fence}`)?.(key)) ?? 0)
        if (waitMs > 0) return { ok: false, retryAfterSeconds: Math.ceil(waitMs / 1_000) }
      }
      return { ok: true }
    },
  }
}

/**
 * Reads are counted in each relay's memory even where there is a ledger: their limit protects the relay, and a write to
 * the ledger for every read would cost it more than the read.
 */
function createConsume(kind: LimitKind, fence: Fence, row: LimitPoints, options: LimitOptions): Consume {
  const counting = { keyPrefix: `${kind}:${fence}`, points: row[fence], duration: row.windowSeconds }
  const inMemory = consumeInMemory(new RateLimiterMemory(counting))
  return options.ledger && kind !== 'read' ? consumeInLedger(options.ledger, counting, inMemory, options) : inMemory
}

function consumeInMemory(limiter: RateLimiterMemory): Consume {
  return async (key) => {
    try {
      await limiter.consume(key)
      return 0
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return Math.max(1, refused.msBeforeNext)
      throw refused
    }
  }
}

interface Counting {
  keyPrefix: string
  points: number
  duration: number
}

function consumeInLedger(ledger: LimitLedger, counting: Counting, fallback: Consume, options: LimitOptions): Consume {
  // Who is over the limit is turned away from memory: a flood does not reach the ledger.
  const turnedAway = new RateLimiterMemory({ ...counting, points: 0 })

  async function ask(key: string): Promise<number> {
    const { count, endsInMs } = await ledger.count(`${counting.keyPrefix}:${key}`, counting.duration * 1_000)
    if (count <= counting.points || endsInMs <= 0) return 0
    await turnedAway.block(key, endsInMs / 1_000)
    return endsInMs
  }

  return async (key) => {
    const known = await turnedAway.get(key)
    if (known && known.msBeforeNext > 0) return known.msBeforeNext
    try {
      return await ask(key)
    } catch (error) {
      options.onLedgerTrouble?.(error)
      return fallback(key)
    }
  }
}

/** Hashed, so that neither memory nor ledger holds an address or an id, and no key is longer than another. */
function keyOf(fence: Fence, who: Spender): string | undefined {
  const value = fence === 'address' && who.address !== undefined ? networkOf(who.address) : who[fence]
  return value ? createHash('sha256').update(value).digest('base64url').slice(0, 22) : undefined
}

/** `::ffff:192.0.2.1` is `192.0.2.1`; any other IPv6 address is its first four groups. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (isIPv4(plain) || !plain.includes(':')) return plain
  const [head = '', tail] = plain.toLowerCase().split('::')
  const leading = head === '' ? [] : head.split(':')
  const trailing = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - leading.length - trailing.length)
  const groups = [...leading, ...Array<string>(zeros).fill('0'), ...trailing]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
