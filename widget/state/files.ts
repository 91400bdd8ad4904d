/** Files on messages, fetched with the player's bearer and shown as `blob:` addresses. */
import type { Attachment } from '../../server/contract/attachment.ts'
import type { AttachmentId } from '../../server/contract/ids.ts'
import type { Call } from '../relay/call.ts'
import type { Clock } from './clock.ts'

export interface Files {
  /** An address for this page only, good until many others have been asked for. */
  address(attachment: Attachment): Promise<string>
  /** Hands the file to the browser's own saving. */
  save(attachment: Attachment): Promise<void>
  forget(): void
}

/** All that is held at once. What is on the screen by then stays there: a picture has been read from its address. */
const maxBytes = 32 * 2 ** 20
const savingMs = 60_000

export function createFiles(call: Call, clock: Clock): Files {
  /** The one asked for last comes last. */
  const held = new Map<AttachmentId, { size: number; found: Promise<string> }>()
  const release = (id: AttachmentId) => {
    held.get(id)?.found.then(URL.revokeObjectURL, () => {})
    held.delete(id)
  }
  const makeRoom = (newest: AttachmentId) => {
    let bytes = [...held.values()].reduce((sum, { size }) => sum + size, 0)
    for (const [id, { size }] of held) {
      if (bytes <= maxBytes || id === newest) return
      bytes -= size
      release(id)
    }
  }
  const fetchOne = async (attachmentId: AttachmentId) => {
    const response = await call.open('GET /attachments/:attachmentId', { params: { attachmentId } })
    return URL.createObjectURL(await response.blob())
  }
  const address = ({ id, fileSize }: Attachment) => {
    const found = held.get(id)?.found ?? fetchOne(id)
    held.delete(id)
    held.set(id, { size: fileSize, found })
    found.catch(() => held.delete(id))
    makeRoom(id)
    return found
  }
  return {
    address,
    async save(attachment) {
      const link = document.createElement('a')
      link.href = await address(attachment)
      link.download = attachment.fileName
      link.click()
      // A film is not worth holding once the browser has written it down.
      if (attachment.fileSize > maxBytes / 4) clock.after(savingMs, () => release(attachment.id))
    },
    forget() {
      for (const id of [...held.keys()]) release(id)
    },
  }
}
