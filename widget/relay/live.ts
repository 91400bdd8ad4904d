/** The player's event stream: read by fetch, because it needs the bearer; watched, because a muted stream says nothing. */
import type { EventBatch, PlayerEvent } from '../../server/contract/event.ts'
import { type Call, isUnreached, RelayProblem } from './call.ts'

export type LiveState = 'connecting' | 'live' | 'offline'

/** Where the events were left, and are taken up again. */
export interface StreamPosition {
  lastEventId?: string
}

export interface LiveParts {
  call: Call
  /** @param after the place it was told at; undefined where that was the first one */
  onEvent(event: PlayerEvent, after: string | undefined): void
  /** @param refused it is this page that cannot: the relay was reached, or could have been with another token */
  onState(state: LiveState, refused?: boolean): void
  place: StreamPosition
  /** Holds no stream: asks from time to time. */
  asks?: boolean
}

/** The relay writes something every 20 s; more than two such gaps of silence mean the line is dead or held back. */
const silenceMs = 45_000
const lookMs = 5_000
const longestWaitMs = 60_000

/** Follows the events until the returned function is called. What was missed since `place` is replayed. */
export function follow({ call, onEvent, onState, place, asks }: LiveParts): () => void {
  const stopping = new AbortController()
  let mutedStreams = asks ? 2 : 0
  let failures = 0
  let isOpen = false
  /** As the relay has asked, before its stream ended: with its players spread, so that not all are back at once. */
  let retryMs = 0

  const headers = () => (place.lastEventId === undefined ? {} : { 'Last-Event-ID': place.lastEventId })
  const heard = (id: string, event?: PlayerEvent, retry?: string) => {
    // What was read before the end and is parsed after it may be somebody else's by now.
    if (stopping.signal.aborted) return
    // "If the field value consists of only ASCII digits, then interpret the field value as an integer in base ten".
    if (retry && /^\d+$/.test(retry)) retryMs = Math.min(longestWaitMs, Number(retry))
    const after = place.lastEventId
    if (id) place.lastEventId = id
    if (event) onEvent(event, after)
  }

  const stream = async () => {
    const attempt = new AbortController()
    const watch = createWatchdog(() => attempt.abort())
    const stop = () => attempt.abort()
    stopping.signal.addEventListener('abort', stop)
    let bytes = 0
    try {
      const request = { headers: { ...headers(), Accept: 'text/event-stream' }, signal: attempt.signal }
      const response = await call.open('GET /events', request)
      const reader = response.body?.getReader()
      if (!reader) throw Error('no stream')
      // A hotel's own page, or a proxy's, answers everything.
      if (!/^text\/event-stream/.test(response.headers.get('Content-Type') ?? ''))
        throw new RelayProblem('not_an_answer')
      isOpen = true
      onState('live')
      failures = 0
      const parse = createParser(heard)
      const decoder = new TextDecoder()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        watch.heard()
        bytes += value.length
        parse(decoder.decode(value, { stream: true }))
      }
    } finally {
      watch.stop()
      stopping.signal.removeEventListener('abort', stop)
      // Opened, and then not one byte: something between us holds streams back.
      mutedStreams = bytes || !attempt.signal.aborted ? 0 : mutedStreams + 1
      // What is not read on is not to be sent on.
      attempt.abort()
    }
  }

  const poll = async (): Promise<number> => {
    const batch: EventBatch = await call('GET /events', { query: { poll: '1' }, headers: headers() })
    failures = 0
    for (const { id, event } of batch.events) heard(id, event)
    heard(batch.lastEventId)
    if (!stopping.signal.aborted) onState('live')
    return batch.nextPollSeconds * 1000
  }

  /** @returns how long to wait before it is tried again; 0 where that depends on how often it has failed */
  const attempt = async (): Promise<number> => {
    isOpen = false
    try {
      if (mutedStreams > 1) return await poll()
      await stream()
    } catch (error) {
      if (stopping.signal.aborted) return 0
      failures += 1
      // A relay that has no room for one more stream answers whoever asks now and then.
      if (isFull(error) && mutedStreams < 2) mutedStreams = 2
      else onState('offline', !isOpen && !isAway(error))
    }
    return 0
  }

  const run = async () => {
    while (!stopping.signal.aborted) {
      const waitMs = await attempt()
      await pause(waitMs || Math.max(retryMs, backoffMs(failures)), stopping.signal)
      retryMs = 0
    }
  }
  onState('connecting')
  run()
  return () => stopping.abort()
}

/** Not all at the same moment, when a relay comes back to a million players. */
export function backoffMs(failures: number): number {
  return Math.min(longestWaitMs, 1000 * 2 ** failures) * (0.5 + Math.random() / 2)
}

function isAway(error: unknown): boolean {
  return error instanceof RelayProblem && isUnreached(error.code)
}

function isFull(error: unknown): boolean {
  return error instanceof RelayProblem && (error.code === 'rate_limited' || error.code === 'overloaded')
}

/** Bites after silence, and after sleep: whatever the line was before, it is hardly there any more. */
function createWatchdog(bite: () => void) {
  let silentMs = 0
  let lookedAt = Date.now()
  const timer = setInterval(() => {
    const lateMs = Date.now() - lookedAt - lookMs
    lookedAt = Date.now()
    silentMs += lookMs
    if (silentMs >= silenceMs || lateMs >= silenceMs) bite()
  }, lookMs)
  return {
    heard() {
      silentMs = 0
    },
    stop: () => clearInterval(timer),
  }
}

/** Ends early when the player's device is back on line. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      removeEventListener('online', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    addEventListener('online', done)
    signal.addEventListener('abort', done)
  })
}

/** The lines of a `text/event-stream`, as they come in pieces. Comments and unknown fields are passed over. */
export function createParser(
  onEvent: (id: string, event?: PlayerEvent, retry?: string) => void,
): (piece: string) => void {
  let rest = ''
  let fields: Record<string, string> = {}
  const line = (text: string) => {
    if (text) {
      const [name = '', ...values] = text.split(':')
      const value = values.join(':').replace(/^ /, '')
      fields[name] = name === 'data' && fields.data !== undefined ? `${fields.data}\n${value}` : value
      return
    }
    const { id = '', event, data, retry } = fields
    fields = {}
    onEvent(id, event && data ? ({ type: event, data: JSON.parse(data) } as PlayerEvent) : undefined, retry)
  }
  return (piece) => {
    const lines = (rest + piece).split(/\r?\n/)
    rest = lines.pop() ?? ''
    for (const text of lines) line(text)
  }
}
