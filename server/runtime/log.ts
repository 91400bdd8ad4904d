/** The relay's log. No token, message text, file name or player id is ever given to it; secrets are masked all the same. */
import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Logger

export interface LogOptions {
  level: string
  /** Values to mask wherever they turn up. */
  secrets: ReadonlySet<string>
  destination?: DestinationStream
}

export function createLog({ level, secrets, destination }: LogOptions): Log {
  const masked = maskingStream(destination ?? pino.destination({ fd: 2, sync: false }), secrets)
  return pino({ level, base: null, serializers: { err: errorOf } }, masked)
}

/** Errors by kind, place and cause; never with whatever else hangs on them, which may quote a request. */
function errorOf(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = 'code' in error ? String(error.code) : undefined
  const cause = error.cause === undefined ? undefined : errorOf(error.cause)
  return { type: error.name, message: wordsOf(error), code, stack: placesIn(error), cause }
}

/** These quote what they could not read, and what we read is what players and vendors wrote. */
function wordsOf(error: Error): string {
  return error instanceof SyntaxError || error.name === 'ZodError'
    ? 'left out: it may quote what was read'
    : error.message
}

/** The stack without the message it begins with. */
function placesIn({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n')
}

function maskingStream(destination: DestinationStream, secrets: ReadonlySet<string>): DestinationStream {
  const mask = createMask(secrets)
  return { write: (line) => void destination.write(mask(line)) }
}

/** Whatever else went wrong, nobody can sign in with what stands in a log, or write to a player. */
const neverPrinted = [
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g,
  /\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){6}\b/g,
  /[^\s"'<>()@:;,=/\\]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b/gi,
]

/** @param secrets - in a URL, a JSON string or another's quotation they look different, and are masked in each */
export function createMask(secrets: ReadonlySet<string>): (text: string) => string {
  const quoted = (text: string) => JSON.stringify(text).slice(1, -1)
  const spellings = [...secrets].flatMap((secret) => [
    secret,
    quoted(secret),
    quoted(quoted(secret)),
    encodeURIComponent(secret),
  ])
  // The longest first: one secret may begin with another.
  const sorted = [...new Set(spellings)].filter((text) => text !== '').sort((a, b) => b.length - a.length)
  return (text) => {
    let safe = text
    for (const secret of sorted) safe = safe.replaceAll(secret, '***')
    for (const pattern of neverPrinted) safe = safe.replace(pattern, '***')
    return safe
  }
}
