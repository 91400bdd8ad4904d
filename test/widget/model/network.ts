/** The line between the pages and the relay: slow, at times dead, and now and then an answer is lost. */
import type { Chance } from '../../simulation/random.ts'
import { type Answer, type Asked, bearerOf, type Relay, refusal } from './relay.ts'
import { context, type Page, type Time } from './time.ts'
import { readToken } from './tokens.ts'

export interface Weather {
  online: boolean
  /** ms, there and back; as much is added by chance, and now and then far more. */
  delay: number
  /** Of requests and of answers: 0 to 1. */
  lost: number
  /** Of requests: 0 to 1. */
  refused: number
}

export interface NetworkParts {
  time: Time
  relay: Relay
  chance: Chance
  weather: Weather
  /** At the very moment a request leaves its page. */
  onLeave(page: Page, asked: Asked): void
  /** At the very moment the relay has it. */
  onArrive(page: Page, asked: Asked, answer: Answer): void
}

export interface Network {
  fetch: typeof fetch
  /** What a page makes an `XMLHttpRequest` with. */
  xhr(): object
}

type Wired = { alive: true; answer: Answer } | { alive: false }

export function createNetwork(parts: NetworkParts): Network {
  const { time, relay, chance, weather, onLeave, onArrive } = parts
  const delay = () => {
    if (chance.happens(0.03)) return 40_000
    return chance.skewed(weather.delay, weather.delay * (chance.happens(0.2) ? 20 : 3))
  }
  const answerOf = (page: Page, asked: Asked): Answer => {
    const refused = chance.happens(weather.refused) && !asked.path.startsWith('/uploads')
    const answer = refused ? refusal(503, 'store_unavailable') : relay.answer(asked)
    onArrive(page, asked, answer)
    return answer
  }
  /** There and back. What has left the page arrives even if the page is gone by then. */
  const send = (page: Page, asked: Asked, done: (wired: Wired) => void) => {
    const { visit } = page
    onLeave(page, asked)
    const back = (wired: Wired) =>
      time.after(delay(), () => done(page.visit === visit && weather.online ? wired : { alive: false }), page)
    if (!weather.online || chance.happens(weather.lost)) {
      back({ alive: false })
      return
    }
    time.after(delay(), () => {
      const answer = answerOf(page, asked)
      back(chance.happens(weather.lost) ? { alive: false } : { alive: true, answer })
    })
  }
  const stream = (page: Page, asked: Asked, signal: AbortSignal | null | undefined): ReadableStream<Uint8Array> => {
    const encoder = new TextEncoder()
    const person = readToken(bearerOf(asked.headers))?.person ?? ''
    return new ReadableStream<Uint8Array>({
      start(controller) {
        const { visit } = page
        let over = false
        let last = 0
        const end = () => {
          if (over) return
          over = true
          unfollow()
          controller.error(new TypeError('network error'))
        }
        const push = (chunk: string) => {
          // In order, however slow.
          last = Math.max(last, time.now() + chance.skewed(5, weather.delay * 3))
          time.after(
            last - time.now(),
            () => {
              if (page.visit !== visit || !weather.online) end()
              else if (!over) controller.enqueue(encoder.encode(chunk))
            },
            page,
          )
        }
        const beat = () => {
          if (over || page.state === 'closed') return
          push(': \n\n')
          time.after(20_000, beat)
        }
        const unfollow = relay.follow(person, asked.headers.get('Last-Event-ID'), push)
        time.after(20_000, beat)
        signal?.addEventListener('abort', end)
      },
    })
  }
  const responseOf = (page: Page, asked: Asked, { status, body }: Answer, signal: AbortSignal | null | undefined) => {
    const streams = asked.path === '/events' && status === 200 && !asked.query.has('poll')
    if (streams) {
      const headers = { 'Content-Type': 'text/event-stream' }
      return new Response(signal?.aborted ? null : stream(page, asked, signal), { headers })
    }
    return new Response(body === undefined ? null : JSON.stringify(body), { status })
  }
  const fetchFrom = (page: Page, input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const { method, headers, body, signal } = init
    const asked = askedOf(String(input), method, new Headers(headers), bodyOf(body))
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
      send(page, asked, (wired) => {
        if (wired.alive) resolve(responseOf(page, asked, wired.answer, signal))
        else reject(new TypeError('Failed to fetch'))
      })
    })
  }
  return {
    fetch: (input, init) => fetchFrom(pageHere(), input, init),
    xhr: () => createXhr(pageHere(), send),
  }
}

function pageHere(): Page {
  const page = context.getStore()
  if (!page) throw Error('no page has asked for this')
  return page
}

function askedOf(address: string, method = 'GET', headers: Headers, body: string | undefined): Asked {
  const { pathname, searchParams } = new URL(address)
  return { method, path: pathname.replace(/^\/v1/, ''), query: searchParams, headers, body }
}

/** Of a piece of a file, its size: what was in it is known by where it goes. */
function bodyOf(body: unknown): string | undefined {
  if (body instanceof Blob) return String(body.size)
  return typeof body === 'string' ? body : undefined
}

/** As much of it as tus-js-client uses. */
function createXhr(page: Page, send: (page: Page, asked: Asked, done: (wired: Wired) => void) => void): object {
  let address = ''
  let method = ''
  let aborted = false
  let answer: Answer | undefined
  const headers = new Headers()
  const own = {
    upload: {},
    status: 0,
    responseText: '',
    onload: () => {},
    onerror: (_event: unknown) => {},
    open(verb: string, url: string) {
      method = verb
      address = url
    },
    setRequestHeader: (name: string, value: string) => headers.set(name, value),
    getResponseHeader: (name: string) => answer?.headers?.[name] ?? null,
    // What is aborted before it was sent can be sent nevertheless, as the standard has it.
    abort() {
      aborted = answer === undefined && own.status === -1
    },
    send(body: unknown) {
      own.status = -1
      send(page, askedOf(address, method, headers, bodyOf(body)), (wired) => {
        if (aborted) return
        own.status = 0
        if (!wired.alive) return own.onerror(new Event('error'))
        answer = wired.answer
        own.status = answer.status
        own.onload()
      })
    },
  }
  return own
}
