/** Signed, expiring links to the relay's own copy, for vendors that take a link and no file. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { AttachmentId } from '../contract/ids.ts'

export interface Links {
  /** An absolute link that opens this one file until `lifetimeSeconds` from now. */
  sign(attachmentId: AttachmentId, lifetimeSeconds: number): string
  /** Whose file the link opens; undefined when it is forged, altered or over. */
  verify(url: URL): AttachmentId | undefined
}

export interface LinkOptions {
  /** The relay's secret. The key for links is derived from it, so that a link proves nothing elsewhere. */
  secret: string
  publicUrl: string
  /** Now, in milliseconds since 1970. */
  clock: () => number
}

export function createLinks({ secret, publicUrl, clock }: LinkOptions): Links {
  const key = createHmac('sha256', secret).update('medkit file link').digest()
  const base = publicUrl.replace(/\/+$/, '')
  const signatureOf = (id: string, until: number) => createHmac('sha256', key).update(`${id}.${until}`).digest()

  return {
    sign(attachmentId, lifetimeSeconds) {
      const until = Math.floor(clock() / 1000) + lifetimeSeconds
      const signature = signatureOf(attachmentId, until).toString('base64url')
      return `${base}/files/${attachmentId}?until=${until}&signature=${signature}`
    },
    verify(url) {
      const id = /\/files\/([A-Za-z0-9_-]{22})$/.exec(url.pathname)?.[1]
      const until = Number(/^\d{1,12}$/.exec(url.searchParams.get('until') ?? '')?.[0])
      const given = Buffer.from(url.searchParams.get('signature') ?? '', 'base64url')
      if (id === undefined || !(until * 1000 > clock())) return undefined
      const expected = signatureOf(id, until)
      const equal = given.length === expected.length && timingSafeEqual(given, expected)
      return equal ? (id as AttachmentId) : undefined
    },
  }
}
