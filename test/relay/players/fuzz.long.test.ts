/**
 * Requests made from the OpenAPI document, by everybody, to everything: never a 5xx, never another player's data, and every
 * refusal one that the document names. A thousand with the other tests; `npm run test:fuzz` makes twenty thousand.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Problem } from '../../../server/contract/problem-code.ts'
import { png } from '../../files/samples.ts'
import { type FuzzedRequest, type Operation, operationsOf, requestTo } from './fuzz-requests.ts'
import { type Scene, startScene } from './scene.ts'

const requests = Number(process.env.FUZZ_REQUESTS ?? 1_000)
/** Players who have written too much make everything slow. */
const perRelay = 1_000

/** What only one of them may ever read. */
interface Owner {
  marks: readonly string[]
  /** By the name of the parameter that takes it. */
  own: Readonly<Record<string, string>>
}

interface Field {
  scene: Scene
  operations: Operation[]
  bearers: Map<string, () => string | undefined>
  owners: Map<string, Owner>
  /** An anonymous player who only ever waits to be merged. */
  loner: string
  /** Of the spare player. */
  recoveryKey: string | undefined
}

async function settle(): Promise<Field> {
  const scene = await startScene()
  const owners = new Map<string, Owner>()
  const bearers = new Map<string, () => string | undefined>()
  for (const [name, token] of [
    ['ada', scene.verified({ sub: 'ada', email: 'ada-mark@players.example' })],
    ['bob', scene.verified({ sub: 'bob', email: 'bob-mark@players.example' })],
    ['anonymous', (await scene.signIn()).token],
    ['mailed', (await scene.signInByMail('mailed-mark@players.example')).token],
    ['elsewhere', (await scene.signIn('moon-base')).token],
  ] as const) {
    owners.set(name, await write(scene, name, token))
    bearers.set(name, () => token)
  }
  const spare = await scene.signIn()
  const loner = (await scene.signIn()).token
  bearers.set('spare', () => spare.token)
  bearers.set('nobody', () => undefined)
  bearers.set('nonsense', () => 'nonsense')
  bearers.set('expired', () => scene.verified({ iat: 1, exp: 2 }))
  bearers.set('forged', () => scene.otherStudio.sign({ sub: 'ada' }))
  const document = (await scene.call('GET /openapi.json')).body
  return { scene, operations: operationsOf(document), bearers, owners, loner, recoveryKey: spare.recoveryKey }
}

async function write(scene: Scene, name: string, token: string): Promise<Owner> {
  const mark = `mark-of-${name}-${crypto.randomUUID()}`
  const picture = png()
  const file = { fileName: `${mark}.png`, fileType: 'image/png', fileSize: picture.byteLength }
  const announced = await scene.call<{ id: string }>('POST /v1/attachments', { token, body: file })
  await fetch(`${scene.url}/v1/uploads/${announced.body.id}`, {
    method: 'PATCH',
    body: picture,
    headers: {
      ...bearerHeader(token),
      'tus-resumable': '1.0.0',
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
    },
  })
  const words = { message: mark, subject: `${mark}-subject`, metadata: { note: `${mark}-note` } }
  const ticket = await scene.open(token, { ...words, attachments: [announced.body.id] })
  const asked = await scene.call<{ id: string }>('POST /v1/deletion-requests', { token, body: { confirm: true } })
  const [attachmentId, requestId, messageId = ''] = [announced.body.id, asked.body.id, ticket.messages[0]?.id]
  const own = { ticketId: ticket.id, messageId, attachmentId, requestId, game: 'star-harbor' }
  return { own, marks: [mark, `${name}-mark@`, ticket.id, ticket.number, messageId, attachmentId, requestId] }
}

/** Signing out ends a session for good: whoever was signed out comes again with the next request. */
async function refresh({ scene, bearers, owners }: Field, bearer: string): Promise<void> {
  const token = bearers.get(bearer)?.()
  if (token === undefined) return
  const ended = await scene.relay.app.fetch(
    new Request('http://relay.test/v1/tickets?limit=1', { headers: bearerHeader(token) }),
  )
  if (ended.status !== 401 || !owners.has(bearer)) return
  const renewed = await scene.renew(token)
  bearers.set(bearer, () => renewed)
}

function bearerHeader(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

async function send({ scene, bearers }: Field, { operation, bearer, url, headers, body }: FuzzedRequest) {
  const request = new Request(`http://relay.test${url}`, {
    method: operation.method,
    headers: { ...headers, ...bearerHeader(bearers.get(bearer)?.()) },
    // A GET has none; anything else may.
    ...(body === undefined || operation.method === 'GET' ? {} : { body }),
  })
  const response = await scene.relay.app.fetch(request)
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
  if (isStream) await response.body?.cancel()
  return { status: response.status, headers: response.headers, text: isStream ? '' : await response.text() }
}

function judge(
  { owners }: Field,
  { operation, bearer }: FuzzedRequest,
  answer: Awaited<ReturnType<typeof send>>,
): void {
  const { status, text, headers } = answer
  expect(status, `${operation.name} answered ${text.slice(0, 200)}`).toBeLessThan(500)
  const codes = operation.answers.get(status)
  expect(codes, `${operation.name} answered ${status}, which is not documented: ${text.slice(0, 200)}`).toBeDefined()
  if (status >= 400) {
    expect(headers.get('content-type')).toBe('application/problem+json')
    const problem = Problem.parse(JSON.parse(text))
    expect(problem.status).toBe(status)
    expect(codes, `${operation.name} does not document ${problem.code}`).toContain(problem.code)
  }
  for (const [name, { marks }] of owners)
    if (name !== bearer) for (const mark of marks) expect(text.includes(mark), `${bearer} reads of ${name}`).toBe(false)
}

async function fuzz(runs: number): Promise<Map<string, number>> {
  const field = await settle()
  const seen = new Map<string, number>()
  const names = [...field.owners.keys()]
  const world = {
    // Who may do something does most.
    bearers: [...names, ...names, ...names, ...field.bearers.keys()],
    ids: [...field.owners.values()].flatMap(({ marks }) => marks),
    own: new Map([...field.owners].map(([name, { own }]) => [name, own])),
    hints: {
      game: ['star-harbor', 'moon-base'],
      email: ['grace@players.example'],
      language: ['en', 'de-AT', 'zh-TW', 'sw'],
      attachments: [[], undefined],
      category: [undefined],
      fields: [{}, undefined],
      anonymousToken: [field.loner],
      limit: [1, 20, 100],
      cursor: [undefined],
      before: [undefined, 1, 2],
      recoveryKey: [field.recoveryKey],
      fileType: ['image/png'],
      fileSize: [4],
    },
  }
  const request = fc.oneof(...field.operations.map((operation) => requestTo(operation, world)))
  const property = fc.asyncProperty(request, async (fuzzed) => {
    const answer = await send(field, fuzzed)
    judge(field, fuzzed, answer)
    const outcome = `${fuzzed.operation.name} ${answer.status < 300 ? 'done' : 'refused'}`
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    if (answer.status === 204 && fuzzed.operation.name === 'DELETE /v1/session') await refresh(field, fuzzed.bearer)
  })
  try {
    await fc.assert(property, { numRuns: runs, verbose: 1 })
    expect(field.scene.lines.filter((line) => line.includes('"level":50'))).toEqual([])
  } finally {
    await field.scene.close()
  }
  return seen
}

describe(`${requests} requests from the document`, () => {
  it('meet no 5xx, no other player’s data and no undocumented refusal, on every route', {
    timeout: 900_000,
  }, async () => {
    const seen = new Map<string, number>()
    for (let left = requests; left > 0; left -= perRelay)
      for (const [outcome, count] of await fuzz(Math.min(left, perRelay)))
        seen.set(outcome, (seen.get(outcome) ?? 0) + count)
    if (process.env.FUZZ_REQUESTS)
      console.log(
        [...seen]
          .toSorted()
          .map(([what, count]) => `${count}  ${what}`)
          .join('\n'),
      )
    // Otherwise it would only ever have knocked.
    const done = [...seen.keys()].filter((outcome) => outcome.endsWith('done'))
    expect(done.length).toBeGreaterThanOrEqual(18)
    expect([...seen.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(requests)
  })
})
