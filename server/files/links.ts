/** Signed, expiring links to the relay's own copy, for vendors that take a link and no file. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { AttachmentId } from '../contract/ids.ts'
import type { DerivedKeys, RelaySecrets } from '../runtime/derived-keys.ts'

export interface Links {
  /** An absolute link that opens this one file until `lifetimeSeconds` from now. */
  sign(attachmentId: AttachmentId, lifetimeSeconds: number): string
  /** Whose file the link opens; undefined when it is forged, altered or over. */
  verify(url: URL): AttachmentId | undefined
}

export interface LinkOptions {
  /** The relay's own. The keys for links are derived from them, so that a link proves nothing elsewhere. */
  secrets: RelaySecrets
  publicUrl: string
  /** Now, in milliseconds since 1970. */
  clock: () => number
}

export function createLinks({ secrets, publicUrl, clock }: LinkOptions): Links {
  const [key, ...older] = keysFrom(secrets)
  const base = publicUrl.replace(/\/+$/, '')
  const signatureOf = (id: string, until: number, by: Uint8Array = key) =>
    createHmac('sha256', by).update(`${id}.${until}`).digest()

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
      const isGood = [key, ...older].some((by) => isSame(given, signatureOf(id, until, by)))
      return isGood ? (id as AttachmentId) : undefined
    },
  }
}

function keysFrom([newest, ...older]: RelaySecrets): DerivedKeys {
  const keyFrom = (secret: Uint8Array) =>
    createHmac('sha256', Buffer.from(secret).toString('base64url')).update('medkit file link').digest()
  return [keyFrom(newest), ...older.map(keyFrom)]
}

function isSame(given: Uint8Array, expected: Uint8Array): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}
