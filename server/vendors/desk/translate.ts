/** Desk rows → what a player may see. Pure. */

import type { DeskAuthor, DeskFile, DeskMessage } from '../../desk/ledger.ts'
import { withoutAgentNote } from '../text/agent-note.ts'
import type { VendorMessage } from '../vendor.ts'

/** The allow-list: whatever has no entry here, a note first of all, never leaves the desk. */
const publicAuthors: Partial<Record<DeskAuthor, VendorMessage['author']>> = { player: 'player', agent: 'agent' }

export function publicMessages(messages: readonly DeskMessage[], files: readonly DeskFile[]): VendorMessage[] {
  return messages.flatMap((message) => {
    const author = publicAuthors[message.author]
    return author ? [publicMessage(message, author, files)] : []
  })
}

function publicMessage(
  message: DeskMessage,
  author: VendorMessage['author'],
  files: readonly DeskFile[],
): VendorMessage {
  return {
    vendorMessageId: message.id,
    author,
    authorName: message.author_name ?? undefined,
    text: author === 'player' ? withoutAgentNote(message.text).text : message.text,
    sentAt: new Date(message.sent_at),
    mark: message.mark ?? undefined,
    attachments: files
      .filter((file) => file.message_id === message.id)
      .map((file) => ({
        vendorFileId: file.id,
        fileName: file.file_name,
        fileType: file.file_type,
        fileSize: file.file_size,
      })),
  }
}
