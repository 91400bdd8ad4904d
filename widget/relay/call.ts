/** The only fetch. Typed by the contract's routes; whatever goes wrong becomes one {@link RelayProblem}. */
import type { Problem } from '../../server/contract/problem.ts'
import type { AnswerOf, BodyOf, PathParams, QueryOf, RouteName } from '../../server/contract/routes.ts'
import type { FailureCode } from '../handle.ts'
import { isAnswer } from './is-answer.ts'

/** A refusal by the relay, or no way to reach it. Everything else is a defect and stays an ordinary error. */
export class RelayProblem extends Error {
  declare readonly code: FailureCode
  declare readonly retryAfterMs: number

  constructor(code: FailureCode, problem: Partial<Problem> = {}, options?: ErrorOptions) {
    super(code, options)
    this.code = code
    this.retryAfterMs = (problem.retryAfterSeconds ?? 0) * 1000
  }
}

/** The cause of a refusal that is nobody's to see: whoever asked is gone. */
export const superseded = 'superseded'

/**
 * What one player asked is neither sent in the next one's name nor answered to them.
 *
 * @param person changes when somebody else takes this one's place
 * @returns passes a value on to who asked for it. @throws RelayProblem once that is no longer who is here
 */
export function forOne(person: () => unknown): <T>(value: T) => T {
  const asker = person()
  return (value) => {
    if (person() === asker) return value
    throw new RelayProblem('session_ended', {}, { cause: superseded })
  }
}

type Given<Name extends string, T> = [T] extends [undefined] ? object : { [K in Name]: T }
type Params<R extends RouteName> = [PathParams<R>] extends [never] ? object : { params: Record<PathParams<R>, string> }

export type CallRequest<R extends RouteName> = Params<R> &
  Given<'body', BodyOf<R>> & {
    query?: Partial<QueryOf<R>>
    /** `Idempotency-Key`: the same for every try of one act. */
    key?: string
    /** With the bearer, though the route answers anyone. */
    own?: boolean
    headers?: Record<string, string>
  }

export interface Call {
  <R extends RouteName>(route: R, request?: CallRequest<R>): Promise<AnswerOf<R>>
  /** The answer itself, for streams and for bytes: nobody but the caller ends it. */
  open<R extends RouteName>(route: R, request?: CallRequest<R> & { signal?: AbortSignal }): Promise<Response>
}

/** Where the bearer comes from. */
export interface Credentials {
  token(): Promise<string | undefined>
  /** A fresh token after the relay refused this one; undefined when there is none to be had. */
  renew(refused: string): Promise<string | undefined>
  /** Changes when somebody else takes this one's place. */
  person?(): unknown
}

export interface CallParts {
  relay: string
  fetch: typeof fetch
  credentials: Credentials
}

/** What every route may be asked with; the types above say which route takes what. */
interface AnyRequest {
  params?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
  key?: string
  own?: boolean
  headers?: Record<string, string>
  signal?: AbortSignal
}

const withoutBearer: readonly RouteName[] = ['GET /games/:game', 'POST /sessions', 'POST /sessions/challenges']
const isForAnyone = (route: RouteName, { own }: AnyRequest) => !own && withoutBearer.includes(route)
const answerWithinMs = 30_000

/** It is not the relay that has spoken. */
export const isUnreached = (code: FailureCode | undefined) => code === 'offline' || code === 'not_an_answer'

/** A line that broke for a moment is nothing to bother the player with. @throws whatever the last try did */
export async function patiently<T>(tries: number, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (tries < 2 || !(error instanceof RelayProblem) || !isUnreached(error.code)) throw error
  }
  await new Promise((resolve) => setTimeout(resolve, 1000))
  return patiently(tries - 1, run)
}

export function createCall({ relay, fetch, credentials }: CallParts): Call {
  const send = async (route: RouteName, request: AnyRequest, token?: string): Promise<Response> => {
    const [method = 'GET', path = ''] = route.split(' ')
    try {
      return await fetch(relay + addressOf(path, request), {
        method,
        headers: headersOf(request, token),
        // Without cookies there is nothing a foreign page could ride on.
        credentials: 'omit',
        body: request.body ? JSON.stringify(request.body) : null,
        signal: request.signal ?? null,
      })
    } catch (cause) {
      throw new RelayProblem('offline', {}, { cause })
    }
  }

  const here = () => credentials.person?.()

  const open = async (route: RouteName, request: AnyRequest = {}): Promise<Response> => {
    if (isForAnyone(route, request)) return sound(await send(route, request))
    const same = forOne(here)
    const token = same(await credentials.token())
    if (!token) throw new RelayProblem('token_missing')
    const response = same(await send(route, request, token))
    if (response.status !== 401) return sound(response)
    const fresh = same(await credentials.renew(token))
    return sound(fresh ? same(await send(route, request, fresh)) : response)
  }

  const call = async (route: RouteName, request: AnyRequest = {}) => {
    const same = isForAnyone(route, request) ? <T>(value: T) => value : forOne(here)
    // `AbortSignal.timeout` is younger than the engines we run in.
    const slow = new AbortController()
    const timer = setTimeout(() => slow.abort(), answerWithinMs)
    const ask = async () => {
      try {
        same(0)
        const response = await open(route, { ...request, signal: slow.signal })
        return same(response.status === 204 ? undefined : await answerIn(response))
      } catch (cause) {
        // A body cut off half-way is a broken line, not a defect.
        throw cause instanceof RelayProblem ? cause : new RelayProblem('offline', {}, { cause })
      }
    }
    // A POST that comes late could undo what the player has done since: closed, though they have reopened it.
    return patiently(route.startsWith('POST') ? 1 : 3, ask).finally(() => clearTimeout(timer))
  }
  return Object.assign(call, { open }) as Call
}

function addressOf(path: string, { params = {}, query = {} }: AnyRequest): string {
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
  return `/v1${filled}${pairs.length ? `?${pairs.join('&')}` : ''}`
}

function headersOf({ body, key, headers }: AnyRequest, token?: string): Record<string, string> {
  return {
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
    ...(key && { 'Idempotency-Key': key }),
    ...(token && { Authorization: `Bearer ${token}` }),
    ...headers,
  }
}

async function answerIn(response: Response): Promise<unknown> {
  const text = await response.text()
  const answer = read(text)
  if (isAnswer(answer)) return answer
  // JSON that has begun and does not end is a broken line.
  throw new RelayProblem(answer === undefined && /^[[{]/.test(text) ? 'offline' : 'not_an_answer')
}

function read(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function sound(response: Response): Promise<Response> {
  if (response.ok) return response
  const problem: Partial<Problem> = await response.json().catch(() => ({}))
  // A gateway's own page carries no code.
  throw new RelayProblem(problem.code ?? (response.status < 500 ? 'not_an_answer' : 'offline'), problem)
}
