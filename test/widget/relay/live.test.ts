import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PlayerEvent } from '../../../server/contract/event.ts'
import type { Call } from '../../../widget/relay/call.ts'
import { createCall, RelayProblem } from '../../../widget/relay/call.ts'
import { createParser, follow, type LiveState } from '../../../widget/relay/live.ts'

describe('the event stream', () => {
  it('is read in whatever pieces it comes', () => {
    const text =
      'id: 6\n: hello\n\nid: 7\r\nevent: unread\r\ndata: {"count":1,\ndata: "unanswered":0}\r\n\r\nevent: resync\ndata: {}\n\n'
    for (const size of [1, 2, 3, 5, 1000]) {
      const heard: [string, PlayerEvent | undefined][] = []
      const parse = createParser((id, event) => heard.push([id, event]))
      for (let at = 0; at < text.length; at += size) parse(text.slice(at, at + size))
      expect(heard).toEqual([
        ['6', undefined],
        ['7', { type: 'unread', data: { count: 1, unanswered: 0 } }],
        ['', { type: 'resync', data: {} }],
      ])
    }
  })

  it('goes on after the last event it heard, when the line breaks', async () => {
    const asked: (string | undefined)[] = []
    const bodies = ['id: 3\nevent: resync\ndata: {}\n\n', '']
    const call = callOf(async (headers) => {
      asked.push(headers['Last-Event-ID'])
      return streamOf(bodies[asked.length - 1] ?? '')
    })
    await until((done) => follow({ ...unheard, call, onState: () => asked.length > 1 && done(), place: {} }))
    expect(asked.slice(0, 2)).toEqual([undefined, '3'])
  })

  it('goes on where an earlier listener was left, though that one heard of nothing', async () => {
    const asked: (string | undefined)[] = []
    const call = callOf(async (headers) => {
      asked.push(headers['Last-Event-ID'])
      return streamOf('id: 5\n: welcome\n\n')
    })
    const place: { lastEventId?: string } = {}
    await until((done) => follow({ ...unheard, call, place, onState: () => place.lastEventId && done() }))
    const before = asked.length
    await until((done) => follow({ ...unheard, call, place, onState: () => asked.length > before && done() }))
    expect([asked[0], asked[before]]).toEqual([undefined, '5'])
  })

  it('tells nothing more once it was ended, though it has come: somebody else may be here by now', async () => {
    const lines = new TextEncoder().encode('id: 8\nevent: resync\ndata: {}\n\n')
    const heard: string[] = []
    let line: ReadableStreamDefaultController<Uint8Array> | undefined
    let stop = () => {}
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        line = controller
      },
    })
    await new Promise<void>((resolve) => {
      stop = follow({
        call: callOf(async () => streamOf(body)),
        onEvent: ({ type }) => heard.push(type),
        onState: (state) => state === 'live' && resolve(),
        place: {},
      })
    })
    line?.enqueue(lines)
    await vi.waitUntil(() => heard.length)
    line?.enqueue(lines)
    stop()
    line?.enqueue(lines)
    await vi.waitUntil(() => line?.desiredSize === 1)
    expect(heard).toEqual(['resync'])
  })

  it('says that the relay cannot be reached, and keeps trying', async () => {
    const states: LiveState[] = []
    let tries = 0
    const call = callOf(async () => {
      tries += 1
      if (tries < 2) throw new RelayProblem('offline')
      return streamOf('')
    })
    await until((done) =>
      follow({
        ...unheard,
        call,
        place: {},
        onState(state) {
          states.push(state)
          if (state === 'live') done()
        },
      }),
    )
    expect(states).toEqual(['connecting', 'offline', 'live'])
  })
})

describe('a stream that is over', () => {
  /** In ms; none is waited for. */
  let waits: number[]

  beforeEach(() => {
    const { setTimeout } = window
    const hurried = (run: TimerHandler, ms = 0) => {
      waits.push(ms)
      return setTimeout(run)
    }
    waits = []
    vi.stubGlobal('setTimeout', hurried)
    vi.spyOn(Math, 'random').mockReturnValue(1)
  })
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  })

  /** Follows streams of these bodies, one after another, until another one is asked for. */
  const followAll = (...bodies: string[]) =>
    until((done) => {
      const call = callOf(async () => {
        const body = bodies.shift()
        if (body === undefined) done()
        return streamOf(body ?? '')
      })
      return follow({ ...unheard, call, place: {}, onState: () => {} })
    })

  it('was none where a page answers in the relay’s place: that is tried ever more seldom, and not read', async () => {
    const states: LiveState[] = []
    let tries = 0
    let left = 0
    await until((done) => {
      const call = callOf(async (_headers, signal) => {
        tries += 1
        if (tries > 7) done()
        signal?.addEventListener('abort', () => {
          left += 1
        })
        return new Response('<!doctype html><p>Sign in', { headers: { 'Content-Type': 'text/html' } })
      })
      const onState = (state: LiveState, refused?: boolean) => {
        states.push(state)
        expect(refused).toBeFalsy()
      }
      return follow({ ...unheard, call, place: {}, onState })
    })
    expect(new Set(states)).toEqual(new Set(['connecting', 'offline']))
    expect(waits.slice(0, 7)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
    expect(left).toBeGreaterThanOrEqual(7)
  })

  it.each([
    ['as long as the relay has asked before', '20000', 20_000],
    ['a minute, should the relay have asked for more', '86400000', 60_000],
    ['as any, should it have asked for no number', '1e9', 1_000],
  ])('is waited for %s', async (_, retry, waitMs) => {
    await followAll(`id: 1\n: welcome\n\nretry: ${retry}\n\n`)
    expect(waits[0]).toBe(waitMs)
  })

  it('is waited for so long once, and the next one as any', async () => {
    await followAll('retry: 20000\n\n', '')
    expect(waits.slice(0, 2)).toEqual([20_000, 1_000])
  })
})

describe('where streams are held back', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('asks for what is new from time to time instead, after two streams that stayed silent', async () => {
    const polls: (string | undefined)[] = []
    const heard: string[] = []
    let streams = 0
    const event = { type: 'unread', data: { count: 1, unanswered: 1 } } satisfies PlayerEvent
    const silent = callOf(async (_headers, signal) => {
      streams += 1
      const body = new ReadableStream({
        start: (controller) => signal?.addEventListener('abort', () => controller.error(new Error('aborted'))),
      })
      return streamOf(body)
    })
    const poll = async (_route: string, { headers }: { headers: Record<string, string> }) => {
      polls.push(headers['Last-Event-ID'])
      return { events: [{ id: `${polls.length}`, event }], lastEventId: `${polls.length}`, nextPollSeconds: 30 }
    }
    const call = Object.assign(poll, { open: silent.open }) as unknown as Call
    const stop = follow({ call, onEvent: ({ type }) => heard.push(type), onState: () => {}, place: {} })
    await vi.advanceTimersByTimeAsync(44_000)
    expect([streams, polls]).toEqual([1, []])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(streams).toBe(2)
    expect(polls).toEqual([undefined])
    await vi.advanceTimersByTimeAsync(30_000)
    expect(polls).toEqual([undefined, '1'])
    expect(heard).toEqual(['unread', 'unread'])
    expect(streams).toBe(2)
    stop()
  })
})

describe('where the relay has no room for one more stream', () => {
  it.each(['rate_limited', 'overloaded'] as const)('asks instead, and says nothing is wrong (%s)', async (code) => {
    const states: LiveState[] = []
    const poll = async () => ({ events: [], lastEventId: '7', nextPollSeconds: 30 })
    const open = async () => {
      throw new RelayProblem(code)
    }
    const call = Object.assign(poll, { open }) as unknown as Call
    await until((done) =>
      follow({
        call,
        onEvent: () => {},
        place: {},
        onState(state) {
          states.push(state)
          if (state === 'live') done()
        },
      }),
    )
    expect(states).toEqual(['connecting', 'live'])
  })
})

describe('a call', () => {
  const credentials = { token: async () => 'a token', renew: async () => undefined }
  const callWith = (answer: () => Promise<Response>) =>
    createCall({ relay: 'https://relay.example', fetch: answer, credentials })

  beforeEach(() => {
    const { setTimeout } = window
    // The second between two tries is not waited for.
    const hurried = (run: TimerHandler, ms?: number) => setTimeout(run, ms === 1_000 ? 0 : ms)
    vi.stubGlobal('setTimeout', hurried)
  })
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it('fails in one way: with a code of the contract, as offline, or as no answer of the relay’s', async () => {
    const codeOf = (answer: () => Promise<Response>) =>
      callWith(answer)('GET /tickets', { query: {} }).then(
        () => 'none',
        (error: unknown) => (error instanceof RelayProblem ? error.code : error),
      )
    const limited = JSON.stringify({ code: 'rate_limited', retryAfterSeconds: 3 })
    expect(await codeOf(async () => new Response(limited, { status: 429 }))).toBe('rate_limited')
    expect(await codeOf(async () => new Response('<h1>Bad gateway</h1>', { status: 502 }))).toBe('offline')
    expect(await codeOf(async () => new Response('{"items":[', { status: 200 }))).toBe('offline')
    expect(await codeOf(() => Promise.reject(new TypeError('Failed to fetch')))).toBe('offline')
    for (const text of ['{}', '[]', 'null', '"ok"', '{"items":null}', '{"ok":true}', '', '<!doctype html><p>Sign in'])
      expect(await codeOf(async () => new Response(text)), text).toBe('not_an_answer')
    expect(await codeOf(async () => new Response('<p>Blocked', { status: 403 }))).toBe('not_an_answer')
  })

  it('is tried again where the line broke, but not in the next player’s name, and not what could undo a later act', async () => {
    let person = 1
    let asked = 0
    const flaky = (breaks: number, meanwhile = () => {}) =>
      createCall({
        relay: 'https://relay.example',
        credentials: { ...credentials, person: () => person },
        fetch: async () => {
          asked += 1
          if (asked > breaks) return new Response('{"items":[]}')
          meanwhile()
          throw new TypeError('Failed to fetch')
        },
      })
    const tries = async (call: Call, route: 'GET /tickets' | 'POST /challenges' = 'GET /tickets') => {
      asked = 0
      const code = await call(route).then(
        () => 'answered',
        (error: RelayProblem) => error.code,
      )
      return [code, asked]
    }
    expect(await tries(flaky(2))).toEqual(['answered', 3])
    expect(await tries(flaky(3))).toEqual(['offline', 3])
    expect(await tries(flaky(1), 'POST /challenges')).toEqual(['offline', 1])
    const goes = () => {
      person += 1
    }
    expect(await tries(flaky(1, goes))).toEqual(['session_ended', 1])
  })

  it('writes params and query into the address, whatever is in them', async () => {
    let address = ''
    const call = createCall({
      relay: 'https://relay.example/support',
      credentials,
      fetch: async (input) => {
        address = String(input)
        return new Response('{"id":"tk_1","messages":[]}')
      },
    })
    await call('GET /tickets/:ticketId', { params: { ticketId: 'a/b?c' }, query: { before: 'x y&z' } })
    expect(address).toBe('https://relay.example/support/v1/tickets/a%2Fb%3Fc?before=x%20y%26z')
  })
})

const streamOf = (body: BodyInit) => new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })

const unheard = { onEvent: () => {} }

function callOf(open: (headers: Record<string, string>, signal?: AbortSignal) => Promise<Response>): Call {
  const call = async () => undefined
  return Object.assign(call, {
    open: (_route: string, request: { headers?: Record<string, string>; signal?: AbortSignal } = {}) =>
      open(request.headers ?? {}, request.signal),
  }) as unknown as Call
}

function until(start: (done: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    const stop = start(() =>
      queueMicrotask(() => {
        stop()
        resolve()
      }),
    )
  })
}
