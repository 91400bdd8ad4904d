/** Every route there is, from the relay's own table, and sound calls to each: of the contract, and of what is beside it. */
import fc, { type Arbitrary } from 'fast-check'
import { deskToken } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import type { Field } from './fuzz-field.ts'
import { bearerHeader, worldOf } from './fuzz-field.ts'
import { type Operation, requestTo } from './fuzz-requests.ts'
import type { Call } from './fuzz-wire.ts'

export const hookSecret = 'the-hook-secret-of-the-tests'
const desks = { agent: deskToken, stranger: 'desk-token-of-moon-base', guesser: 'a-guess-at-the-desk-token' }
/** Who may do something does most. */
const agents = ['agent', 'agent', 'agent', ...Object.keys(desks)]

/** A call, and whose things its answer may hold. */
export interface Knock {
  call: Call
  bearer: string
  readers: readonly string[]
}

export interface Door {
  /** E.g. `POST /v1/tickets/:ticketId/close`. */
  name: string
  /** Of the contract; undefined beside it. */
  operation: Operation | undefined
  /** What a door beside the contract may answer. */
  answers: readonly number[]
  knock: Arbitrary<Knock>
}

const signedOut = [401, 429]
/** A door that is not here is not known, and fails: what it may answer has to be said. */
const besideContract: Readonly<Record<string, readonly number[]>> = {
  'GET /v1/uploads/:id': [401, 403, 404, 405, 412],
  'HEAD /v1/uploads/:id': [200, 401, 403, 404, 412, 423],
  'PATCH /v1/uploads/:id': [204, 400, 401, 403, 404, 408, 409, 412, 413, 415, 423],
  'POST /v1/uploads/:id': [204, 400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 423],
  'GET /files/:id': [404],
  'GET /healthz': [200],
  'GET /readyz': [200],
  'GET /metrics': [200],
  'GET /openapi.json': [200],
  'GET /.well-known/jwks.json': [200],
  'POST /hooks/:game/:secret': [204, 400, 404, 413],
  'GET /desk/desk.css': [200],
  'POST /desk/sign-in': [303, 401, 413, 429],
  'POST /desk/sign-out': [303],
  'GET /desk': [200, ...signedOut],
  'GET /desk/tickets/:id': [200, 404, ...signedOut],
  'POST /desk/tickets/:id/messages': [303, 403, 404, 413, 422, ...signedOut],
  'POST /desk/tickets/:id/close': [303, 403, 404, ...signedOut],
  'POST /desk/tickets/:id/reopen': [303, 403, 404, ...signedOut],
  'GET /desk/files/:id': [200, 404, ...signedOut],
  'GET /': [200, 302],
  'GET /medkit.js': [200, 304],
  // What no route is for.
  'POST /desk/nowhere': [403, 404, ...signedOut],
  'POST /nowhere': [404],
  'PUT /v1/tickets': [403, 404],
  'TRACE /v1/tickets': [403, 404],
  'OPTIONS /v1/tickets': [204, 404],
  'HEAD /v1/tickets': [200, 401, 403, 422, 503],
  'HEAD /v1/events': [200, 401, 403, 422, 503],
  'HEAD /v1/export': [200, 401, 403, 503],
}

const unknownToRouter = Object.keys(besideContract).filter((name) => /^(HEAD|PUT|TRACE|OPTIONS)|\/nowhere$/.test(name))

/** @throws where a route has come that nobody has said anything about */
export async function doorsOf(field: Field): Promise<Door[]> {
  const listed = field.fixture.relay.app.routes
    .filter(({ method, path }) => method !== 'ALL' && !path.endsWith('*'))
    .map(({ method, path }) => `${method} ${path}`)
  const places = await placesIn(field)
  const world = worldOf(field)
  return [...new Set([...listed, ...unknownToRouter])].map((name) => {
    const operation = field.operations.find((known) => known.name === name.replaceAll(/:(\w+)/g, '{$1}'))
    const answers = besideContract[name]
    if (!operation && !answers) throw new Error(`nobody says what ${name} may answer`)
    const knock = operation ? ofContract(field, operation, world) : beside(field, name, places)
    return { name, operation, answers: answers ?? [], knock }
  })
}

function ofContract(field: Field, operation: Operation, world: ReturnType<typeof worldOf>): Arbitrary<Knock> {
  return requestTo(operation, world).map(({ bearer, url, headers, body = '' }) => ({
    bearer,
    readers: [bearer],
    call: {
      method: operation.method,
      url,
      headers: { ...headers, ...bearerHeader(field.bearers.get(bearer)?.()) },
      body: Buffer.from(body.toWellFormed()),
    },
  }))
}

type Places = Readonly<Record<string, readonly string[]>>

/** What may stand in the place of a parameter, by what the path begins with. */
async function placesIn({ fixture, owners }: Field): Promise<Places> {
  const own = [...owners.values()].map(({ own }) => own)
  const atDesk = await until(async () => {
    const listed = await fixture.desk.list()
    return listed.length >= own.length - 1 && listed
  }, 'the desk has the tickets')
  const views = await Promise.all(atDesk.map(({ id }) => fixture.desk.read(id)))
  return {
    '/v1/uploads': own.flatMap(({ uploads = '', attachmentId = '' }) => [...uploads.split(' '), attachmentId]),
    '/files': own.map(({ attachmentId = '' }) => attachmentId),
    '/desk/tickets': atDesk.map(({ id }) => id),
    '/desk/files': views.flatMap(({ files }) => files.map(({ id }) => id)),
    '/hooks': [...Array<string>(6).fill(`star-harbor/${hookSecret}`), `star-harbor/${hookSecret}x`, 'moon-base/guess'],
  }
}

const notes = JSON.stringify({ ticketId: 'x' })
const multipart = '--b\r\ncontent-disposition: form-data; name="text"\r\n\r\nHello\r\n--b--\r\n'
const bodies: readonly (readonly [string, string])[] = [
  ['application/json', notes],
  ['application/json', ''],
  ['application/x-www-form-urlencoded', 'text=Hello&kind=answer&token=guess&name=Robin'],
  ['multipart/form-data; boundary=b', multipart],
  ['multipart/form-data; boundary=b', '--b\r\n'],
  ['multipart/form-data', multipart],
  ['multipart/form-data; boundary=b', '\xff\xfe'.repeat(100)],
  ['application/offset+octet-stream', 'bytes'],
  ['text/plain', 'x'.repeat(9_000)],
  ['application/json', '\xff\xfe'.repeat(100)],
]

function beside(field: Field, name: string, places: Places): Arbitrary<Knock> {
  const [method = '', path = ''] = name.split(' ')
  const [, root = path] = /^(.*?)\/:/.exec(path) ?? []
  const tail = path.slice(root.length).replace(/^(\/:\w+)+/, '')
  const known = places[root] ?? []
  const filled =
    path === root ? fc.constant(path) : fc.constantFrom(...known, 'x').map((one) => `${root}/${one}${tail}`)
  const upload = { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }
  return fc
    .record({
      url: filled,
      body: fc.constantFrom(...bodies),
      bearer: fc.constantFrom(...(path.startsWith('/desk') ? agents : field.bearers.keys()), 'nobody'),
      search: fc.constantFrom(
        '',
        '',
        '?game=star-harbor',
        '?game=%ff&game=',
        '?poll=1',
        `?until=9&signature=${'A'.repeat(43)}`,
      ),
      more: fc.constantFrom(
        {},
        { accept: 'application/json' },
        { origin: 'https://evil.example' },
        { cookie: 'medkit-desk=x' },
      ),
    })
    .map(({ url, body: [type, text], bearer, search, more }) => ({
      bearer,
      readers: readersOf(field, bearer),
      call: {
        method,
        url: url + search,
        headers: {
          'content-type': type,
          ...(root === '/v1/uploads' ? upload : {}),
          ...more,
          ...bearerHeader(bearer in desks ? desks[bearer as keyof typeof desks] : field.bearers.get(bearer)?.()),
        },
        body: Buffer.from(text, 'latin1'),
      },
    }))
}

/** An agent reads everybody of their own game, and nobody of another. */
function readersOf({ owners }: Field, bearer: string): string[] {
  const [elsewhere, here] = [['elsewhere'], [...owners.keys()].filter((name) => name !== 'elsewhere')]
  return { agent: here, stranger: elsewhere }[bearer] ?? [bearer]
}
