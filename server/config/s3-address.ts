/** Where an S3 store is, and by what keys it opens. */

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
 * @returns undefined where it reads otherwise
 */
export function parseS3Url(text: string): S3Address | undefined {
  const url = URL.parse(text)
  const region = url?.searchParams.get('region') ?? 'us-east-1'
  const endpoint = URL.parse(url?.searchParams.get('endpoint') ?? `https://s3.${region}.amazonaws.com`)
  if (!url?.hostname || !endpoint || !/^https?:$/.test(endpoint.protocol)) return undefined
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '')
  const base = endpoint.href.replace(/\/+$/, '')
  return { bucket: url.hostname, prefix: prefix === '' ? '' : `${prefix}/`, endpoint: base, region }
}
