/** Files on their way to Theymes: announced with our key, then put to the address it signed, without our key. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { isPublicAddress } from '../../runtime/network.ts'
import { putFile, type VendorHttp } from '../http/http.ts'
import type { VendorParts } from '../parts.ts'
import { type Vendor, VendorError, type VendorFile, type VendorFileId, type VendorPlayer } from '../vendor.ts'
import { type PreparedUpload, preparedUploadOf, type TheymesConfig } from './wire.ts'

export type Lookup = (host: string) => Promise<readonly { address: string; family: number }[]>

export interface UploadParts {
  config: TheymesConfig
  http: VendorHttp
  parts: VendorParts
  lookup?: Lookup
}

export interface FileUploads {
  /** Puts a file there. @returns the id to name in `POST /tickets`. @throws VendorError `refused` where it is not taken */
  send: (file: VendorFile, player: VendorPlayer, signal: AbortSignal) => Promise<string>
  /** An address where a browser may do so itself. */
  prepare: NonNullable<Vendor['prepareUpload']>
}

const everyAddress: Lookup = (host) => lookup(host, { all: true })

/** Theymes says itself how long an address lasts; where it does not, this is surely not too long. */
const defaultExpirySeconds = 300

export function createUploads({ config, http, parts, lookup = everyAddress }: UploadParts): FileUploads {
  const schema = preparedUploadOf(config)

  async function announce(
    { fileName, fileType, fileSize }: Pick<VendorFile, 'fileName' | 'fileType' | 'fileSize'>,
    { id: playerId }: Pick<VendorPlayer, 'id'>,
    signal: AbortSignal,
  ): Promise<PreparedUpload> {
    const json = { gameId: config.gameId, fileName, fileType, fileSize, playerId }
    const prepared = await http.call({
      method: 'POST',
      path: '/attachments',
      json,
      schema,
      signal,
      isRepeatable: true,
    })
    if (await isAllowed(new URL(prepared.uploadUrl), new URL(config.baseUrl), lookup)) return prepared
    parts.onDrift('theymes', 'POST /attachments: an upload address that may not be called')
    throw new VendorError('unexpected', 'theymes: answered with an upload address that may not be called')
  }

  async function put(file: VendorFile, player: VendorPlayer, signal: AbortSignal): Promise<string> {
    const prepared = await announce(file, player, signal)
    await putFile({
      vendor: 'theymes',
      url: new URL(prepared.uploadUrl),
      headers: headersOf(prepared),
      body: await file.read(),
      fileSize: file.fileSize,
      signal,
      timeoutMs: parts.http?.timeoutMs,
      // Whatever the storage says, it says nothing about our key or the ticket.
      refusal: () => 'refused',
    })
    return prepared.attachmentId
  }

  return {
    // An address may have run out while others were on their way; a second one has not.
    send: (file, player, signal) =>
      put(file, player, signal).catch((error: unknown) => {
        if (!(error instanceof VendorError) || error.code !== 'refused') throw error
        return put(file, player, signal)
      }),

    async prepare(file, player, signal) {
      const prepared = await announce(file, player, signal)
      const lifetimeMs = (prepared.uploadExpiresInSeconds ?? defaultExpirySeconds) * 1_000
      return {
        vendorFileId: prepared.attachmentId as VendorFileId,
        url: prepared.uploadUrl,
        headers: headersOf(prepared),
        expiresAt: new Date(parts.clock.now().getTime() + lifetimeMs),
      }
    },
  }
}

/** Headers of the connection are ours, and a signed address needs no identity. */
function headersOf({ uploadHeaders }: PreparedUpload): Record<string, string> {
  const ours = ['host', 'content-length', 'transfer-encoding', 'connection', 'authorization', 'cookie']
  return Object.fromEntries(Object.entries(uploadHeaders).filter(([name]) => !ours.includes(name.toLowerCase())))
}

/**
 * The vendor's own origin, or https to a public address: a vendor that is broken into must not be able to point the
 * relay at its own network. A name that resolves anew in between is left to TLS, which a private host cannot answer.
 */
async function isAllowed(url: URL, base: URL, lookup: Lookup): Promise<boolean> {
  if (url.username !== '' || url.password !== '') return false
  if (url.origin === base.origin) return true
  if (url.protocol !== 'https:') return false
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const literal = isIP(host)
  const addresses = literal ? [{ address: host, family: literal }] : await resolved(host, lookup)
  return addresses.length > 0 && addresses.every(({ address }) => isPublicAddress(address))
}

async function resolved(host: string, lookup: Lookup) {
  try {
    return await lookup(host)
  } catch {
    throw new VendorError('unreachable', 'theymes: the host of an upload address does not resolve')
  }
}
