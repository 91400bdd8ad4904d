/** What stands under a field that takes no more, or did not take all that was put in, and under one that waits for its files. */
import type { ReadonlySignal } from '@preact/signals-core'
import type { Uploads } from '../state/uploads.ts'
import { useMessaging } from './use-messaging.ts'

export function Cut({ id, value }: { id: string; value: string }) {
  const { speech, truncation } = useMessaging()
  if (!truncation.isCut(id, value)) return null
  return (
    <p class="wrong" role="alert">
      {speech.words.value.cut}
    </p>
  )
}

export function Room({ left }: { left: number }) {
  const { words, say } = useMessaging().speech
  return (
    <p class="hint" role="status">
      {say(words.value.charactersLeft, { n: left })}
    </p>
  )
}

/** The region is always there, or a screen reader would miss it. */
export function WaitsForFiles({
  sending,
  uploads,
}: {
  sending: ReadonlySignal<boolean>
  uploads: Uploads | undefined
}) {
  const { speech } = useMessaging()
  const waits = sending.value && uploads?.items.value.some(({ state }) => state === 'preparing' || state === 'moving')
  return (
    <p class="hint" role="status">
      {waits && speech.words.value.sendAfterFiles}
    </p>
  )
}
