/** Everybody who may knock at a relay, with something of their own that nobody else may ever read. */
import { expect } from 'vitest'
import { Problem } from '../../server/contract/problem.ts'
import { png } from '../fixtures/sample-files.ts'
import { type RelayFixture, type SceneOptions, startTwoGames } from '../fixtures/two-games.ts'
import { type Operation, operationsOf, type World } from './fuzz-requests.ts'

/** What only one of them may ever read. */
export interface Owner {
  marks: readonly string[]
  /** By the name of the parameter that takes it. */
  own: Readonly<Record<string, string>>
}

export interface Field {
  fixture: RelayFixture
  operations: Operation[]
  bearers: Map<string, () => string | undefined>
  owners: Map<string, Owner>
  /** An anonymous player who only ever waits to be merged. */
  loner: string
  /** Of the spare player. */
  recoveryKey: string | undefined
}

export async function settle(options?: SceneOptions): Promise<Field> {
  const fixture = await startTwoGames(options)
  const owners = new Map<string, Owner>()
  const bearers = new Map<string, () => string | undefined>()
  for (const [name, token] of [
    ['ada', fixture.verified({ sub: 'ada', email: 'ada-mark@players.example' })],
    ['bob', fixture.verified({ sub: 'bob', email: 'bob-mark@players.example' })],
    ['anonymous', (await fixture.signIn()).token],
    ['mailed', (await fixture.signInByMail('mailed-mark@players.example')).token],
    ['elsewhere', (await fixture.signIn('moon-base')).token],
  ] as const) {
    owners.set(name, await write(fixture, name, token))
    bearers.set(name, () => token)
  }
  const spare = await fixture.signIn()
  const loner = (await fixture.signIn()).token
  bearers.set('spare', () => spare.token)
  bearers.set('nobody', () => undefined)
  bearers.set('nonsense', () => 'nonsense')
  bearers.set('expired', () => fixture.verified({ iat: 1, exp: 2 }))
  bearers.set('forged', () => fixture.otherStudio.sign({ sub: 'ada' }))
  const document = (await fixture.call('GET /openapi.json')).body
  return { fixture, operations: operationsOf(document), bearers, owners, loner, recoveryKey: spare.recoveryKey }
}

async function write(fixture: RelayFixture, name: string, token: string): Promise<Owner> {
  const mark = `mark-of-${name}-${crypto.randomUUID()}`
  const picture = png()
  const file = { fileName: `${mark}.png`, fileType: 'image/png', fileSize: picture.byteLength }
  const announced = await fixture.call<{ id: string }>('POST /v1/attachments', { token, body: file })
  await fetch(`${fixture.url}/v1/uploads/${announced.body.id}`, {
    method: 'PATCH',
    body: picture,
    headers: {
      ...bearerHeader(token),
      'tus-resumable': '1.0.0',
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
    },
  })
  const uploads = await announceMore(fixture, token)
  const words = { message: mark, subject: `${mark}-subject`, metadata: { note: `${mark}-note` } }
  const ticket = await fixture.open(token, { ...words, attachments: [announced.body.id] })
  const asked = await fixture.call<{ id: string }>('POST /v1/deletion-requests', { token, body: { confirm: true } })
  const [attachmentId, requestId, messageId = ''] = [announced.body.id, asked.body.id, ticket.messages[0]?.id]
  const own = {
    ticketId: ticket.id,
    messageId,
    attachmentId,
    requestId,
    game: 'star-harbor',
    uploads: uploads.join(' '),
  }
  return { own, marks: [mark, `${name}-mark@`, ticket.id, ticket.number, messageId, attachmentId, requestId] }
}

/** Uploads that have not begun: one that is lied to about its size is gone. */
async function announceMore(fixture: RelayFixture, token: string): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < 5; n += 1) {
    const body = { fileName: `more-${n}.png`, fileType: 'image/png', fileSize: 20 }
    ids.push((await fixture.call<{ id: string }>('POST /v1/attachments', { token, body })).body.id)
  }
  return ids
}

/** Signing out ends a session for good: whoever was signed out comes again with the next request. */
export async function refresh({ fixture, bearers, owners }: Field, bearer: string): Promise<void> {
  const token = bearers.get(bearer)?.()
  if (token === undefined) return
  const ended = await fixture.relay.app.fetch(
    new Request('http://relay.test/v1/tickets?limit=1', { headers: bearerHeader(token) }),
  )
  if (ended.status !== 401 || !owners.has(bearer)) return
  const renewed = await fixture.renew(token)
  bearers.set(bearer, () => renewed)
}

export function bearerHeader(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

/** What requests are made of: mostly what is there. */
export function worldOf(field: Field): World {
  const names = [...field.owners.keys()]
  return {
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
}

/** `FUZZ_SEED` makes the same requests again, in the same order. */
export function printSeed(): number {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
  console.log(`FUZZ_SEED=${seed}`)
  return seed
}

export interface Judged {
  status: number
  headers: Headers
  text: string
}

/** No failure of ours, and no refusal that the document does not name. */
export function expectDocumented(operation: Operation, { status, text, headers }: Judged): void {
  const { name, answers } = operation
  if (status !== 503) expect(status, `${name} answered ${text.slice(0, 200)}`).toBeLessThan(500)
  const codes = answers.get(status)
  expect(codes, `${name} answered ${status}, which is not documented: ${text.slice(0, 200)}`).toBeDefined()
  if (status < 400) return
  expect(headers.get('content-type')).toBe('application/problem+json')
  const problem = Problem.parse(JSON.parse(text))
  expect(problem.status).toBe(status)
  expect(codes, `${name} does not document ${problem.code}`).toContain(problem.code)
}

/** @param readers - whose things may be in it */
export function expectOwnOnly({ owners }: Field, readers: readonly string[], text: string): void {
  for (const [name, { marks }] of owners)
    if (!readers.includes(name))
      for (const mark of marks) expect(text.includes(mark), `${readers} reads of ${name}`).toBe(false)
}
