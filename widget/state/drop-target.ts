/** Files that come by paste or by drop, anywhere on what is being written. */
import { type ReadonlySignal, signal } from '@preact/signals-core'
import type { Support } from './support.ts'
import type { Uploads } from './uploads.ts'

export interface DropTarget {
  /** Files are held over a place that takes them. */
  over: ReadonlySignal<boolean>
  /** The listeners of the element that takes them. */
  listeners: Readonly<Record<string, (event: never) => void>>
}

const carriesFiles = ({ dataTransfer }: DragEvent) => !!dataTransfer?.types.includes('Files')

/** Something is being written that could carry them. */
function isWanted({ router, tickets, game }: Support): boolean {
  const route = router.current.value
  if (!game.value?.attachments) return false
  if (route.view === 'new') return true
  const ticket = route.view === 'ticket' && tickets.list.value?.find(({ id }) => id === route.id)
  return !!ticket && ticket.can.reply && ticket.status !== 'closed'
}

export function createDropTarget(support: Support, uploads: () => Uploads): DropTarget {
  const over = signal(false)
  const add = (files: FileList) => {
    if (isWanted(support)) uploads().add(files)
  }
  const onDragOver = (event: DragEvent) => {
    if (!carriesFiles(event)) return
    // Whatever is not kept from it leaves the page and opens the file.
    event.preventDefault()
    over.value = isWanted(support)
  }
  return {
    over,
    listeners: {
      onDragEnter: onDragOver,
      onDragOver,
      onDragLeave() {
        over.value = false
      },
      onDrop(event: DragEvent) {
        over.value = false
        if (!event.dataTransfer || !carriesFiles(event)) return
        event.preventDefault()
        add(event.dataTransfer.files)
      },
      onPaste(event: ClipboardEvent) {
        const { clipboardData } = event
        // A cell of a table comes as text and as a picture of it: there the text is meant.
        if (!clipboardData?.files.length || clipboardData.types.includes('text/plain')) return
        event.preventDefault()
        add(clipboardData.files)
      },
    },
  }
}
