/**
 * What a bare socket can send and no client would: bodies that are slow, endless, broken off, packed or of another length
 * than they say, under header lines that are doubled, too many, too long or no text.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'

/** How a body comes. Those that stall or have no end are ended by the relay, or by nobody. */
export const bodyPlans = [
  'none',
  'whole',
  'dribbled',
  'in chunks',
  'stalled',
  'stalled in chunks',
  'endless',
  'broken off',
  'packed',
  'packed bomb',
  'longer than it says',
  'shorter than it says',
  'of two lengths',
  'of no length',
  'in no chunks',
] as const
export type BodyPlan = (typeof bodyPlans)[number]

export const headPlans = [
  'plain',
  'odd case',
  'doubled',
  'many',
  'long',
  'too long',
  'no text',
  'no name',
  'of the protocol',
] as const
export type HeadPlan = (typeof headPlans)[number]

/** What is asked, before anything is done to it. */
export interface Call {
  method: string
  /** With the query. */
  url: string
  headers: Readonly<Record<string, string>>
  body: Buffer
}

export interface Oddity {
  bodyPlan: BodyPlan
  headPlan: HeadPlan
  /** Chooses among a plan's variants. */
  turn: number
}

/** Each line as bytes: what a header may hold is one of the questions. */
function linesOf({ method, url, headers, body }: Call, oddity: Oddity, host: string): Buffer {
  const lines = [
    `${method} ${url} HTTP/1.1`,
    `host: ${host}`,
    'connection: close',
    ...oddLines(Object.entries(headers), oddity),
    ...lengthLines(body, oddity),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

const longNames = [
  'cookie',
  'last-event-id',
  'if-none-match',
  'origin',
  'user-agent',
  'x-forwarded-for',
  'idempotency-key',
]
/** What HTTP itself has a meaning for. */
const protocolLines = [
  'expect: 100-continue',
  'expect: nonsense',
  'upgrade: websocket',
  'transfer-encoding: gzip',
  'transfer-encoding: chunked, identity',
  'content-encoding: br, zstd',
  'trailer: authorization',
  'range: bytes=5-1',
  'x-http-method-override: DELETE',
  'if-match: *',
]
const noText = '\xff\xfe\xc3\x28\x80'

function oddLines(headers: [string, string][], { headPlan, turn }: Oddity): string[] {
  const plain = headers.map(([name, value]) => `${name}: ${value}`)
  const name = longNames[turn % longNames.length] ?? 'cookie'
  switch (headPlan) {
    case 'odd case':
      return headers.map(([name, value], n) => `${(n + turn) % 2 ? name.toUpperCase() : oddCase(name)}:\t${value} `)
    case 'doubled':
      return [...plain, ...plain]
    case 'many':
      return [...plain, ...Array.from({ length: 100 + (turn % 200) }, (_, n) => `x-more-${n}: ${n}`)]
    case 'long':
      return [...without(name, headers), `${name}: ${'9'.repeat(8_000 + (turn % 8_000))}`]
    case 'too long':
      return [...plain, `${name}: ${'9'.repeat(16_000 + (turn % 50_000))}`]
    case 'no text':
      return [...headers.map(([name, value]) => `${name}: ${value}${noText}`), `${name}: ${noText}`]
    case 'no name':
      return [...plain, ['a b: c', ': c', 'a\x01: c', 'transfer-encoding : chunked', 'a: b\rc: d'][turn % 5] ?? '']
    case 'of the protocol':
      return [...plain, protocolLines[turn % protocolLines.length] ?? '']
    case 'plain':
      return plain
  }
}

function without(name: string, headers: [string, string][]): string[] {
  return headers.filter((header) => header[0] !== name).map((header) => header.join(': '))
}

function oddCase(name: string): string {
  return name.replaceAll(/[a-z]/g, (letter, at: number) => (at % 2 ? letter : letter.toUpperCase()))
}

function lengthLines(body: Buffer, { bodyPlan, turn }: Oddity): string[] {
  const length = (bytes: number) => [`content-length: ${bytes}`]
  switch (bodyPlan) {
    case 'none':
      return []
    case 'in chunks':
    case 'stalled in chunks':
    case 'endless':
    case 'in no chunks':
      return ['transfer-encoding: chunked']
    case 'stalled':
    case 'broken off':
      return length(body.byteLength + 1 + (turn % 1_000))
    case 'packed':
    case 'packed bomb':
      return ['content-encoding: gzip', ...length(packed(body, bodyPlan).byteLength)]
    case 'longer than it says':
      return length(Math.floor(body.byteLength / 2))
    case 'shorter than it says':
      return length(body.byteLength + 1_000_000_000)
    case 'of two lengths':
      return [...length(body.byteLength), turn % 2 ? 'transfer-encoding: chunked' : 'content-length: 1']
    case 'of no length':
      return [`content-length: ${['-1', '1e3', 'NaN', '9'.repeat(40), '0x10', ''][turn % 6]}`]
    default:
      return length(body.byteLength)
  }
}

const bomb = gzipSync(Buffer.alloc(30_000_000, ' '))

function packed(body: Buffer, plan: BodyPlan): Buffer {
  return plan === 'packed bomb' ? bomb : gzipSync(body)
}

/** `undefined` at its end: the client hangs up. A body that stalls has no end; only the relay can make one. */
async function* piecesOf(body: Buffer, { bodyPlan, turn }: Oddity): AsyncGenerator<Buffer | undefined> {
  switch (bodyPlan) {
    case 'none':
      return
    case 'dribbled':
      for (let at = 0; at < Math.min(body.byteLength, 30); at += 1) {
        yield body.subarray(at, at + 1)
        await pause(1)
      }
      yield body.subarray(30)
      return
    case 'in chunks':
      yield chunk(body.subarray(0, 10))
      yield chunk(body.subarray(10))
      yield Buffer.from('0\r\n\r\n')
      return
    case 'stalled in chunks':
      yield chunk(body)
      return
    case 'endless':
      for (;;) yield chunk(Buffer.alloc(1 + (turn % 5_000), ' '))
    case 'broken off':
      yield body
      await pause(1)
      yield undefined
      return
    case 'packed':
    case 'packed bomb':
      yield packed(body, bodyPlan)
      return
    case 'in no chunks':
      yield Buffer.from(
        ['zz\r\nabc\r\n', '-1\r\n\r\n', 'ffffffffffffffff\r\nabc', `${'0'.repeat(40_000)}1\r\n`][turn % 4] ?? '',
      )
      return
    default:
      yield body
  }
}

function chunk(bytes: Buffer): Buffer {
  if (bytes.byteLength === 0) return bytes
  return Buffer.concat([Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

export interface Heard {
  /** Of every answer: bytes after the body are another request. */
  statuses: number[]
  /** Of the first. */
  headers: Headers
  text: string
  /** All that came, as it came. */
  raw: string
}

/** Sends it all and listens until the line is closed; only an event stream and a body that breaks off are closed from here. */
export async function exchange(port: number, call: Call, oddity: Oddity): Promise<Heard> {
  const socket = connect(port, '127.0.0.1')
  // A relay that has had enough resets the line.
  socket.on('error', () => {})
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const chunks: Buffer[] = []
  socket.on('data', (data) => {
    chunks.push(data)
    if (/^content-type: text\/event-stream/im.test(data.toString('latin1'))) socket.destroy()
  })
  const send = async (bytes: Buffer) => {
    if (!socket.write(bytes)) await Promise.race([once(socket, 'drain').catch(() => {}), gone])
  }
  const pieces = piecesOf(call.body, oddity)
  const first = (await pieces.next()).value ?? Buffer.alloc(0)
  // In one piece: whoever is refused at once could otherwise write to a line that is closed already, and hear nothing.
  await send(Buffer.concat([linesOf(call, oddity, `127.0.0.1:${port}`), first]))
  for await (const piece of pieces) {
    if (socket.closed || socket.destroyed) break
    if (piece === undefined) socket.destroy()
    else await send(piece)
    await pause(0)
  }
  await gone
  return heardIn(Buffer.concat(chunks).toString('latin1'))
}

function heardIn(all: string): Heard {
  // "Go on" is no answer yet.
  const raw = all.replace(/^(HTTP\/1\.1 1\d\d [^\r]*\r\n\r\n)+/, '')
  const end = raw.indexOf('\r\n\r\n')
  const [, ...lines] = raw.slice(0, Math.max(0, end)).split('\r\n')
  const headers = new Headers(
    lines.map((line): [string, string] => [line.split(':')[0] ?? '', line.replace(/^.*?: */, '')]),
  )
  const length = headers.get('content-length')
  const body = raw.slice(end + 4)
  const statuses = [...raw.matchAll(/HTTP\/1\.1 (\d{3}) [A-Z]/g)].map(([, status]) => Number(status))
  const text = Buffer.from(length === null ? body : body.slice(0, Number(length)), 'latin1').toString()
  return { statuses, headers, text, raw: Buffer.from(raw, 'latin1').toString() }
}
