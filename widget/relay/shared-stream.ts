/**
 * One event stream a browser: of the tabs in view that show one player, the one that holds a Web Lock has it, and tells
 * the others what comes. Lock and channel are named after the player, so that nobody hears another's news.
 */
import type { PlayerEvent } from '../../server/contract/event.ts'
import { type SharedStorage, startFewStreams } from './few-streams.ts'
import { backoffMs, follow, type LiveParts, type LiveState, pause } from './live.ts'

export interface ShareParts extends LiveParts {
  /** The relay, the game and the player; empty while it is not known who that is. */
  name: string
  storage: SharedStorage
}

interface News {
  event: PlayerEvent
  id: string | undefined
  /** The id of the one before: what has not come shows. */
  after: string | undefined
}

interface Standing {
  state: LiveState
  /** Of the newest event. */
  id: string | undefined
}

/** `ask` is what the others say; the rest is of the tab that has the stream. */
type Told = 'ask' | Standing | News

const tickMs = 1_000
/** A tab that has the stream and says nothing for so many ticks, asked or not, hangs. */
const missableTicks = 3

/** Hears the player's events until the returned function is called, by a stream of its own or from another tab. */
export function listen({ name, storage, ...parts }: ShareParts): () => void {
  if (!name) return follow(parts)
  let stop = () => {}
  let isOver = false
  const apart = () => {
    if (!isOver) stop = startFewStreams(parts, storage)
  }
  try {
    stop = share(name, parts, apart)
  } catch {
    // The browser has no locks or no channels, or keeps them from this page.
    apart()
  }
  return () => {
    isOver = true
    stop()
  }
}

function share(name: string, parts: LiveParts, onImpossible: () => void): () => void {
  const { place } = parts
  const listener = createListener(parts)
  let silentTicks = 0
  let refusals = 0

  const tell = (told: Told) => channel.postMessage(told)
  const tellState = () => tell({ state: listener.state() ?? 'connecting', id: place.lastEventId })
  const lead = () => {
    listener.stop()
    return follow({
      ...parts,
      onEvent(event, after) {
        tell({ event, id: place.lastEventId, after })
        parts.onEvent(event, after)
      },
      onState(state, refused) {
        listener.stand(state)
        tellState()
        if (state === 'live') refusals = 0
        if (!refused) return
        // Another tab may have a better token.
        refusals += 1
        lock.letGo()
      },
    })
  }
  const stop = () => {
    clearInterval(timer)
    channel.close()
    listener.stop()
    lock.end()
  }
  const lock = createLock(name, {
    hold: lead,
    waitMs: () => backoffMs(refusals),
    onImpossible() {
      stop()
      onImpossible()
    },
  })
  const channel = new BroadcastChannel(name)
  channel.onmessage = ({ data }: MessageEvent<Told>) => {
    if (data === 'ask') {
      if (lock.isHeld()) tellState()
    } else if (!lock.isHeld()) {
      silentTicks = 0
      listener.hear(data)
    }
  }
  const timer = setInterval(() => {
    if (lock.isHeld()) silentTicks = 0
    else silentTicks += 1
    if (silentTicks > 1) tell('ask')
    if (silentTicks > missableTicks) lock.steal()
  }, tickMs)
  tell('ask')
  lock.wait()
  return stop
}

interface LockParts {
  /** Begins what needs the lock. @returns ends it */
  hold(): () => void
  /** How long to leave it to others after it was let go. */
  waitMs(): number
  /** The browser keeps locks from this page. */
  onImpossible(): void
}

/** Has the lock whenever it can be had. @throws TypeError where there are none */
function createLock(name: string, { hold, waitMs, onImpossible }: LockParts) {
  const locks = navigator.locks
  const request = locks.request.bind(locks)
  const ending = new AbortController()
  let waiting: AbortController | undefined
  let letGo: (() => void) | undefined
  let steal = false

  const take = () =>
    new Promise<void>((resolve) => {
      steal = false
      if (ending.signal.aborted) return resolve()
      const end = hold()
      letGo = () => {
        letGo = undefined
        end()
        resolve()
      }
    })
  const wait = async () => {
    while (!ending.signal.aborted) {
      waiting = new AbortController()
      const options = steal ? { steal } : { signal: waiting.signal }
      const failure = await request(name, options, take).catch(({ name }: Error) => name)
      waiting = undefined
      // Another tab has stolen it, because this one hung.
      letGo?.()
      if (failure === 'SecurityError') return onImpossible()
      if (!steal) await pause(waitMs(), ending.signal)
    }
  }
  return {
    wait,
    isHeld: () => !!letGo,
    letGo: () => letGo?.(),
    /** From a tab that hangs. */
    steal() {
      steal = !!waiting
      waiting?.abort()
    },
    end() {
      ending.abort()
      waiting?.abort()
      letGo?.()
    },
  }
}

/** What a tab makes of what it is told. An event comes once and in order; what it missed it asks the relay for itself. */
function createListener({ call, place, onEvent, onState }: LiveParts) {
  let state: LiveState | undefined
  let newest: string | undefined
  let stopCatchingUp: (() => void) | undefined

  const isAhead = (id: string | undefined) => place.lastEventId === undefined || Number(id) > Number(place.lastEventId)
  const stand = (next: LiveState) => {
    // While one stream follows another, things stand as they did.
    if (next === 'connecting' && state) return
    state = next
    onState(next)
  }
  const stop = () => {
    stopCatchingUp?.()
    stopCatchingUp = undefined
  }
  const catchUp = () => {
    newest = undefined
    stopCatchingUp ??= follow({
      call,
      place,
      onEvent,
      asks: true,
      onState(next) {
        stand(next)
        if (next !== 'live') return
        stop()
        // What was told meanwhile was not listened to.
        if (newest !== undefined && isAhead(newest)) catchUp()
      },
    })
  }
  const hearNews = ({ event, id, after }: News) => {
    const isResync = event.type === 'resync'
    // After it, ids may begin anew.
    if (!isResync && (after === undefined || isAhead(after))) return catchUp()
    if (!isResync && !isAhead(id)) return
    if (id !== undefined) place.lastEventId = id
    onEvent(event, after)
  }

  return {
    state: () => state,
    stand,
    hear(told: Standing | News) {
      newest = told.id
      if (stopCatchingUp) return
      if ('event' in told) hearNews(told)
      else if (isAhead(newest)) catchUp()
      else if (told.state !== state) stand(told.state)
    },
    stop,
  }
}
