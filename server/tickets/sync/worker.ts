/** Reads what is wanted at one account, in the order of who waits for it, within the account's budget. */

import type { TicketId } from '../../contract/ids.ts'
import { type Timers, timeoutSignal } from '../../runtime/clock.ts'
import type { Store } from '../../store/store.ts'
import { leftOut } from '../../store/sync.ts'
import { meterCalls } from '../../vendors/http/call-meter.ts'
import { VendorError } from '../../vendors/vendor.ts'
import type { AskVendor } from './ask.ts'
import { createBudget, type Grant } from './budget.ts'
import { createFailures, type Whose } from './failures.ts'
import { createReadQueue, type Reason, type Want } from './read-queue.ts'
import type { Ask, ReadTicket } from './read-ticket.ts'

export interface WorkerParts {
  store: Pick<Store, 'reading'>
  timers: Timers
  callsPerMinute: number
  readTicket: ReadTicket
  /** Whether this relay is the one to read. */
  isAllowed: () => boolean
  onRead: (id: TicketId) => void
  /** Requests that have left. */
  onCalls: (count: number) => void
  note: (error: unknown) => void
}

export interface ReadWorker {
  /** Adds what is wanted. @returns what settles when it was read, or could not be; undefined where there is no room */
  want: (id: TicketId, reason: Reason, more?: Partial<Pick<Want, 'positions' | 'only'>>) => Promise<void> | undefined
  isWanted: (id: TicketId) => boolean
  /** Makes a call that is for all tickets, if there is room for one. @returns undefined where there is none */
  forAll: (act: (ask: Ask) => Promise<void>) => Promise<'made' | 'failed' | undefined>
  ask: AskVendor
  /** Begins whatever may begin now. */
  pump: () => void
  /** The minute's budget is no longer known to be whole. */
  beginAnew: () => void
  /** How many requests one ticket takes, on average. */
  callsEach: () => number
  /** What has failed lately. */
  failing: () => TicketId[]
  isFailing: (id: TicketId) => boolean
  /** For how long what goes before the rest has been waited for at the most, in milliseconds. */
  waitingMs: () => number
  stop: () => Promise<void>
}

const readsAtOnce = 8
/** Of one call of an adapter, however many requests it makes. */
const callMs = 10_000
/** An adapter may not listen to being called off. */
const callOffMs = 1_000
/** Of a full bucket, what stays for those that go before. */
const keptBack = { hint: 0, look: 0.1, changed: 0.2, list: 0.2, recent: 0.3, other: 0.4, rest: 0.5 }
/** How often a hint is tried that fails. */
const mostTries = 5
/** How often those that wait for the budget look at it. */
const longestWaitMs = 1_000

export function createReadWorker(parts: WorkerParts): ReadWorker {
  const { store, timers, callsPerMinute, readTicket, note } = parts
  const stopping = new AbortController()
  const wants = createReadQueue()
  const underWay = new Map<TicketId, Promise<void>>()
  const failures = createFailures(timers)
  let budget = createBudget(timers, callsPerMinute)
  let callsEach = 2
  let cancelPump = () => {}

  function add(want: Omit<Want, 'done'>): Promise<void> | undefined {
    const added = wants.add(want)?.done.promise
    pump()
    return added
  }

  function pump(): void {
    cancelPump()
    while (!stopping.signal.aborted && parts.isAllowed() && underWay.size < readsAtOnce) {
      const next = wants.next(timers.elapsedMs(), (id) => underWay.has(id))
      if (!next) return
      const waitMs = budget.waitMs(callsEach, keptBack[next.reason])
      if (waitMs > 0) {
        cancelPump = timers.after(Math.min(waitMs, longestWaitMs), pump)
        return
      }
      wants.take(next)
      const reading = readOne(next).finally(() => {
        underWay.delete(next.id)
        next.done.resolve()
        pump()
      })
      underWay.set(next.id, reading)
    }
  }

  async function readOne(next: Want): Promise<void> {
    const { id, positions, only } = next
    try {
      const used = await within(Math.ceil(callsEach), async (ask) => {
        const read = await readTicket(id, { wanted: new Set(positions.keys()), only, isUnasked: isUnasked(next) }, ask)
        if (read?.heard.length === 0) failures.add(id, 'ticket')
        else failures.clear(id)
        for (const position of [...(read?.heard ?? []), ...(read?.gone ?? [])]) await remember(next, position)
      })
      callsEach = callsEach * 0.9 + used * 0.1
      parts.onRead(id)
    } catch (error) {
      failed(next, error)
    }
  }

  async function remember({ id, positions }: Want, position: number): Promise<void> {
    const state = positions.get(position)
    if (state !== undefined) await store.reading.saw(id, position, state)
  }

  function failed(next: Want, error: unknown): void {
    note(error)
    const waitMs = failures.add(next.id, whoseTrouble(error))
    easeOff(error)
    const isDone = next.reason !== 'hint' || next.tries >= mostTries
    if (!isDone) wants.add({ ...next, tries: next.tries + 1, notBeforeMs: timers.elapsedMs() + waitMs })
  }

  /** A vendor that is out, or has had enough, is left alone for a while. */
  function easeOff(error: unknown): void {
    if (error instanceof VendorError && error.status === 429) budget.slowDown(error.retryAfterMs)
    const pauseMs = failures.pauseMs()
    if (pauseMs > 0) budget.pause(pauseMs)
  }

  /** Takes so many requests out of the budget, and counts those that leave. */
  async function within(calls: number, act: (ask: Ask) => Promise<void>, timeoutMs = callMs): Promise<number> {
    const grant = budget.grant(calls)
    try {
      await act(askWith(grant, timeoutMs))
    } finally {
      // One that goes by other means than ours counts as one.
      if (grant.used() === 0) await grant.take(stopping.signal)
      grant.end()
      parts.onCalls(grant.used())
    }
    return grant.used()
  }

  /** Waits no longer than there is time for, though the adapter would. */
  function askWith(grant: Grant, timeoutMs: number): Ask {
    return async (act) => {
      const timeout = timeoutSignal(timers, timeoutMs)
      const signal = AbortSignal.any([stopping.signal, timeout.signal])
      meterCalls(signal, () => grant.take(signal))
      try {
        return await Promise.race([act(signal), aborted(signal)])
      } finally {
        timeout.clear()
      }
    }
  }

  return {
    want(id, reason, { positions = new Map(), only = false } = {}) {
      // A hint may be about what came after the reading that is under way had begun; who looks shares that reading.
      const reading = reason === 'hint' || reason === 'changed' ? undefined : underWay.get(id)
      return reading ?? add({ id, reason, sinceMs: timers.elapsedMs(), notBeforeMs: 0, positions, only, tries: 0 })
    },

    isWanted: (id) => wants.has(id) || underWay.has(id),

    async forAll(act) {
      if (stopping.signal.aborted || !parts.isAllowed() || budget.waitMs(1, keptBack.list) > 0) return undefined
      try {
        await within(1, act)
        return 'made'
      } catch (error) {
        note(error)
        easeOff(error)
        return 'failed'
      }
    },

    async ask<T>(act: (signal: AbortSignal) => Promise<T>, timeoutMs: number) {
      if (stopping.signal.aborted || budget.waitMs(1, keptBack.other) > 0) return undefined
      const answers: { answer: T }[] = []
      const keep = async (ask: Ask) => void answers.push({ answer: await ask(act) })
      await within(1, keep, timeoutMs).catch((error: unknown) => {
        easeOff(error)
        throw error
      })
      return answers[0]
    },

    pump,
    beginAnew: () => {
      budget = createBudget(timers, callsPerMinute, { isFull: false })
    },
    callsEach: () => callsEach,
    failing: failures.waiting,
    isFailing: failures.isWaiting,

    waitingMs() {
      const waiting = [...wants.all()].filter(({ reason }) => reason !== 'rest')
      return Math.max(0, ...waiting.map(({ sinceMs }) => timers.elapsedMs() - sinceMs))
    },

    async stop() {
      stopping.abort()
      cancelPump()
      const called = new Promise<void>((resolve) => timers.after(callOffMs, resolve))
      await Promise.race([Promise.all(underWay.values()), called])
      for (const { done } of wants.all()) done.resolve()
    },
  }
}

/** That a list leaves it out says nothing of what was said on it. */
function isUnasked({ reason, positions }: Want): boolean {
  if (reason === 'changed') return [...positions.values()].every((state) => state === leftOut)
  return reason === 'recent' || reason === 'rest'
}

function whoseTrouble(error: unknown): Whose {
  if (!(error instanceof VendorError)) return 'nobody'
  if (error.code === 'unreachable' || error.code === 'misconfigured') return 'vendor'
  // What was just opened does not show yet, or the vendor has had enough.
  return error.code === 'busy' ? 'nobody' : 'ticket'
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new VendorError('unreachable', 'a reading took too long', { mayHaveActed: false }))
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
}
