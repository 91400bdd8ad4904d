/**
 * The one reader of a vendor account: asks what changed for everybody at once where the vendor has a list of it, and sees to
 * it that each ticket is read as often as its age and those who look at it ask for. Several relays on one ledger share it.
 */

import type { TicketId } from '../../contract/ids.ts'
import { type Clock, every, type Timers, timeoutSignal } from '../../runtime/clock.ts'
import { randomId } from '../../runtime/random.ts'
import type { Store } from '../../store/store.ts'
import { meterCalls } from '../../vendors/http/call-meter.ts'
import { VendorError } from '../../vendors/vendor.ts'
import type { Account } from './accounts.ts'
import type { AskVendor } from './ask.ts'
import type { Knowledge } from './intervals.ts'
import { createLeader } from './leader.ts'
import { createOverdue } from './overdue.ts'
import type { ReadTicket } from './read-ticket.ts'
import { createSweep } from './sweep.ts'
import { createViewers } from './viewers.ts'
import { createReadWorker } from './worker.ts'

export interface ReaderParts {
  account: Account
  store: Store
  clock: Clock
  timers: Timers
  readTicket: ReadTicket
  /** Whether every game's vendor calls of itself, and has called lately. */
  isCalled: () => boolean
  /** A hint has come that another relay took. */
  onHint: () => void
  /** Requests that have left for the account. */
  onCalls: (count: number) => void
  note: (error: unknown) => void
}

export interface Reader {
  /**
   * Has a ticket read: by this relay if it is the account's reader, else by the one that is.
   *
   * @param position - the link of its chain that a hint names
   * @returns when it was read, or could not be
   */
  read: (id: TicketId, reason: 'hint' | 'look', position?: number) => Promise<void>
  /** By whichever relay is asked for it. */
  ask: AskVendor
  /** A player looks at it: for a while it is read more often. */
  looked: (id: TicketId) => void
  /** Somebody looks on, or has just written. */
  sync: () => void
  /** How far behind it is; undefined where another relay reads. */
  behind: () => Behind | undefined
  stop: () => Promise<void>
}

/** For how long what should have been read by now has waited, in milliseconds. */
export interface Behind {
  /** What somebody may wait for: hinted at, looked at, shown to have changed, or just written on. */
  awaitedMs: number
  /** On which nothing has happened for a while. */
  oldMs: number
}

const tickMs = 1_000
/** Of the budget, what all other relays together may ask within a minute that begins when the first of them asks. */
const elsewhereShare = 0.1
/** For so long after they were there, somebody counts as looking on. */
const watchedMs = 60_000
/** Of the budget, what goes into pages of lists at the most, and into tickets that are merely old. */
const listShare = 0.25
const restShare = { told: 0.06, untold: 0.5 }
/** Between two pages: where a list tells all, where it tells half, where the vendor calls of itself, where nobody looks on. */
const pageEveryMs = { all: 2_000, half: 5_000, called: 60_000, alone: 30_000 }
/** Where a list cannot be had. */
const longestPageMs = 300_000
/** What a list tells within this time it tells soon enough: for whoever waits, where nobody looks on, and of what is old. */
const soonMs = { watched: 12_000, alone: 300_000, rest: 900_000 }
const unsent = { mayHaveActed: false }
/** How often the ledger is looked at for what another relay is to read, and for how long. */
const elsewhereMs = { every: 250, most: 5_000 }

export function createReader(parts: ReaderParts): Reader {
  const { account, store, clock, timers, note } = parts
  const games = account.games.map(({ key }) => key)
  const attention = createViewers(timers)
  let watchedUntilMs = Number.NEGATIVE_INFINITY
  let lastPageMs = Number.NEGATIVE_INFINITY
  let failedPages = 0
  let nextRestMs = 0
  let lateMs = 0
  let oldLateMs = 0
  let isStopped = false

  const lead = createLeader({
    store,
    timers,
    account: account.name,
    owner: randomId(),
    // What the relay before has asked within this minute is not known.
    onTaken: () => worker.beginAnew(),
    note,
  })
  // Two of the others' minutes may lie within one.
  const callsPerMinute = account.callsPerMinute * (store.isShared ? 1 - 2 * elsewhereShare : 1)
  const worker = createReadWorker({ ...parts, callsPerMinute, isAllowed: lead.isHeld, onRead: attention.wasRead })
  const sweeps = account.lists.map((of) => createSweep({ of, store, clock, timers, onChanged }))
  const overdue = createOverdue({ store, clock, timers, games, except: worker.failing })

  const isWatched = () => timers.elapsedMs() < watchedUntilMs || lead.isWatchedElsewhere()

  function knowledge(soon: number): Knowledge {
    const isListed = sweeps.length > 0 && sweeps.every((sweep) => sweep.tellsWithin(soon))
    return { isWatched: isWatched(), isTold: isListed || parts.isCalled() }
  }

  function onChanged(id: TicketId, position: number, state: string): void {
    if (worker.isFailing(id)) return
    worker.want(id, 'changed', { positions: new Map([[position, state]]), only: true })
  }

  async function round(): Promise<void> {
    if (!lead.isHeld()) return
    if (store.isShared) await takeWishes()
    // First, because after a start what it tells need not be found out by reading.
    await nextPage()
    const known = knowledge(isWatched() ? soonMs.watched : soonMs.alone)
    const recent = await overdue.recent(known)
    for (const { id } of [...attention.due(known), ...recent])
      if (!worker.isWanted(id) && !worker.isFailing(id)) worker.want(id, 'recent')
    lateMs = Math.max(0, ...recent.map((late) => late.lateMs))
    await nextOfRest()
    worker.pump()
  }

  async function takeWishes(): Promise<void> {
    for (const { ticketId, position } of await store.reading.takeWishes(account.name)) {
      attention.looked(ticketId)
      if (position > 0) parts.onHint()
      if (position > 0) worker.want(ticketId, 'hint', { positions: new Map([[position, undefined]]) })
      else worker.want(ticketId, 'look')
    }
  }

  /** One page of one list: how many there are makes a change show later, and no more calls. */
  async function nextPage(): Promise<void> {
    const nowMs = timers.elapsedMs()
    const [sweep] = sweeps
    if (!sweep || nowMs < lastPageMs + pageMs()) return
    if (await sweep.isWorthwhile()) {
      const page = await worker.forAll(sweep.page)
      if (!page) return
      failedPages = page === 'failed' ? failedPages + 1 : 0
    }
    if (!sweep.isUnderWay()) sweeps.push(...sweeps.splice(0, 1))
    lastPageMs = nowMs
  }

  function pageMs(): number {
    const pagesApartMs = Math.max(pageEveryMs[pageRate()], 60_000 / (callsPerMinute * listShare))
    return Math.min(longestPageMs, pagesApartMs * 2 ** failedPages)
  }

  function pageRate(): keyof typeof pageEveryMs {
    if (parts.isCalled()) return 'called'
    if (!isWatched()) return 'alone'
    return account.lists.every(({ list }) => list.showsMessages) ? 'all' : 'half'
  }

  /** One at a time, as far apart as their part of the budget has it. */
  async function nextOfRest(): Promise<void> {
    const known = knowledge(soonMs.rest)
    const callMs = 60_000 / (callsPerMinute * (known.isTold ? restShare.told : restShare.untold))
    // More than one where they come more often than this looks.
    while (timers.elapsedMs() >= nextRestMs) {
      const latest = await overdue.latest(known, worker.isWanted)
      oldLateMs = latest?.lateMs ?? 0
      if (!latest) return
      worker.want(latest.id, 'rest')
      nextRestMs = Math.max(nextRestMs, timers.elapsedMs() - tickMs) + callMs * worker.callsEach()
    }
  }

  let isRound = false
  const stopRounds = account.isLocal
    ? () => undefined
    : every(timers, tickMs, () => {
        // A ledger that is slow to answer is not asked once more meanwhile.
        if (isRound) return
        isRound = true
        round()
          .catch(note)
          .finally(() => {
            isRound = false
          })
      })

  /** Another relay reads: it is told what, and the ledger says when it has. */
  async function readElsewhere(id: TicketId, position: number): Promise<void> {
    const heardAt = async () => Number((await store.tickets.find(id))?.heard_at)
    const before = await heardAt()
    await store.reading.wish(account.name, { ticketId: id, position })
    for (let waitedMs = 0; waitedMs < elsewhereMs.most && !isStopped; waitedMs += elsewhereMs.every) {
      await new Promise<void>((resolve) => timers.after(elsewhereMs.every, resolve))
      if ((await heardAt()) !== before) return
    }
  }

  /** The ledger counts what is asked by relays that do not read. */
  const askElsewhere: AskVendor = async (act, timeoutMs) => {
    const most = Math.floor(account.callsPerMinute * elsewhereShare)
    const mayAsk = () => store.reading.countCall(account.name, most)
    if (!(await mayAsk())) return undefined
    let isFirst = true
    const timeout = timeoutSignal(timers, timeoutMs)
    meterCalls(timeout.signal, async () => {
      if (!isFirst && !(await mayAsk())) throw new VendorError('busy', 'the budget of the account is used up', unsent)
      isFirst = false
      parts.onCalls(1)
    })
    try {
      return { answer: await act(timeout.signal) }
    } finally {
      timeout.clear()
    }
  }

  return {
    async read(id, reason, position) {
      if (!lead.isHeld()) return readElsewhere(id, position ?? 0)
      await worker.want(id, reason, position === undefined ? {} : { positions: new Map([[position, undefined]]) })
    },

    ask: (act, timeoutMs) => (lead.isHeld() ? worker.ask(act, timeoutMs) : askElsewhere(act, timeoutMs)),

    looked: attention.looked,

    sync() {
      watchedUntilMs = timers.elapsedMs() + watchedMs
      lead.watch()
    },

    behind: () => (lead.isHeld() ? { awaitedMs: Math.max(worker.waitingMs(), lateMs), oldMs: oldLateMs } : undefined),

    async stop() {
      isStopped = true
      stopRounds()
      await worker.stop()
      await lead.stop()
    },
  }
}
