/** From a request to a handler and back, the same steps for every route of the contract. */
import { getQueryParam } from 'hono/utils/url'
import { z } from 'zod'
import { type Games, type LiveGame, requireGame } from '../config/games.ts'
import type { ProblemPlace } from '../contract/problem.ts'
import { type RouteName, type RouteSpec, routes } from '../contract/routes.ts'
import type { Identify, Identity } from '../players/identity.ts'
import { TokenRefused } from '../players/token-refused.ts'
import type { Metrics } from '../runtime/metrics.ts'
import { Refusal } from '../runtime/refusal.ts'
import { readJson } from './body.ts'
import type { Answer, Call } from './call.ts'
import type { Handlers } from './handlers.ts'
import { type Limits, type Named, named } from './limits.ts'
import type { Load } from './load.ts'
import { createMatch, type Params } from './match.ts'
import type { Origins } from './origins.ts'
import { costOf, limitOf, spend, spenderOf } from './route-limits.ts'

export interface DispatchParts {
  handlers: Handlers
  identify: Identify
  games: Games
  origins: Pick<Origins, 'checkOrigin'>
  limits: Limits
  load: Pick<Load, 'admit'>
  metrics: Metrics
}

interface Caller {
  player: Identity
  game: LiveGame
}

/** What every handler looks like once its name no longer matters. */
type AnyHandler = (input: unknown) => Promise<Handled>

type Handled = Response | { status: number; headers?: Record<string, string>; body?: unknown }

export interface Dispatch {
  /** Undefined where no route of the contract is asked for. */
  answer: (call: Call) => Promise<Answer> | undefined
  routes: readonly { method: string; path: string }[]
}

/** Every route of the contract, under `/v1`. */
export function createDispatch(parts: DispatchParts): Dispatch {
  const { handlers, identify, games, origins, limits, load, metrics } = parts

  async function caller(route: RouteSpec, request: Request): Promise<Caller | undefined> {
    if (route.access === 'player') return playerOf(request)
    if (route.access === 'public' || bearerOf(request) === undefined) return undefined
    // What anyone may know is not kept from somebody for a token that has run out.
    return playerOf(request).catch((error: unknown) => {
      if (error instanceof TokenRefused || error instanceof Refusal) return undefined
      throw error
    })
  }

  async function playerOf(request: Request): Promise<Caller> {
    const player = await identify(bearerOf(request))
    const game = requireGame(games, player.game)
    origins.checkOrigin(request, game)
    return { player, game }
  }

  /** @returns what counts the answer, which is refused to nobody who was let in; undefined where it costs little */
  async function admit(name: RouteName, who: Caller | undefined, network: Named) {
    const own = who ? named(spenderOf(who.player, undefined)).names : {}
    const spender = { names: { ...own, address: network.names.address } }
    const limit = limitOf[name as keyof typeof limitOf]
    // As a read of its address every request was counted already.
    if (who) await spend(limits, limit, limit === 'read' ? { names: own } : spender)
    const cost = costOf[name]
    if (!cost) return undefined
    await spend(limits, 'work', spender)
    load.admit(cost)
    return (length: number) => limits.spend('work', spender, Math.floor(length / 1_024))
  }

  /** Looking a counter up by its labels takes longer than counting. */
  function counterOf(route: string): (status: number) => void {
    const counters = new Map<number, { inc: () => void }>()
    return (status) => {
      const counter = counters.get(status) ?? metrics.requests.labels({ route, status })
      counters.set(status, counter)
      counter.inc()
    }
  }

  function performerOf(name: RouteName, route: RouteSpec): (call: Call, params: Params) => Promise<Answer> {
    // Each handler's own type was checked where `Handlers` was filled; here they are all called alike.
    const handle = handlers[name] as AnyHandler
    const count = counterOf(name)
    return async ({ request, address, network }, params) => {
      const who = await caller(route, request)
      const payFor = await admit(name, who, network)
      const input = { ...who, address, ...(await inputOf(route, request, params)) }
      const answer = answerOf(route, await handle(input))
      if (payFor && 'text' in answer && typeof answer.text === 'string') await payFor(answer.text.length)
      count(answer.status)
      return answer
    }
  }

  const performers = Object.entries<RouteSpec>(routes).map(([name, route]) => {
    const [method = '', path = ''] = name.split(' ')
    return { method, path: `/v1${path}`, value: performerOf(name as RouteName, route) }
  })
  const match = createMatch(performers)

  return {
    routes: performers,
    answer(call) {
      const isHead = call.request.method === 'HEAD'
      const matched = match(isHead ? 'GET' : call.request.method, call.path)
      const answered = matched?.value(call, matched.params)
      return isHead ? answered?.then(withoutBody) : answered
    },
  }
}

async function inputOf(route: RouteSpec, request: Request, params: Params) {
  return {
    request,
    params: parseParams(route, params),
    query: parse(route.query, getQueryParam(request.url)),
    idempotencyKey: route.idempotent ? idempotencyKeyOf(request) : '',
    body: route.body ? parse(route.body, await readJson(request)) : undefined,
  }
}

/** Through the contract on the way out: what it does not name stays here. */
function answerOf(route: RouteSpec, handled: Handled): Answer {
  if (handled instanceof Response) return handled
  const { status, body } = handled
  const schema = route.answers[status]
  const headers = { 'cache-control': 'no-store', ...handled.headers }
  if (!(schema instanceof z.ZodType)) return { status, headers, text: null }
  const text = JSON.stringify(schema.parse(body))
  return { status, headers: { 'content-type': 'application/json', ...headers }, text }
}

/** One that streams would stay open for ever. */
function withoutBody(answer: Answer): Answer {
  if (!(answer instanceof Response)) return { ...answer, text: null }
  void answer.body?.cancel().catch(() => undefined)
  return new Response(null, { status: answer.status, headers: answer.headers })
}

/** @returns undefined without one; the header's scheme is compared as RFC 9110 has it, in any case */
export function bearerOf(request: Request): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
}

/** An id of the wrong form names nothing. */
function parseParams(route: RouteSpec, params: Record<string, string>): unknown {
  if (!route.params) return undefined
  const parsed = route.params.safeParse(params)
  if (!parsed.success) throw new Refusal('not_found')
  return parsed.data
}

function parse(schema: z.ZodType | undefined, value: unknown): unknown {
  if (!schema) return undefined
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new Refusal('invalid', { errors: parsed.error.issues.flatMap(placesOf) })
  return parsed.data
}

function placesOf(issue: z.core.$ZodIssue): ProblemPlace[] {
  const path = issue.path.join('.')
  if (issue.code !== 'unrecognized_keys') return [{ path, code: issue.code }]
  return issue.keys.map((key) => ({ path: path ? `${path}.${key}` : key, code: 'unknown' }))
}

/** The draft writes the key as a quoted string; a bare one means the same. */
function idempotencyKeyOf(request: Request): string {
  const value = request.headers.get('idempotency-key') ?? ''
  const key = /^"(.*)"$/.exec(value)?.[1] ?? value
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw new Refusal('idempotency_key_missing')
  return key
}
