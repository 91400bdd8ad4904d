/** What the panel has to say about itself: no connection, signed out, something done that can be undone, something refused. */
import type { FailureCode } from '../handle.ts'
import { useSupport } from './context.ts'

/** Stands above every view. */
export function Banner() {
  const { speech, connection, session, gameFailure, options } = useSupport()
  const words = speech.words.value
  if (!options.game) return <p class="banner">{words.noGame}</p>
  if (connection.offline.value) return <p class="banner">{words.offlineNow}</p>
  const ended = session.ended.value
  if (ended) return <p class="banner">{ended === 'session_ended' ? words.ended : speech.problem(ended)}</p>
  return gameFailure.value ? <Problem code={gameFailure.value} /> : null
}

/** One word after an act, over the foot of the panel. The region is always there, or a screen reader would miss it. */
export function Toast() {
  const { speech, notices } = useSupport()
  const notice = notices.current.value
  const undo = () => {
    notices.clear()
    notice?.undo?.()
  }
  return (
    <div role="status" class="toast">
      {notice && (
        <p>
          {notice.text}
          {notice.undo && (
            <button type="button" class="link" onClick={undo}>
              {speech.words.value.undo}
            </button>
          )}
        </p>
      )}
    </div>
  )
}

export function Problem({ code, again }: { code: FailureCode; again?: () => unknown }) {
  const { speech, loadGame } = useSupport()
  return (
    <div class="banner" role="alert">
      {speech.problem(code)}
      <button type="button" class="link" onClick={again ?? loadGame}>
        {speech.words.value.tryAgain}
      </button>
    </div>
  )
}
