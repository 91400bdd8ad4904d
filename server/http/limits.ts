/**
 * How often is too often. A player and a device have limits of their own; an address has only a wide outer fence, because
 * a school, a carrier or a PC café is one address and five hundred honest players.
 */
import { hash } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

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

/** Requests a window; of `work` KiB of answers. */
export interface LimitPoints {
  windowSeconds: number
  player: number
  device: number
  address: number
}

export interface Counted {
  /** In the window, those just added included. */
  count: number
  endsInMs: number
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

/** `::ffff:192.0.2.1` is `192.0.2.1`; any other IPv6 address is its first four groups. */
export function networkOf(address: string): string {
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
