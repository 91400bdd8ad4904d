/** The outgoing call: where it may go, what it may bring back, and how it fails. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createVendorHttp, putFile, type VendorHttpOptions } from '../../../../server/vendors/http/http.ts'
import { VendorError } from '../../../../server/vendors/vendor.ts'
import { call, codeOf } from '../suite/parts.ts'

const key = 'secret-key-123'
const servers: Server[] = []
const drift: string[] = []

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function httpTo(baseUrl: string, options: Partial<VendorHttpOptions> = {}) {
  const headers = { authorization: `Bearer ${key}` }
  return createVendorHttp({
    vendor: 'somebody',
    baseUrl,
    headers,
    secrets: [key],
    timeoutMs: 30_000,
    onDrift: (what) => drift.push(what),
    ...options,
  })
}

const get = { method: 'GET', path: '/x', schema: z.object({ a: z.string() }) } as const

async function thrown(promise: Promise<unknown>): Promise<VendorError> {
  const error = await promise.catch((caught: unknown) => caught)
  if (error instanceof VendorError) return error
  throw error
}

afterEach(() => {
  drift.length = 0
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

describe('an address', () => {
  it.each(['../admin', '..', '.', 'a/../../b', 'a?b=c', 'a#b', '\\..\\x', 'a%2f..', '//evil.example', 'ü ñ'])(
    'keeps the value %j to its own segment, or sends nothing',
    async (id) => {
      const seen: string[] = []
      const base = await serve((request, response) => {
        seen.push(request.url ?? '')
        response.end('{"a":"b"}')
      })
      const http = httpTo(`${base}/api/`)
      const outcome = await http
        .call({ ...get, path: '/tickets/{id}/events', params: { id }, signal: call() })
        .catch((error: VendorError) => error.code)
      if (outcome === 'refused') return expect(seen).toEqual([])
      expect(seen).toEqual([`/api/tickets/${encodeURIComponent(id)}/events`])
    },
  )

  it.each([
    { path: '/tickets/{id}', params: { id: '' } },
    { path: '/tickets/{id}' },
    { path: '/x', query: { playerId: '' } },
    { path: '/x', query: { chatIds: [] } },
    { path: '/x', query: { chatIds: ['a', ''] } },
    { path: '/../x' },
    { path: 'https://evil.example/x' },
    { path: '//evil.example/x' },
  ])('sends nothing for %j', async (address) => {
    const seen: string[] = []
    const base = await serve((request, response) => {
      seen.push(request.url ?? '')
      response.end('{"a":"b"}')
    })
    expect(await codeOf(httpTo(base).call({ ...get, ...address, signal: call() }))).toBe('refused')
    expect(seen).toEqual([])
  })

  it('repeats a list and leaves out what is undefined', async () => {
    const base = await serve((request, response) => response.end(JSON.stringify({ a: request.url })))
    const query = { ids: ['1', '2'], page: 3, search: undefined }
    expect(await httpTo(base).call({ ...get, query, signal: call() })).toEqual({ a: '/x?ids=1&ids=2&page=3' })
  })
})

describe('an answer', () => {
  it.each([
    [400, 'refused'],
    [401, 'misconfigured'],
    [403, 'misconfigured'],
    [404, 'missing'],
    [408, 'unreachable'],
    [409, 'refused'],
    [410, 'missing'],
    [422, 'refused'],
    [429, 'busy'],
    [500, 'unreachable'],
    [503, 'unreachable'],
    [301, 'unexpected'],
  ])('of %i is %s, once and without its body', async (status, code) => {
    let calls = 0
    const base = await serve((_, response) => {
      calls += 1
      response.writeHead(status, { location: '/elsewhere' }).end('{"message":"PRIVATE"}')
    })
    const error = await thrown(httpTo(base).call({ ...get, signal: call() }))
    expect(error).toMatchObject({ code, status, message: expect.stringContaining('somebody GET /x') })
    expect(inspect(error)).not.toContain('PRIVATE')
    expect(calls).toBe(1)
  })

  it.each([
    ['30', 30_000],
    ['Wed, 01 Jan 2031 00:01:00 GMT', 60_000],
    ['Wed, 01 Jan 2020 00:00:00 GMT', 0],
    ['999999999', 86_400_000],
    ['soon', undefined],
  ])('tells a Retry-After of %j', async (value, retryAfterMs) => {
    const base = await serve((_, response) => response.writeHead(429, { 'retry-after': value }).end())
    const clock = { now: () => new Date('2031-01-01T00:00:00Z') }
    expect(await thrown(httpTo(base, { clock }).call({ ...get, signal: call() }))).toMatchObject({ retryAfterMs })
  })

  it('that does not fit names the field and never the value', async () => {
    const base = await serve((_, response) => response.end('{"list":[{"a":"PRIVATE"}]}'))
    const schema = z.object({ list: z.array(z.object({ a: z.number() })) })
    const error = await thrown(httpTo(base).call({ ...get, schema, signal: call() }))
    expect(error.code).toBe('unexpected')
    expect(drift).toEqual(['GET /x: list.*.a invalid_type'])
    expect(inspect(error)).not.toContain('PRIVATE')
  })

  it('over the limit is dropped, packed or not', async () => {
    const big = JSON.stringify({ a: 'x'.repeat(100_000) })
    const base = await serve((request, response) => {
      if (request.url === '/x') return response.end(big)
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(big))
    })
    const http = httpTo(base, { maxBytes: 50_000 })
    expect(await codeOf(http.call({ ...get, signal: call() }))).toBe('unexpected')
    expect(await codeOf(http.call({ ...get, path: '/y', signal: call() }))).toBe('unexpected')
  })

  it('without a body is undefined to its schema', async () => {
    const base = await serve((_, response) => response.writeHead(204).end())
    expect(await httpTo(base).call({ ...get, schema: z.undefined(), signal: call() })).toBeUndefined()
  })

  it('can be explained by the vendor’s own error, also inside a 200', async () => {
    const base = await serve((request, response) => {
      response.writeHead(request.url === '/x' ? 422 : 200).end('{"errorCode":10001}')
    })
    const refusal = (_: number, body: unknown) => (JSON.stringify(body).includes('10001') ? 'missing' : undefined)
    expect(await codeOf(httpTo(base).call({ ...get, refusal, signal: call() }))).toBe('missing')
    expect(await codeOf(httpTo(base).call({ ...get, path: '/y', refusal, signal: call() }))).toBe('missing')
    expect(drift).toEqual([])
  })
})

describe('a failure', () => {
  it('says neither key nor address, and keeps no request', async () => {
    const error = await thrown(httpTo('http://127.0.0.1:1').call({ ...get, query: { q: 'typed' }, signal: call() }))
    expect(error).toMatchObject({ code: 'unreachable', message: 'somebody GET /x: gave no answer' })
    const all = inspect(error, { depth: 20, showHidden: true })
    expect(all).not.toContain(key)
    expect(all).not.toContain('typed')
  })

  it('is the studio’s to mend when the key cannot be sent at all', async () => {
    const http = httpTo('http://127.0.0.1:1', { headers: { authorization: `Bearer ${key}\nx` } })
    const error = await thrown(http.call({ ...get, signal: call() }))
    expect(error.code).toBe('misconfigured')
    expect(inspect(error, { depth: 20 })).not.toContain(key)
  })
})

describe('a file', () => {
  const chunks = (count: number) =>
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let index = 0; index < count; index += 1) controller.enqueue(new Uint8Array(1_000))
        controller.close()
      },
    })

  it('is sent with its length, to exactly the address given', async () => {
    let seen = {}
    const base = await serve((request, response) => {
      seen = { url: request.url, length: request.headers['content-length'], key: request.headers.authorization }
      request.resume().on('end', () => response.end())
    })
    const url = new URL(`${base}/a%2Fb?X-Signature=a%2Bb%3D`)
    await putFile({ vendor: 'somebody', url, headers: {}, body: chunks(50), fileSize: 50_000, signal: call() })
    expect(seen).toEqual({ url: '/a%2Fb?X-Signature=a%2Bb%3D', length: '50000', key: undefined })
  })

  it('that is shorter than announced is not half sent', async () => {
    const base = await serve((request, response) => void request.resume().on('end', () => response.end()))
    const upload = {
      vendor: 'somebody',
      url: new URL(base),
      headers: {},
      body: chunks(1),
      fileSize: 2_000,
      signal: call(),
    }
    expect(await codeOf(putFile(upload))).toBe('unreachable')
  })

  it('may take longer than the time for one answer, as long as it moves', async () => {
    const base = await serve((_, response) => {
      response.writeHead(200)
      let left = 10
      const timer = setInterval(() => {
        response.write('x')
        left -= 1
        if (left === 0) {
          clearInterval(timer)
          response.end()
        }
      }, 400)
    })
    const response = await httpTo(base, { timeoutMs: 3_000 }).stream({ method: 'GET', path: '/f', signal: call() })
    expect(await response.text()).toBe('x'.repeat(10))
  })

  it('that stalls fails, and fails as a vendor’s error', async () => {
    const base = await serve((_, response) => {
      response.writeHead(200).write('half')
    })
    const response = await httpTo(base, { timeoutMs: 1_000 }).stream({ method: 'GET', path: '/f', signal: call() })
    expect(await thrown(response.text())).toMatchObject({ code: 'unreachable', message: 'somebody GET /f: timed out' })
  })
})
