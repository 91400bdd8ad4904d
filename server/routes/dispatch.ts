/** From a request to a handler and back, the same steps for every route of the contract. */
import type { Context, Hono } from 'hono'
import { z } from 'zod'
import type { ProblemPlace } from '../contract/problem.ts'
import { type RouteName, type RouteSpec, routes } from '../contract/routes.ts'
import { type Games, type LiveGame, requireGame } from '../games.ts'
import type { LimitKind, Limits } from '../limits.ts'
import type { Cost, Load } from '../load.ts'
import type { Metrics } from '../metrics.ts'
import type { Identify, Identity } from '../players/identity.ts'
import { TokenRefused } from '../players/token-refused.ts'
import { Refusal } from '../problem.ts'
import type { AddressOf } from './address.ts'
import { readJson } from './body.ts'
import { letGoIfLate } from './deadline.ts'
import type { Edge } from './edge.ts'
import type { Handlers } from './handlers.ts'
import { costOf, limitOf, spend, spenderOf } from './limited.ts'

export interface DispatchParts {
  handlers: Handlers
  identify: Identify
  games: Games
  edge: Edge
  limits: Limits
  load: Pick<Load, 'admit'>
  addressOf: AddressOf
  metrics: Metrics
}

interface Caller {
  player: Identity
  game: LiveGame
}

/** What every handler looks like once its name no longer matters. */
type AnyHandler = (input: unknown) => Promise<Answer>

type Answer = Response | { status: number; headers?: Record<string, string>; body?: unknown }

/** Puts every route of the contract under `/v1`. */
export function addRoutes(app: Hono, parts: DispatchParts): void {
  const { handlers, identify, games, edge, limits, load, addressOf, metrics } = parts

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
    edge.checkOrigin(request, game)
    return { player, game }
  }

  /** Every request was counted as a read of its address already. */
  async function spendOne(kind: LimitKind, player: Identity, address: string | undefined): Promise<void> {
    await spend(limits, kind, spenderOf(player, kind === 'read' ? undefined : address))
  }

  /** @returns what counts the answer, which is refused to nobody who was let in */
  async function admit(cost: Cost, who: Caller | undefined, address: string | undefined) {
    const spender = who ? spenderOf(who.player, address) : { address }
    await spend(limits, 'work', spender)
    load.admit(cost)
    return (length: number) => limits.spend('work', spender, Math.floor(length / 1_024))
  }

  /** @returns the length of the JSON, in characters; 0 for what is streamed */
  function respond(context: Context, route: RouteSpec, answer: Answer): { response: Response; length: number } {
    if (answer instanceof Response) return { response: answer, length: 0 }
    const schema = route.answers[answer.status]
    const { status } = answer
    const headers = { 'cache-control': 'no-store', ...answer.headers }
    if (!(schema instanceof z.ZodType)) return { response: edge.answer(context, null, { status, headers }), length: 0 }
    // Through the contract on the way out: what it does not name stays here.
    const text = JSON.stringify(schema.parse(answer.body))
    const typed = { 'content-type': 'application/json', ...headers }
    return { response: edge.answer(context, text, { status, headers: typed }), length: text.length }
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

  for (const [name, route] of Object.entries<RouteSpec>(routes)) {
    const [method = '', path = ''] = name.split(' ')
    // Each handler's own type was checked where `Handlers` was filled; here they are all called alike.
    const handle = handlers[name as RouteName] as AnyHandler
    const limit = limitOf[name as keyof typeof limitOf]
    const cost = costOf[name as RouteName]
    const count = counterOf(name)
    app.on(method, `/v1${path}`, async (context) => {
      const request = context.req.raw
      const address = addressOf(context)
      const who = await caller(route, request)
      if (who) await spendOne(limit, who.player, address)
      const payFor = cost && (await admit(cost, who, address))
      const input = {
        ...who,
        request,
        address,
        params: parseParams(route, context.req.param()),
        query: parse(route.query, context.req.query()),
        idempotencyKey: route.idempotent ? idempotencyKeyOf(request) : '',
        body: route.body ? parse(route.body, await readJson(request)) : undefined,
      }
      const { response, length } = respond(context, route, await handle(input))
      await payFor?.(length)
      count(response.status)
      return letGoIfLate(context, response)
    })
  }
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
