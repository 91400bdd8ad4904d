/** One word after an act, with the way back where there is one. */
import { useWhole } from './context.ts'

export function Toast() {
  const { speech, notices } = useWhole()
  const notice = notices.current.value
  const undo = () => {
    notices.clear()
    notice?.undo?.()
  }
  if (!notice) return null
  return (
    <p>
      {notice.text}
      {notice.undo && (
        <button type="button" class="link" onClick={undo}>
          {speech.words.value.undo}
        </button>
      )}
    </p>
  )
}
