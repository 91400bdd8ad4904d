/**
 * Files on their way to i3D.net: uploaded first, named by id in the ticket or reply, and dropped when that is refused. One
 * that i3D.net does not take goes as a link to the relay's own copy: no message is lost because a file was.
 */
import type { VendorHttp } from '../http/http.ts'
import { VendorError, type VendorFile } from '../vendor.ts'
import { multipartOf } from './upload.ts'
import { AnyAnswer, UploadedAttachment } from './wire.ts'

const path = '/v3/tickets/attachment'
const dropTimeoutMs = 10_000

export interface Carried {
  ids: readonly number[]
  /** What i3D.net did not take. */
  linked: readonly VendorFile[]
}

export interface MessageFiles {
  /** Uploads, then sends what carries the ids. @throws VendorError */
  carry: <T>(files: readonly VendorFile[], signal: AbortSignal, send: (carried: Carried) => Promise<T>) => Promise<T>
}

export function createFiles(http: VendorHttp): MessageFiles {
  async function upload(file: VendorFile, signal: AbortSignal): Promise<number> {
    const multipart = await multipartOf('attachment', file).catch((cause: unknown) => {
      throw new VendorError('unreachable', 'i3d: a file of the relay’s own cannot be read', { cause })
    })
    const { attachmentId } = await http.call({
      method: 'POST',
      path,
      ...multipart,
      schema: UploadedAttachment,
      signal,
      isRepeatable: true,
    })
    return attachmentId
  }

  /** Only ids uploaded just now. What cannot be dropped stays behind at i3D.net, attached to nothing. */
  async function drop(ids: readonly number[]): Promise<void> {
    const signal = AbortSignal.timeout(dropTimeoutMs)
    const drops = ids.map((id) => {
      const params = { attachmentId: String(id) }
      return http.call({ method: 'DELETE', path: `${path}/{attachmentId}`, params, schema: AnyAnswer, signal })
    })
    await Promise.allSettled(drops)
  }

  return {
    async carry(files, signal, send) {
      const ids: number[] = []
      const linked: VendorFile[] = []
      let isSending = false
      try {
        for (const file of files) {
          const id = await upload(file, signal).catch(unlessRefused)
          if (id === undefined) linked.push(file)
          else ids.push(id)
        }
        isSending = true
        return await send({ ids, linked })
      } catch (error) {
        if (!isSending || isRefusal(error)) await drop(ids)
        throw error
      }
    },
  }
}

/** Only then is it sure that no ticket holds the files: an answer lost on the way may have been a success. */
function isRefusal(error: unknown): boolean {
  return error instanceof VendorError && ['refused', 'misconfigured', 'missing', 'busy'].includes(error.code)
}

function unlessRefused(error: unknown): undefined {
  if (!(error instanceof VendorError) || !['refused', 'missing'].includes(error.code)) throw error
}
