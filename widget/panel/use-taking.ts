/** Files that come by paste or by drop. */
import { useState } from 'preact/hooks'
import type { Support } from '../state/support.ts'
import { writingOf } from '../state/writing.ts'

const carriesFiles = ({ dataTransfer }: DragEvent) => !!dataTransfer?.types.includes('Files')

/** Something is being written that could carry them. */
function isWanted({ router, tickets, game }: Support): boolean {
  const route = router.current.value
  if (!game.value?.attachments) return false
  if (route.view === 'new') return true
  const ticket = route.view === 'ticket' && tickets.list.value?.find(({ id }) => id === route.id)
  return !!ticket && ticket.can.reply && ticket.status !== 'closed'
}

/** The listeners of the element that takes them. */
export function useTaking(support: Support) {
  const [over, setOver] = useState(false)
  const add = (files: FileList) => {
    if (isWanted(support)) writingOf(support).uploads().add(files)
  }
  const onDragOver = (event: DragEvent) => {
    if (!carriesFiles(event)) return
    // Whatever is not kept from it leaves the page and opens the file.
    event.preventDefault()
    setOver(isWanted(support))
  }
  return {
    class: over ? 'taking dropping' : 'taking',
    onDragEnter: onDragOver,
    onDragOver,
    onDragLeave: () => setOver(false),
    onDrop(event: DragEvent) {
      setOver(false)
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
  }
}
