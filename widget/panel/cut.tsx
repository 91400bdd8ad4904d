/** Stands under a field that did not take all that was put in. */
import { useTalk } from './use-talk.ts'

export function Cut({ id, value }: { id: string; value: string }) {
  const { speech, fitting } = useTalk()
  if (!fitting.isCut(id, value)) return null
  return (
    <p class="wrong" role="alert">
      {speech.words.value.cut}
    </p>
  )
}
