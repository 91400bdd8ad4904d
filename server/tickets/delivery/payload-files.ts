/** A message's files as its delivery sees them: along with it, on their way, or never to come. */

import type { Files } from '../../files/files.ts'
import type { Links } from '../../files/links.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { AttachmentRow } from '../../store/attachments.ts'
import type { Notifier } from '../../store/notifier.ts'
import type { Store } from '../../store/store.ts'
import type { AbsentFile, VendorFile } from '../../vendors/vendor.ts'

export interface PayloadFiles {
  files: readonly VendorFile[]
  absent: readonly AbsentFile[]
}

export type FilesOf = (attachments: readonly AttachmentRow[]) => Promise<PayloadFiles>

export interface PayloadFilesParts {
  store: Store
  clock: Clock
  notifier: Notifier
  files: Files
  links: Pick<Links, 'sign'>
}

/** A vendor that takes a link has a week to fetch the file. */
const linkSeconds = 7 * 86_400
/** How long a message waits for its files. Then it goes, and they follow by a link. */
const waitMs = 60_000

/** Whether a message should wait for files that are on their way to the relay, or being looked into. */
export function waitsForFiles(attachments: readonly AttachmentRow[], acceptedAt: number, now: Date): boolean {
  return attachments.some(isOnItsWay) && now.getTime() < acceptedAt + waitMs
}

function isOnItsWay({ state, vendor_file_id }: AttachmentRow): boolean {
  return (state === 'uploading' || state === 'checking') && vendor_file_id === null
}

export function createPayloadFiles({ store, clock, notifier, files, links }: PayloadFilesParts): FilesOf {
  const linkTo = (row: AttachmentRow) => links.sign(row.id, linkSeconds)

  function fileOf(row: AttachmentRow): VendorFile {
    return {
      fileName: row.file_name,
      fileType: row.file_type,
      fileSize: Number(row.file_size),
      vendorFileId: row.vendor_file_id ?? undefined,
      link: linkTo(row),
      read: async () => {
        const kept = await files.blobs.read(row.id)
        if (!kept) throw new Error('a file that was promised to a vendor is gone')
        return kept.body
      },
    }
  }

  /** A message is not lost because a file was: the player is told, and the agent. */
  async function noticeLoss({ id }: AttachmentRow): Promise<void> {
    const row = await store.transaction(async (ledger) => {
      const lost = await ledger.attachments.markLost(id)
      if (lost) await ledger.events.add(lost.player, clock.now(), { type: 'attachment-changed', attachment_id: id })
      return lost
    })
    if (row) notifier.player.notify(row.player)
  }

  async function place(row: AttachmentRow): Promise<PayloadFiles> {
    const { file_name: fileName, reason } = row
    if (row.state === 'refused') return { files: [], absent: [{ fileName, why: `refused: ${reason ?? 'unreadable'}` }] }
    if (isOnItsWay(row)) return { files: [], absent: [{ fileName, link: linkTo(row), why: 'follows' }] }
    if (row.vendor_file_id !== null || (await files.uploads.isWhole(row.id)))
      return { files: [fileOf(row)], absent: [] }
    await noticeLoss(row)
    return { files: [], absent: [{ fileName, why: 'refused: unreadable' }] }
  }

  return async (attachments) => {
    const placed = await Promise.all(attachments.map(place))
    return { files: placed.flatMap(({ files }) => files), absent: placed.flatMap(({ absent }) => absent) }
  }
}
