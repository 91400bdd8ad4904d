/** Files on messages, fetched with the player's bearer and shown as `blob:` addresses. */
import type { Attachment } from '../../server/contract/attachment.ts'
import type { AttachmentId } from '../../server/contract/ids.ts'
import type { Call } from '../relay/call.ts'

export interface Files {
  /** An address for this page only; it is the same for the same file. */
  address(id: AttachmentId): Promise<string>
  /** Hands the file to the browser's own saving. */
  save(attachment: Attachment): Promise<void>
  forget(): void
}

export function createFiles(call: Call): Files {
  const addresses = new Map<AttachmentId, Promise<string>>()
  const fetchOne = async (attachmentId: AttachmentId) => {
    const response = await call.open('GET /attachments/:attachmentId', { params: { attachmentId } })
    return URL.createObjectURL(await response.blob())
  }
  const address = (id: AttachmentId) => {
    const found = addresses.get(id) ?? fetchOne(id)
    addresses.set(id, found)
    found.catch(() => addresses.delete(id))
    return found
  }
  return {
    address,
    async save({ id, fileName }) {
      const link = document.createElement('a')
      link.href = await address(id)
      link.download = fileName
      link.click()
    },
    forget() {
      for (const found of addresses.values()) found.then(URL.revokeObjectURL, () => {})
      addresses.clear()
    },
  }
}
