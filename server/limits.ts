/**
 * How often is too often. A player and a device have limits of their own; an address has only a wide outer fence, because
 * a school, a carrier or a PC café is one address and five hundred honest players.
 */
import { createHash } from 'node:crypto'
import { isIPv4 } from 'node:net'
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRes,
  RateLimiterStoreAbstract,
} from 'rate-limiter-flexible'

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

export function createLimits(options: LimitOptions = {}): Limits {
  const points = { ...defaultPoints, ...options.points }
  const limiters = new Map<string, RateLimiterAbstract>()
  for (const kind of Object.keys(points) as LimitKind[])
    for (const fence of fences) limiters.set(`${kind} ${fence}`, createLimiter(kind, fence, points[kind], options))

  return {
    async spend(kind, who) {
      for (const fence of fences) {
        const key = keyOf(fence, who)
        const retryAfterSeconds = key === undefined ? 0 : await consume(limiters.get(`${kind} ${fence}`), key)
        if (retryAfterSeconds > 0) return { ok: false, retryAfterSeconds }
      }
      return { ok: true }
    },
  }
}

/**
 * Reads are counted in each relay's memory even where there is a ledger: their limit protects the relay, and a write to
 * the ledger for every read would cost it more than the read.
 */
function createLimiter(kind: LimitKind, fence: Fence, row: LimitPoints, options: LimitOptions): RateLimiterAbstract {
  const common = { keyPrefix: `${kind}:${fence}`, points: row[fence], duration: row.windowSeconds }
  const memory = new RateLimiterMemory(common)
  if (!options.ledger || kind === 'read') return memory
  return new LedgerLimiter({
    ...common,
    storeClient: watched(options.ledger, options.onLedgerTrouble),
    insuranceLimiter: memory,
    // Who is over the limit is turned away from memory: a flood does not reach the ledger.
    inMemoryBlockOnConsumed: row[fence] + 1,
  })
}

/** A class because the library takes a store of one's own only as a subclass. */
class LedgerLimiter extends RateLimiterStoreAbstract {
  readonly #ledger: LimitLedger

  constructor(options: ConstructorParameters<typeof RateLimiterStoreAbstract>[0] & { storeClient: LimitLedger }) {
    super(options)
    this.#ledger = options.storeClient
  }

  _upsert(key: string, _points: number, windowMs: number): ReturnType<LimitLedger['count']> {
    return this.#ledger.count(key, windowMs)
  }

  _getRateLimiterRes(_key: string, _points: number, { count, endsInMs }: Awaited<ReturnType<LimitLedger['count']>>) {
    return new RateLimiterRes(Math.max(this.points - count, 0), endsInMs, count, count === 1)
  }
}

function watched(ledger: LimitLedger, onTrouble: LimitOptions['onLedgerTrouble']): LimitLedger {
  return {
    async count(key, windowMs) {
      try {
        return await ledger.count(key, windowMs)
      } catch (error) {
        onTrouble?.(error)
        throw error
      }
    },
  }
}

/** @returns seconds to wait; 0 when there is room */
async function consume(limiter: RateLimiterAbstract | undefined, key: string): Promise<number> {
  try {
    await limiter?.consume(key)
    return 0
  } catch (refused) {
    return refused instanceof RateLimiterRes ? Math.max(1, Math.ceil(refused.msBeforeNext / 1_000)) : 0
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
