/** The four calls any S3-compatible service answers alike: put, get, remove, list. Path-style addresses. */
import { AwsClient } from 'aws4fetch'
import type { S3Address, S3Credentials } from '../config/s3-address.ts'
import { FilesError } from './error.ts'

export interface S3Object {
  /** Without the prefix. */
  key: string
  /** Bytes. */
  size: number
  modifiedAt: Date
}

export interface S3Client {
  /** `once`: only where there is no such key yet, on services that can tell; false when there was one. */
  put(key: string, content: Blob | string, options?: { once?: boolean }): Promise<boolean>
  get(key: string): Promise<Response | undefined>
  remove(key: string): Promise<void>
  /** In the order of their keys. */
  list(keyPrefix: string): AsyncGenerator<S3Object>
}

/** For all but downloads, which may take as long as their reader does. */
const timeoutMs = 120_000
/** A connection that was kept may end just as it is used again. Not where the answer to a first try would be another. */
const triesAtOnce = 3

export function createS3Client(address: S3Address, credentials: S3Credentials): S3Client {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
  const aws = new AwsClient({ ...keys, service: 's3', region: address.region, retries: 3 })
  const bucketUrl = `${address.endpoint}/${address.bucket}`
  const urlOf = (key: string) => `${bucketUrl}/${address.prefix}${key}`

  async function call(method: string, url: string, init: RequestInit = {}, fine: readonly number[] = []) {
    const response = await patiently(init.headers === undefined ? triesAtOnce : 1, () => {
      const limit = method === 'GET' ? {} : { signal: AbortSignal.timeout(timeoutMs) }
      return aws.fetch(url, { ...init, ...limit, method })
    }).catch((cause: unknown) => {
      throw new FilesError('unavailable', `the file storage did not answer ${method}`, { cause })
    })
    if (response.ok || fine.includes(response.status)) return response
    const code = /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1] ?? ''
    throw new FilesError('unavailable', `the file storage answered ${method} with ${response.status} ${code}`)
  }

  // The first version of the listing, because each page goes on behind a key of ours and not a token of theirs.
  async function* list(keyPrefix: string): AsyncGenerator<S3Object> {
    let marker: string | undefined
    do {
      const query = new URLSearchParams({ prefix: address.prefix + keyPrefix, ...(marker && { marker }) })
      const page = await (await call('GET', `${bucketUrl}?${query}`)).text()
      const found = [...page.matchAll(/<Contents>.*?<\/Contents>/gs)].map(([entry]) => readEntry(entry, address.prefix))
      yield* found
      const last = textOf(page, 'IsTruncated') === 'true' ? found.at(-1) : undefined
      marker = last && address.prefix + last.key
    } while (marker !== undefined)
  }

  return {
    async put(key, content, { once = false } = {}) {
      const condition = once ? { headers: { 'If-None-Match': '*' } } : {}
      const response = await call('PUT', urlOf(key), { body: content, ...condition }, once ? [409, 412] : [])
      await response.arrayBuffer()
      return response.ok
    },
    async get(key) {
      const response = await call('GET', urlOf(key), {}, [404])
      if (response.ok) return response
      await response.body?.cancel()
      return undefined
    },
    async remove(key) {
      await (await call('DELETE', urlOf(key), {}, [404])).arrayBuffer()
    },
    list,
  }
}

async function patiently(tries: number, ask: () => Promise<Response>): Promise<Response> {
  try {
    return await ask()
  } catch (error) {
    // Whoever has waited for its whole time has waited enough.
    if (tries <= 1 || (error instanceof DOMException && error.name === 'TimeoutError')) throw error
    return patiently(tries - 1, ask)
  }
}

function readEntry(xml: string, prefix: string): S3Object {
  const key = textOf(xml, 'Key') ?? ''
  const modifiedAt = new Date(textOf(xml, 'LastModified') ?? 0)
  return { key: key.slice(prefix.length), size: Number(textOf(xml, 'Size')), modifiedAt }
}

/** The keys are ours and need no more than these entities; the prefix is the studio's. */
function textOf(xml: string, name: string): string | undefined {
  const raw = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return raw?.replace(/&(amp|lt|gt|quot|apos);/g, (whole, entity: string) => named[entity] ?? whole)
}
