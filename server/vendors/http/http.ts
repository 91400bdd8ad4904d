/** The only outgoing call to a vendor: bounded, checked, never redirected, never repeated, and it fails in one way. */
import type { z } from 'zod'
import { type Clock, systemClock } from '../../runtime/clock.ts'
import { VendorError } from '../vendor.ts'
import { addressOf, type Method, type Query } from './address.ts'
import { callMeterOf } from './call-meter.ts'
import { createDeadline } from './deadline.ts'
import {
  type CodeOfRefusal,
  checked,
  type Exchange,
  type RequestBody,
  reach,
  readText,
  withDeadline,
} from './exchange.ts'
import { type Fail, failuresOf } from './failure.ts'
import { writeGuardOf } from './write-guard.ts'

export interface VendorHttpOptions {
  vendor: string
  baseUrl: string
  /** Sent with every call; the key is among them. */
  headers: Record<string, string>
  /** Without an answer, or without progress of a file. Default 15 seconds. */
  timeoutMs?: number | undefined
  /** Of one parsed answer. Default 4 MiB. */
  maxBytes?: number | undefined
  /** Taken out of every message, should one ever find its way there. */
  secrets?: readonly string[] | undefined
  /** An answer that does not fit; names of call and field only. */
  onDrift?: ((what: string) => void) | undefined
  /** For a `Retry-After` that is a date. */
  clock?: Clock | undefined
}

export interface VendorCall<T> {
  method: Method
  /** A template below `baseUrl`, e.g. `/tickets/{ticketId}`. It names the call in errors, so it carries no ids. */
  path: string
  params?: Readonly<Record<string, string>> | undefined
  query?: Query | undefined
  json?: unknown
  /** A stream needs a `content-length` header where the vendor takes no chunks. */
  body?: RequestBody | undefined
  headers?: Readonly<Record<string, string>> | undefined
  /** An answer without a body is `undefined` to it. */
  schema: z.ZodType<T>
  signal: AbortSignal
  refusal?: CodeOfRefusal | undefined
  /** For what is no GET and yet leaves nothing that anybody would see twice: signing in, announcing a file. */
  isRepeatable?: boolean | undefined
}

export type VendorStreamCall = Omit<VendorCall<never>, 'schema'>

export interface VendorHttp {
  /** @throws VendorError */
  call: <T>(call: VendorCall<T>) => Promise<T>
  /** For bytes: resolves once a 2xx has begun; its body fails with a VendorError when it stalls. @throws VendorError */
  stream: (call: VendorStreamCall) => Promise<Response>
}

const defaultTimeoutMs = 15_000
const defaultMaxBytes = 4 * 1024 * 1024

export function createVendorHttp(options: VendorHttpOptions): VendorHttp {
  const { vendor, baseUrl, timeoutMs = defaultTimeoutMs, maxBytes = defaultMaxBytes, clock = systemClock } = options
  const fail = failuresOf(vendor, options.secrets)

  function exchangeOf(call: VendorStreamCall): Exchange {
    const isJson = call.json !== undefined
    const type = isJson ? { 'content-type': 'application/json' } : {}
    return {
      name: `${call.method} ${call.path}`,
      url: addressOf(vendor, { ...call, baseUrl }),
      method: call.method,
      headers: { accept: 'application/json', 'user-agent': 'medkit', ...options.headers, ...type, ...call.headers },
      body: isJson ? JSON.stringify(call.json) : call.body,
      refusal: call.refusal,
      clock,
      fail: isWrite(call) ? fail : withoutEffect(fail),
    }
  }

  async function call<T>(call: VendorCall<T>): Promise<T> {
    const guard = isWrite(call) ? writeGuardOf(call.signal) : undefined
    const exchange = exchangeOf(call)
    await callMeterOf(call.signal)?.()
    await guard?.before()
    try {
      return await exchanged(call, exchange)
    } catch (error) {
      if (error instanceof VendorError && !error.mayHaveActed) guard?.notCarriedOut()
      throw error
    }
  }

  async function exchanged<T>(call: VendorCall<T>, exchange: Exchange): Promise<T> {
    const deadline = createDeadline(timeoutMs, call.signal)
    try {
      const response = await reach(exchange, deadline)
      const text = await readText(response, exchange, deadline, maxBytes)
      return checked(text, response.status, call.schema, exchange, options.onDrift)
    } finally {
      deadline.clear()
    }
  }

  async function stream(call: VendorStreamCall): Promise<Response> {
    const exchange = exchangeOf({ ...call, headers: { accept: '*/*', ...call.headers } })
    await callMeterOf(call.signal)?.()
    const deadline = createDeadline(timeoutMs, call.signal)
    try {
      const response = await reach(exchange, deadline)
      return withDeadline(response, exchange, deadline)
    } catch (error) {
      deadline.clear()
      throw error
    }
  }

  return { call, stream }
}

function isWrite({ method, isRepeatable = false }: Pick<VendorStreamCall, 'method' | 'isRepeatable'>): boolean {
  return method !== 'GET' && !isRepeatable
}

/** However such a call fails, it has changed nothing. */
function withoutEffect(fail: Fail): Fail {
  return (code, call, why, detail) => fail(code, call, why, { ...detail, mayHaveActed: false })
}

export interface FileUpload {
  vendor: string
  /** Where the vendor wants the bytes. The caller has checked that it may be called at all. */
  url: URL
  headers: Readonly<Record<string, string>>
  body: ReadableStream<Uint8Array>
  fileSize: number
  signal: AbortSignal
  timeoutMs?: number | undefined
  refusal?: CodeOfRefusal | undefined
}

/** Puts one file to a pre-signed address, exactly as given, without our key. @throws VendorError */
export async function putFile(upload: FileUpload): Promise<void> {
  const deadline = createDeadline(upload.timeoutMs ?? defaultTimeoutMs, upload.signal)
  try {
    const response = await reach(
      {
        name: 'PUT of a file',
        url: upload.url,
        method: 'PUT',
        headers: { ...upload.headers, 'content-length': String(upload.fileSize) },
        body: upload.body,
        refusal: upload.refusal,
        clock: systemClock,
        fail: withoutEffect(failuresOf(upload.vendor)),
      },
      deadline,
    )
    await response.body?.cancel()
  } finally {
    deadline.clear()
  }
}
