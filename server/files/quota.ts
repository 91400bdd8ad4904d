/** How much room there is for files that wait: whose bytes they are, and what has to stay free on the relay's own disks. */
import { createHmac } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { FileQuota } from '../config/limits.ts'
import { deriveKey, type RelaySecrets } from '../runtime/derived-keys.ts'
import type { Log } from '../runtime/log.ts'
import { networkOf } from '../runtime/network.ts'
import { Refusal } from '../runtime/refusal.ts'
import { isPostgres } from '../store/engine.ts'
import type { WaitingBounds } from '../store/waiting-files.ts'
import { folderOf } from './files.ts'

export type Disk = 'files' | 'ledger'

/** Bytes free on the disk that a folder is on. */
export type FreeBytesOf = (folder: string) => Promise<number>

export interface Quota {
  /**
   * For a file that is announced from this address.
   *
   * @throws Refusal `storage_full` where the ledger's disk is at its floor: tickets need what is left
   */
  from: (address: string | undefined) => Promise<{ network: string; bounds: WaitingBounds }>
  /** Bytes free by now; a disk that is not the relay's own, or cannot be asked, is left out. */
  free: () => Promise<{ [D in Disk]?: number }>
}

export interface QuotaParts {
  storage: FileQuota
  /** Where ledger and files lie, as configured. */
  store: string
  files: string
  secrets: RelaySecrets
  log: Log
  freeBytesOf?: FreeBytesOf | undefined
}

export function createQuota({ storage, store, files, secrets, log, freeBytesOf = askSystem }: QuotaParts): Quota {
  const nameOf = createNetworkNames(secrets)
  const folders: { [D in Disk]?: string | undefined } = {
    files: folderOf(files),
    ledger: isPostgres(store) ? undefined : dirname(store.slice('sqlite:'.length)),
  }

  async function freeOn(disk: Disk): Promise<number | undefined> {
    const folder = folders[disk]
    if (folder === undefined) return undefined
    try {
      return await freeBytesOf(folder)
    } catch (error) {
      log.warn({ err: error, disk }, 'a disk does not say how much is free on it')
      return undefined
    }
  }

  async function free() {
    const [files, ledger] = await Promise.all([freeOn('files'), freeOn('ledger')])
    return { ...(files !== undefined && { files }), ...(ledger !== undefined && { ledger }) }
  }

  return {
    free,
    async from(address) {
      const { files, ledger } = await free()
      if (ledger !== undefined && ledger < storage.ledgerFreeBytes) throw storageFull()
      const disk = files === undefined ? undefined : files - storage.freeBytes
      return { network: nameOf(address), bounds: { network: storage.addressBytes, game: storage.gameBytes, disk } }
    },
  }
}

/** Of the disk that the folder is on, or will be once it is made: what anybody but root may still fill. */
async function askSystem(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (error) {
    const parent = dirname(resolve(folder))
    if (parent === resolve(folder)) throw error
    return askSystem(parent)
  }
}

/** A disk that is emptied by hand is emptied in minutes at best. */
const retryAfterSeconds = 60

/** What there is no room for now. The player's message goes without it. */
export function storageFull(): Refusal {
  return new Refusal('storage_full', { retryAfterSeconds })
}

/**
 * Names networks so that the ledger holds no address: keyed, because all there are could be tried on a plain hash.
 *
 * @returns for an address the name of its {@link wideNetworkOf}, empty for none
 */
export function createNetworkNames([secret]: RelaySecrets): (address: string | undefined) => string {
  const key = deriveKey(secret, 'networks')
  return (address) =>
    address === undefined
      ? ''
      : createHmac('sha256', key).update(wideNetworkOf(address)).digest('base64url').slice(0, 22)
}

/**
 * A /24 of IPv4, a /48 of IPv6: what one customer of a host has for the asking, so that many addresses of one machine are
 * no more than one. There is room for all who share one by chance: what waits, waits for minutes.
 */
function wideNetworkOf(address: string): string {
  const network = networkOf(address)
  const sign = network.includes(':') ? ':' : '.'
  return network.split(sign).slice(0, 3).join(sign)
}
