/** OpenAPI 3.1 from the route table: nothing in it is written twice. */
import { z } from 'zod'
import { Problem } from '../contract/problem.ts'
import { type ProblemCode, tokenProblemCodes } from '../contract/problem-code.ts'
import { type RouteSpec, routes } from '../contract/routes.ts'
import { statusOf, titleOf } from '../runtime/refusal.ts'

type Json = Record<string, unknown>

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' })
  return rest
}

/** The document served at `/openapi.json`. */
export function openApiDocument(publicUrl: string): Json {
  const paths: Record<string, Json> = {}
  for (const [name, route] of Object.entries<RouteSpec>(routes)) {
    const [method = '', path = ''] = name.split(' ')
    const template = `/v1${path.replaceAll(/:(\w+)/g, '{$1}')}`
    paths[template] = { ...paths[template], [method.toLowerCase()]: operation(name, route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Medkit player API', version: '1' },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      schemas: { Problem: schemaOf(Problem, 'output') },
      securitySchemes: { player: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}

function operation(name: string, route: RouteSpec): Json {
  return {
    operationId: operationId(name),
    summary: route.summary,
    security: securityOf(route.access),
    parameters: [
      ...parametersIn('path', route.params),
      ...parametersIn('query', route.query),
      ...(route.idempotent ? [idempotencyKey] : []),
      ...(route.streams ? [lastEventId] : []),
      ...(route.conditional ? [ifNoneMatch] : []),
    ],
    ...(route.body
      ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } } }
      : {}),
    responses: {
      ...answers(route),
      ...(route.conditional ? { 304: { description: 'What `If-None-Match` names is still so' } } : {}),
      ...refusals(route),
    },
  }
}

function securityOf(access: RouteSpec['access']): Json[] {
  if (access === 'public') return []
  return access === 'anyone' ? [{}, { player: [] }] : [{ player: [] }]
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  description:
    'One key, one effect: the first answer is kept for 7 days (or for `retentionDays`, where that is less) and given again.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}

const lastEventId = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description:
    'The last event that was received: what came after it is sent first, or `resync` where that is too long ago. Without it, what came in the last two minutes is.',
  schema: { type: 'string' },
}

const ifNoneMatch = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  description: 'The `ETag` of an earlier answer: while nothing has changed since, it is not sent again.',
  schema: { type: 'string' },
}

/** `POST /tickets/:ticketId/messages` → `postTicketsTicketIdMessages`. */
function operationId(name: string): string {
  const words = name.split(/[^A-Za-z]+/).filter((word) => word !== '')
  return words
    .map((word, index) => (index === 0 ? word.toLowerCase() : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('')
}

function parametersIn(place: 'path' | 'query', schema: z.ZodType | undefined): Json[] {
  if (!schema) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as { properties?: Json; required?: string[] }
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }))
}

function answers(route: RouteSpec): Json {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => [
      status,
      answer === null
        ? { description: 'Done' }
        : {
            description: 'Done',
            content: {
              ...(route.streams ? { 'text/event-stream': { schema: { type: 'string' } } } : {}),
              ...(typeof answer === 'string'
                ? { [answer]: {} }
                : { 'application/json': { schema: schemaOf(answer, 'output') } }),
            },
          },
    ]),
  )
}

/** Every refusal a call can meet, its own and those that come with what it needs. */
function problemsOf(route: RouteSpec): ProblemCode[] {
  return [
    ...(route.access === 'player' ? [...tokenProblemCodes, 'session_ended' as const] : []),
    ...(route.body ? (['invalid_json', 'too_large'] as const) : []),
    ...(route.idempotent
      ? (['idempotency_key_missing', 'idempotency_key_in_use', 'idempotency_key_reused'] as const)
      : []),
    ...(route.body || route.query || route.params ? (['invalid'] as const) : []),
    ...(route.params ? (['not_found'] as const) : []),
    'origin_not_allowed',
    'host_not_allowed',
    'rate_limited',
    'overloaded',
    'store_unavailable',
    ...(route.problems ?? []),
  ]
}

function refusals(route: RouteSpec): Json {
  const byStatus = new Map<number, Set<ProblemCode>>()
  for (const code of problemsOf(route))
    byStatus.set(statusOf(code), (byStatus.get(statusOf(code)) ?? new Set()).add(code))
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, refusal([...codes])]))
}

function refusal(codes: readonly ProblemCode[]): Json {
  return {
    description: codes.map((code) => `\`${code}\`: ${titleOf(code)}`).join('; '),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
}
