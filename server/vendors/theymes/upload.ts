/** Files on their way to Theymes: announced with our key, then put to the address it signed, without our key. */
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { putFile, type VendorHttp } from '../http.ts'
import type { VendorParts } from '../parts.ts'
import { VendorError, type VendorFile, type VendorPlayer } from '../vendor.ts'
import { PreparedUpload, type TheymesConfig } from './wire.ts'

export type Lookup = (host: string) => Promise<readonly { address: string; family: number }[]>

export interface UploadParts {
  config: TheymesConfig
  http: VendorHttp
  parts: VendorParts
  lookup?: Lookup
}

export type Upload = (file: VendorFile, player: VendorPlayer, signal: AbortSignal) => Promise<string>

const everyAddress: Lookup = (host) => lookup(host, { all: true })

/** @returns a function that answers with the id to name in `POST /tickets`. */
export function createUpload({ config, http, parts, lookup = everyAddress }: UploadParts): Upload {
  return async (file, player, signal) => {
    const prepared = await http.call({
      method: 'POST',
      path: '/attachments',
      json: {
        gameId: config.gameId,
        fileName: file.fileName,
        fileType: file.fileType,
        fileSize: file.fileSize,
        playerId: player.id,
      },
      schema: PreparedUpload,
      signal,
    })
    const url = new URL(prepared.uploadUrl)
    if (!(await isAllowed(url, new URL(config.baseUrl), lookup))) {
      parts.onDrift('theymes', 'POST /attachments: an upload address that may not be called')
      throw new VendorError('unexpected', 'theymes: answered with an upload address that may not be called')
    }
    await putFile({
      vendor: 'theymes',
      url,
      headers: headersOf(prepared),
      body: await file.read(),
      fileSize: file.fileSize,
      signal,
      timeoutMs: parts.http?.timeoutMs,
      // An address that has run out is had anew on the next try; it says nothing about our key or the ticket.
      refusal: () => 'unreachable',
    })
    return prepared.attachmentId
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
export async function isAllowed(url: URL, base: URL, lookup: Lookup): Promise<boolean> {
  if (url.username !== '' || url.password !== '') return false
  if (url.origin === base.origin) return true
  if (url.protocol !== 'https:') return false
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const literal = isIP(host)
  const addresses = literal ? [{ address: host, family: literal }] : await resolved(host, lookup)
  return addresses.length > 0 && addresses.every(isPublic)
}

function isPublic({ address, family }: { address: string; family: number }): boolean {
  return !privateAddresses.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

async function resolved(host: string, lookup: Lookup) {
  try {
    return await lookup(host)
  } catch {
    throw new VendorError('unreachable', 'theymes: the host of an upload address does not resolve')
  }
}

const privateAddresses = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  privateAddresses.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  privateAddresses.addSubnet(network, prefix, 'ipv6')
}
