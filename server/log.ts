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
  return { type: error.name, message: error.message, code, stack: error.stack, cause }
}

function maskingStream(destination: DestinationStream, secrets: ReadonlySet<string>): DestinationStream {
  return {
    write(line) {
      let safe = line
      for (const secret of secrets) safe = safe.replaceAll(secret, '***')
      destination.write(safe)
    },
  }
}
