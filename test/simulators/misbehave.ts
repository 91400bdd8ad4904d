/** What a vendor can do to us: the ways a simulator misbehaves for its next few requests. */
import type { ServerResponse } from 'node:http'

export interface Answer {
  status?: number
  json?: unknown
  bytes?: Uint8Array
  headers?: Record<string, string>
}

export const misbehaviours = [
  'error',
  'busy',
  'hang',
  'reset',
  'html',
  'error-inside',
  'lost-answer',
  'redirect',
  'oversize',
  'unauthorized',
] as const
export type Misbehaviour = (typeof misbehaviours)[number]
/** `refuse` is no fault of the vendor's: what was asked will never be taken. `timeout` is a gateway's own answer. */
export type Act = Misbehaviour | 'refuse' | 'forbidden' | 'missing' | 'timeout'

interface Place {
  url: string
  unauthorized: Answer
  /** The vendor's error body, for a 200 that is none. */
  inside: unknown
}

/** `lost-answer` and `reset` happen after the request has taken effect; the others instead of it. */
export const acts: Record<Act, (response: ServerResponse, answer: Answer, place: Place) => void> = {
  error: (response) => send(response, { status: 500, json: { message: 'internal' } }),
  busy: (response) => send(response, { status: 429, headers: { 'retry-after': '7' }, json: { message: 'slow down' } }),
  hang: () => undefined,
  reset: (response, answer) => sendHalf(response, answer),
  html: (response) =>
    send(response, { headers: { 'content-type': 'text/html' }, bytes: Buffer.from('<html>Hello</html>') }),
  'error-inside': (response, _, { inside }) => send(response, { json: inside }),
  'lost-answer': (response) => void response.destroy(),
  redirect: (response, _, { url }) => send(response, { status: 302, headers: { location: `${url}/moved` } }),
  oversize: (response) => sendTooMuch(response),
  unauthorized: (response, _, { unauthorized }) => send(response, unauthorized),
  refuse: (response) => send(response, { status: 422, json: { message: 'not this one' } }),
  forbidden: (response) => send(response, { status: 403, json: { message: 'forbidden' } }),
  missing: (response) => send(response, { status: 404, json: { message: 'not found' } }),
  timeout: (response) => send(response, { status: 504, json: { message: 'gateway timeout' } }),
}

export function send(response: ServerResponse, { status = 200, json, bytes, headers = {} }: Answer): void {
  const isJson = json !== undefined
  response.writeHead(status, { ...(isJson ? { 'content-type': 'application/json' } : {}), ...headers })
  response.end(isJson ? JSON.stringify(json) : bytes)
}

function sendHalf(response: ServerResponse, answer: Answer): void {
  const whole = answer.bytes ?? Buffer.from(JSON.stringify(answer.json ?? { padding: 'x'.repeat(100) }))
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': whole.length })
  response.write(whole.subarray(0, whole.length / 2), () => response.destroy())
}

function sendTooMuch(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(`{"padding":"${'x'.repeat(5 * 1024 * 1024)}"}`)
}
