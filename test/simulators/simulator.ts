/**
 * The base of every vendor simulator: a real HTTP server that checks each request against the vendor's document, and
 * misbehaves when told to. What a request breaks is answered with the vendor's own error *and* kept in `violations`,
 * which a test expects to be empty.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { z } from 'zod'
import type { VendorPlayer } from '../../server/vendors/vendor.ts'
import { type Act, type Answer, acts, send } from './misbehave.ts'
import { fits, one, paramsOf, readBody } from './simulated-request.ts'
import type { Met, World, WorldInside } from './world.ts'

/** One request as the vendor got it. */
export interface Received {
  call: string
  method: string
  path: string
  query: Record<string, string | string[]>
  headers: Record<string, string>
  /** Parsed JSON, FormData, bytes, or undefined. */
  body: unknown
  /** 0 where it got no answer. */
  status: number
}

export interface SimulatedRequest<Q = unknown, B = unknown> {
  params: Record<string, string>
  query: Q
  body: B
  headers: Record<string, string>
}

/** One call of the vendor's document. A route without `query` or `json` accepts none. */
export interface SimulatedRoute {
  /** `POST /tickets/:ticketId/actions` */
  call: string
  query?: z.ZodType
  json?: z.ZodType
  /** The body is not JSON. */
  raw?: 'multipart' | 'bytes'
  /** No key: a pre-signed address. The key itself must then not be there. */
  open?: boolean
  answer: (request: SimulatedRequest<never, never>) => Answer | Promise<Answer>
}

/** Ties a route's schemas to its handler. */
export function route<Q = undefined, B = undefined>(
  spec: Omit<SimulatedRoute, 'answer' | 'query' | 'json'> & {
    query?: z.ZodType<Q>
    json?: z.ZodType<B>
    answer: (request: SimulatedRequest<Q, B>) => Answer | Promise<Answer>
  },
): SimulatedRoute {
  return spec as SimulatedRoute
}

/** Changes an answer on its way out: `call` is the route's. */
export type Mutation = (body: unknown, call: string) => unknown

export interface SimulatorOptions {
  /** Where it stands. */
  world: WorldInside
  routes: readonly SimulatedRoute[]
  /** What the request's headers lack, if anything. */
  lacks: (headers: Record<string, string>) => string | undefined
  /** The vendor's own error bodies. */
  errors: { invalid: (why: string) => Answer; unauthorized: Answer; missing: Answer; inside: unknown }
  port?: number | undefined
  onReceived?: ((request: Received) => void) | undefined
}

export interface SimulatorBase {
  url: string
  /** What else can befall it, each by a switch. */
  world: World
  /** Lets time pass there: what it was to do or to show meanwhile is done and shown. */
  pass: (ms: number) => Promise<void>
  received: readonly Received[]
  /** Requests that the vendor's document forbids. */
  violations: readonly string[]
  /** JSON answers given, for the drift test. */
  answered: readonly { call: string; body: unknown }[]
  misbehave: (how: Act, times?: number, call?: string) => void
  /** From now on it answers as it should. */
  behave: () => void
  mutate: (mutation: Mutation | undefined) => void
  /** Keeps the answers to a call back, as they are when it is made, until the returned function is called. */
  hold: (call: string) => { count: () => number; release: () => void }
  close: () => Promise<void>
}

/** A ticket as an agent at the vendor sees it. */
export interface SeenTicket {
  vendorTicketId: string
  closed: boolean
  /** Everything an agent can read on it, line by line, each as it is labelled there: fields, tags, every message. */
  lines: readonly string[]
  files: readonly { fileName: string; fileType: string; bytes: Uint8Array }[]
}

export interface AgentFile {
  fileName: string
  fileType: string
  bytes: Uint8Array
}

/** What every vendor's simulator offers to tests and to `npm run sandbox`. */
export interface VendorSimulator extends SimulatorBase {
  /** The `vendor` block of a relay's configuration that speaks to this simulator. */
  config: Record<string, unknown>
  /**
   * The calls that carry a new ticket's words, and a reply's; those whose answers are rows of tickets, and the one whose
   * answer holds a ticket's messages.
   */
  calls: { open: string; reply?: string; lists: readonly string[]; messages?: string }
  tickets: () => readonly SeenTicket[]
  agentAnswers: (vendorTicketId: string, text: string, file?: AgentFile) => void
  agentNotes: (vendorTicketId: string, text: string) => void
  agentCloses: (vendorTicketId: string) => void
  /** What the vendor would post to the relay's hook about a ticket, where it can. */
  hookOf?: (vendorTicketId: string) => string
  /** Ids of the players whose data the vendor was asked to delete. */
  forgotten?: () => readonly string[]
  /** A ticket of a player's that is simply there, without a call: thousands of them take no time. @returns its id */
  seed?: (player: Pick<VendorPlayer, 'id' | 'pseudonym'>, message: string) => string
  /** Leaves a player without what a vendor wants of them before a ticket can be opened, where it wants anything. */
  makeNew?: (playerId: string) => void
}

export const canaryPrefix = 'CANARY-'

/** A value that must never be seen outside the vendor. */
export function canary(label: string): string {
  return `${canaryPrefix}${label}-${randomUUID()}`
}

interface Seen {
  call: string
  received: Received
}

export async function startSimulator(options: SimulatorOptions): Promise<SimulatorBase> {
  const received: Received[] = []
  const violations: string[] = []
  const answered: { call: string; body: unknown }[] = []
  const planned: { how: Act; call: string | undefined; left: number }[] = []
  const holding = new Map<string, () => Promise<void>>()
  let mutation: Mutation | undefined

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      violations.push(`the simulator itself failed: ${String(error)}`)
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { call, received: seen } = await see(request)
    received.push(seen)
    const how = takePlan(call)
    const { answer, act } = await meet(how, call, seen)
    if (answer.json !== undefined) answered.push({ call, body: answer.json })
    await holding.get(call)?.()
    if (act) acts[act](response, answer, { url, ...options.errors })
    else send(response, mutated(call, answer))
    seen.status = response.headersSent ? response.statusCode : 0
    options.onReceived?.(seen)
  }

  /** What was planned for this one request comes before what befalls all. */
  async function meet(how: Act | undefined, call: string, seen: Received): Promise<Met> {
    const commit = async () => answerTo(call, seen)
    if (how === undefined) return options.world.meet({ call, said: [seen.path, seen.query, seen.body], commit })
    return { answer: how === 'lost-answer' || how === 'reset' ? await commit() : {}, act: how }
  }

  async function see(request: IncomingMessage): Promise<Seen> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    const method = request.method ?? 'GET'
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const spec = options.routes.find((one) => paramsOf(one.call, method, pathname) !== undefined)
    const body = await readBody(request, headers, spec?.raw)
    const query = Object.fromEntries(
      [...new Set(searchParams.keys())].map((key) => [key, one(searchParams.getAll(key))]),
    )
    const call = spec?.call ?? `${method} ${pathname}`
    return { call, received: { call, method, path: pathname, query, headers, body, status: 0 } }
  }

  async function answerTo(call: string, request: Received): Promise<Answer> {
    const spec = options.routes.find((one) => one.call === call)
    if (!spec) return refuse(call, 'no such call in the document', options.errors.missing)
    const lacking = options.lacks(request.headers)
    if (spec.open && lacking === undefined) return refuse(call, 'the key was sent along', options.errors.unauthorized)
    if (!spec.open && lacking) return refuse(call, lacking, options.errors.unauthorized)
    const query = fits(spec.query, request.query)
    if (typeof query === 'string') return refuse(call, `query ${query}`, options.errors.invalid(query))
    const body = spec.raw ? { value: request.body } : fits(spec.json, request.body)
    if (typeof body === 'string') return refuse(call, `body ${body}`, options.errors.invalid(body))
    const params = paramsOf(call, request.method, request.path) ?? {}
    return spec.answer({ params, query: query.value, body: body.value, headers: request.headers } as never)
  }

  function refuse(call: string, why: string, answer: Answer): Answer {
    violations.push(`${call}: ${why}`)
    return answer
  }

  function takePlan(call: string): Act | undefined {
    const plan = planned.find((one) => one.left > 0 && (one.call === undefined || one.call === call))
    if (plan) plan.left -= 1
    return plan?.how
  }

  function mutated(call: string, answer: Answer): Answer {
    if (answer.json === undefined) return answer
    const json = options.world.breakRows(call, answer.json)
    return { ...answer, json: mutation ? mutation(structuredClone(json), call) : json }
  }

  return {
    url,
    world: options.world,
    pass: options.world.pass,
    received,
    violations,
    answered,
    misbehave: (how, times = 1, call) => planned.push({ how, call, left: times }),
    behave: () => {
      planned.length = 0
    },
    mutate: (next) => {
      mutation = next
    },
    hold: (call) => {
      let count = 0
      const { promise, resolve: release } = Promise.withResolvers<void>()
      holding.set(call, () => {
        count += 1
        return promise
      })
      return {
        count: () => count,
        release: () => {
          holding.delete(call)
          release()
        },
      }
    },
    close: () =>
      new Promise((resolve) => {
        options.world.end()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
