/** Where an S3 store is, and by what keys it opens. */
import { FilesError } from './error.ts'

export interface S3Address {
  bucket: string
  /** Put before every key: empty, or ending in `/`. */
  prefix: string
  endpoint: string
  region: string
}

export interface S3Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

/**
 * Reads `s3://bucket/prefix?endpoint=https://…&region=…`.
 *
 * @throws FilesError `misconfigured`
 */
export function parseS3Url(text: string): S3Address {
  const url = URL.parse(text)
  const region = url?.searchParams.get('region') ?? 'us-east-1'
  const endpoint = URL.parse(url?.searchParams.get('endpoint') ?? `https://s3.${region}.amazonaws.com`)
  if (!url?.hostname || !endpoint || !/^https?:$/.test(endpoint.protocol)) {
    throw new FilesError('misconfigured', 'files must read s3://bucket/prefix?endpoint=https://…&region=…')
  }
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '')
  const base = endpoint.href.replace(/\/+$/, '')
  return { bucket: url.hostname, prefix: prefix === '' ? '' : `${prefix}/`, endpoint: base, region }
}
