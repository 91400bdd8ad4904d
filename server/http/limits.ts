/**
 * How often is too often. A player and a device have limits of their own; an address has only a wide outer fence, because
 * a school, a carrier or a PC café is one address and five hundred honest players.
 */
import { hash } from 'node:crypto'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { defaultPoints, type LimitKind, type LimitPoints, limitKinds } from '../config/limits.ts'
import { networkOf } from '../runtime/network.ts'
import type { Counted } from '../store/limits.ts'

/** Who is asking, as far as it is proved. Only hashes of these are kept. */
export interface Spender {
  /** Somebody whom the studio or a mailbox vouches for; for `mail` the mailbox that is written to, which is asked apart. */
  player?: string | undefined
  /** An anonymous player, who is a device and nothing more; for `mail` the browser that asks. */
  device?: string | undefined
  /** From a trusted proxy or the connection itself. An IPv6 address counts as its /64, which is what one household has. */
  address?: string | undefined
}

/** By which names somebody spends, made once where they spend more than once. */
export interface Named {
  names: { readonly [F in Fence]?: string | undefined }
}

export type Spent = { ok: true } | { ok: false; retryAfterSeconds: number }

export interface Limits {
  /**
   * Spends so many (default one); with none it only asks whether there is room for one. What a narrower limit refuses is never
   * counted against a wider one. Never rejects.
   */
  spend: (kind: LimitKind, who: Spender | Named, by?: number) => Promise<Spent>
}

/** Where several relays count together. */
export interface LimitLedger {
  /**
   * Adds `by` under `key` in a single atomic step, opening a window of `windowMs` when there is none or the last is over.
   */
  count: (key: string, windowMs: number, by: number) => Promise<Counted>
}

export interface LimitOptions {
  /** Absent: this relay counts by itself, in its own memory. */
  ledger?: LimitLedger | undefined
  /** Replaces single numbers of {@link defaultPoints}. */
  points?: { [Kind in LimitKind]?: { [Name in keyof LimitPoints]?: number | undefined } | undefined }
  /** Told when the ledger fails; counting goes on in memory. */
  onLedgerFailure?: (error: unknown) => void
}

/** Their limits protect the relay itself, and a write to the ledger for each would cost it more than they do. */
const inMemoryOnly: ReadonlySet<LimitKind> = new Set(['read', 'piece', 'work'])

const fences = ['player', 'device', 'address'] as const
type Fence = (typeof fences)[number]

/** Milliseconds to wait; 0 when there is room. */
type Consume = (key: string, by: number) => Promise<number>

export function createLimits(options: LimitOptions = {}): Limits {
  const consumers = new Map<string, Consume>()
  for (const kind of limitKinds)
    for (const fence of fences) consumers.set(`${kind} ${fence}`, createConsume(kind, fence, options))

  return {
    async spend(kind, who, by = 1) {
      const { names } = 'names' in who ? who : named(who)
      for (const fence of fences) {
        const key = names[fence]
        const waitMs = key === undefined ? 0 : ((await consumers.get(`${kind} ${fence}`)?.(key, by)) ?? 0)
        if (waitMs > 0) return { ok: false, retryAfterSeconds: Math.ceil(waitMs / 1_000) }
      }
      return { ok: true }
    },
  }
}

function createConsume(kind: LimitKind, fence: Fence, options: LimitOptions): Consume {
  const points = options.points?.[kind]?.[fence] ?? defaultPoints[kind][fence]
  const duration = options.points?.[kind]?.windowSeconds ?? defaultPoints[kind].windowSeconds
  const counting = { keyPrefix: `${kind}:${fence}`, points, duration }
  const inMemory = consumeInMemory(new RateLimiterMemory(counting))
  const { ledger } = options
  if (!ledger || inMemoryOnly.has(kind)) return inMemory
  const together = fence === 'address' ? consumeInBlocks(ledger, counting) : consumeInLedger(ledger, counting)
  return async (key, by) => {
    try {
      return await together(key, by)
    } catch (error) {
      options.onLedgerFailure?.(error)
      return inMemory(key, by)
    }
  }
}

function consumeInMemory(limiter: RateLimiterMemory): Consume {
  return async (key, by) => {
    if (by === 0) {
      const known = await limiter.get(key)
      return known && isOver(known.consumedPoints, limiter.points, by) ? Math.max(1, known.msBeforeNext) : 0
    }
    try {
      await limiter.consume(key, by)
      return 0
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return Math.max(1, refused.msBeforeNext)
      throw refused
    }
  }
}

/** Whoever only asks is told how it would be for one more. */
function isOver(count: number, points: number, by: number): boolean {
  return by === 0 ? count >= points : count > points
}

interface Counting {
  keyPrefix: string
  points: number
  duration: number
}

/** Exact: one statement a request. Who is over is turned away from memory: a flood does not reach the ledger. */
function consumeInLedger(ledger: LimitLedger, counting: Counting): Consume {
  const turnedAway = new RateLimiterMemory({ ...counting, points: 0 })
  return async (key, by) => {
    const known = await turnedAway.get(key)
    if (known && known.msBeforeNext > 0) return known.msBeforeNext
    const { count, endsInMs } = await ledger.count(`${counting.keyPrefix}:${key}`, counting.duration * 1_000, by)
    if (!isOver(count, counting.points, by) || endsInMs <= 0) return 0
    await turnedAway.block(key, endsInMs / 1_000)
    return endsInMs
  }
}

/** What a relay knows of an address: the ledger's count when it last asked, and what it has let in since. */
interface Window {
  count: number
  endsAt: number
  since: number
}

/** Windows that are over are cleared out when there are more than this. */
const keptWindows = 10_000

/**
 * The wide fence may be off by a hundredth for each relay: it asks the ledger once for every hundredth of its points, so
 * that five hundred players behind one address do not queue for one row.
 */
function consumeInBlocks(ledger: LimitLedger, counting: Counting): Consume {
  const block = Math.max(1, Math.floor(counting.points / 100))
  const windows = new Map<string, Window>()

  async function ask(key: string, by: number): Promise<Window> {
    const { count, endsInMs } = await ledger.count(`${counting.keyPrefix}:${key}`, counting.duration * 1_000, by)
    // Others may have been let in while the ledger was asked.
    const window = { count, endsAt: Date.now() + endsInMs, since: windows.get(key)?.since ?? 0 }
    if (windows.size >= keptWindows)
      for (const [old, { endsAt }] of windows) if (endsAt <= Date.now()) windows.delete(old)
    windows.set(key, window)
    return window
  }

  return async (key, by) => {
    const known = windows.get(key)
    const now = Date.now()
    if (!known || known.endsAt <= now) {
      windows.delete(key)
      return waitOf(await ask(key, by), counting.points, by)
    }
    if (known.count + known.since >= counting.points) return known.endsAt - now
    known.since += by
    if (known.since < block) return 0
    // Taken out before the question, so that nobody else asks for the same ones.
    const all = known.since
    known.count += all
    known.since = 0
    return waitOf(await ask(key, all), counting.points, all)
  }
}

function waitOf({ count, endsAt }: Window, points: number, by: number): number {
  return !isOver(count, points, by) ? 0 : Math.max(1, endsAt - Date.now())
}

/** Hashed, so that neither memory nor ledger holds an address or an id, and no key is longer than another. */
export function named({ player, device, address }: Spender): Named {
  return {
    names: { player: nameOf(player), device: nameOf(device), address: nameOf(address && networkOf(address)) },
  }
}

function nameOf(value: string | undefined): string | undefined {
  return value ? hash('sha256', value, 'base64url').slice(0, 22) : undefined
}
