/** Makes requests from the OpenAPI document: sound ones, nearly sound ones, and nonsense. */
import fc, { type Arbitrary } from 'fast-check'

export interface Operation {
  /** E.g. `GET /v1/tickets/{ticketId}`. */
  name: string
  method: string
  path: string
  parameters: readonly { name: string; in: string; schema: Schema }[]
  body: Schema | undefined
  /** By status; the problem codes each may have. */
  answers: ReadonlyMap<number, readonly string[]>
}

export interface FuzzedRequest {
  operation: Operation
  /** Of {@link World.bearers}. */
  bearer: string
  url: string
  headers: Record<string, string>
  body: string | undefined
}

/** What a request may name. */
export interface World {
  bearers: readonly string[]
  /** Anybody's. */
  ids: readonly string[]
  /** The bearer's own, by the name of the parameter. */
  own: ReadonlyMap<string, Readonly<Record<string, string>>>
  /** What fits where a schema does not say it all, by the name of the member. */
  hints: Readonly<Record<string, readonly unknown[]>>
}

interface Schema {
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  propertyNames?: Schema
  items?: Schema
  pattern?: string
  format?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
}

interface Document {
  paths: Record<string, Record<string, DocumentedOperation>>
}

interface DocumentedOperation {
  parameters: { name: string; in: string; schema: Schema }[]
  requestBody?: { content: { 'application/json': { schema: Schema } } }
  responses: Record<string, { description: string }>
}

export function operationsOf(document: unknown): Operation[] {
  return Object.entries((document as Document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody, responses }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json'].schema,
      answers: new Map(
        Object.entries(responses).map(([status, { description }]) => [
          Number(status),
          [...description.matchAll(/`(\w+)`/g)].map(([, code]) => code ?? ''),
        ]),
      ),
    })),
  )
}

export function requestTo(operation: Operation, world: World): Arbitrary<FuzzedRequest> {
  return fc.constantFrom(...world.bearers).chain((bearer) =>
    fc
      .record({
        path: pathOf(operation, world, bearer),
        query: fc.oneof({ weight: 3, arbitrary: queryOf(operation, world) }, { weight: 1, arbitrary: junkQuery }),
        headers: headersFor(operation),
        body: operation.body ? bodyFor(operation.body, world) : rarely(fc.string()),
      })
      .map(({ path, query, headers, body }) => ({
        operation,
        bearer,
        url: urlOf(operation, path, query),
        headers,
        body,
      })),
  )
}

function urlOf({ path: template }: Operation, path: Record<string, unknown>, query: Record<string, unknown>): string {
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(path[name]).toWellFormed()))
  const search = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(String(value).toWellFormed())}`],
  )
  return search.length > 0 ? `${filled}?${search.join('&')}` : filled
}

/** Mostly their own things, often somebody else's, sometimes nobody's. */
function pathOf({ parameters }: Operation, world: World, bearer: string): Arbitrary<Record<string, unknown>> {
  const named = parameters.filter((parameter) => parameter.in === 'path')
  const parts = named.map(({ name, schema }) => {
    const own = world.own.get(bearer)?.[name]
    const value = fc.oneof(
      { weight: own === undefined ? 0 : 6, arbitrary: fc.constant(own) },
      { weight: 3, arbitrary: soundValue(schema, world) },
      { weight: 1, arbitrary: nonEmpty },
    )
    return [name, value] as const
  })
  return fc.record(Object.fromEntries(parts))
}

function queryOf({ parameters }: Operation, world: World): Arbitrary<Record<string, unknown>> {
  const named = parameters.filter((parameter) => parameter.in === 'query')
  const parts = named.map(
    ({ name, schema }) => [name, fc.option(hinted(name, schema, world), { nil: undefined })] as const,
  )
  return fc.record(Object.fromEntries(parts))
}

const nonEmpty = fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }).filter((text) => !/^\.{1,2}$/.test(text))
const junkQuery = fc.dictionary(fc.constantFrom('limit', 'cursor', 'before', 'poll', '__proto__', 'x'), nonEmpty)
const headerText = fc.stringMatching(/^[\x20-\x7e]{0,60}$/)

function headersFor({ parameters }: Operation): Arbitrary<Record<string, string>> {
  const needsKey = parameters.some((parameter) => parameter.in === 'header')
  const key = fc.oneof({ weight: 4, arbitrary: fc.uuid() }, { weight: 1, arbitrary: headerText })
  return fc
    .record({
      'idempotency-key': needsKey ? fc.option(key, { freq: 12, nil: undefined }) : fc.constant(undefined),
      'content-type': fc.constantFrom('application/json', undefined, 'text/plain', 'multipart/form-data; boundary=x'),
      origin: rarely(fc.constantFrom('https://play.star-harbor.example', 'https://evil.example', 'null', 'x')),
      'last-event-id': rarely(fc.oneof(fc.nat().map(String), headerText)),
      'x-forwarded-for': rarely(headerText),
    })
    .map(
      (headers) =>
        Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<
          string,
          string
        >,
    )
}

function rarely<T>(arbitrary: Arbitrary<T>): Arbitrary<T | undefined> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })
}

/** Half are sound; the others have one thing wrong, or everything. */
function bodyFor(schema: Schema, world: World): Arbitrary<string> {
  const sound = soundValue(schema, world)
  return fc.oneof(
    { weight: 6, arbitrary: sound.map(jsonOf) },
    {
      weight: 4,
      arbitrary: fc.tuple(sound, fc.nat(), anything).map(([value, n, other]) => jsonOf(spoil(value, n, other))),
    },
    { weight: 1, arbitrary: fc.json({ maxDepth: 4 }) },
    {
      weight: 1,
      arbitrary: fc.tuple(sound.map(jsonOf), fc.nat()).map(([text, n]) => text.slice(0, n % (text.length + 1))),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('', 'null', '[[[[', `"${'x'.repeat(70_000)}"`, `${'['.repeat(5_000)}`, '{"a":1e999}'),
    },
  )
}

const anything = fc.oneof(
  fc.anything({ maxDepth: 2, withNullPrototype: false }),
  fc.constantFrom<unknown>(
    '\0',
    '\ud800',
    'x'.repeat(20_000),
    '__proto__',
    -1,
    1e308,
    [],
    {},
    null,
    '../../etc/passwd',
    "' or 1=1 --",
  ),
)

/** Changes, adds or takes away one member. */
function spoil(value: unknown, n: number, other: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return other
  const names = Object.keys(value)
  const name = names[n % Math.max(1, names.length)] ?? 'x'
  if (n % 3 === 0) return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
  return { ...value, [n % 3 === 1 ? name : `${name}x`]: other }
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? 'undefined'
}

/** A value that fits a JSON Schema, as far as the schema says. */
function soundValue(schema: Schema, world: World): Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const options = schema.anyOf ?? schema.oneOf
  if (options) return fc.oneof(...options.map((option) => soundValue(option, world)))
  switch (schema.type) {
    case 'object':
      return objectOf(schema, world)
    case 'array':
      return fc.array(soundValue(schema.items ?? {}, world), { maxLength: 4 })
    case 'integer':
      return fc.integer({
        min: Math.max(schema.minimum ?? 0, -(2 ** 31)),
        max: Math.min(schema.maximum ?? 200_000, 2 ** 31 - 1),
      })
    case 'boolean':
      return fc.boolean()
    case 'string':
      return stringOf(schema, world)
    default:
      return fc.anything({ maxDepth: 2 })
  }
}

function objectOf(schema: Schema, world: World): Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema
  const members = Object.entries(properties).map(([name, inner]) => [name, hinted(name, inner, world)] as const)
  if (members.length === 0 && typeof additionalProperties === 'object')
    return fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), soundValue(additionalProperties, world), {
      maxKeys: 5,
    })
  const all = Object.fromEntries(members)
  const needed = Object.fromEntries(members.filter(([name]) => required.includes(name)))
  const requiredKeys = Object.keys(needed)
  return fc.oneof(fc.record(needed), fc.record(all, { requiredKeys }))
}

function hinted(name: string, schema: Schema, world: World): Arbitrary<unknown> {
  const sound = soundValue(schema, world)
  const hints = schema.const === undefined ? world.hints[name] : undefined
  return hints ? fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...hints) }, { weight: 1, arbitrary: sound }) : sound
}

function stringOf({ pattern, format, minLength = 0, maxLength = 200 }: Schema, world: World): Arbitrary<string> {
  if (format === 'email') return fc.emailAddress()
  if (pattern !== undefined) {
    const form = new RegExp(pattern)
    const known = [...world.ids, 'star-harbor', 'moon-base', 'image/png', 'text/plain'].filter((text) =>
      form.test(text),
    )
    const made = fc.stringMatching(form)
    return known.length === 0
      ? made
      : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: made })
  }
  const free = fc.string({ minLength, maxLength: Math.min(maxLength, 200), unit: 'binary' })
  return fc.oneof(
    free,
    fc.constantFrom('en', 'de-AT', 'Hello', '1').filter((text) => text.length >= minLength),
  )
}
