/** What the panel has to say about itself: no connection, signed out, something refused. */
import type { FailureCode } from '../handle.ts'
import { useSupport } from './context.ts'

/** Stands above every view. */
export function Banner() {
  const { speech, connection, session, gameFailure } = useSupport()
  const words = speech.words.value
  if (connection.offline.value) return <p class="banner">{words.offlineNow}</p>
  const ended = session.ended.value
  if (ended) return <p class="banner">{ended === 'session_ended' ? words.ended : speech.problem(ended)}</p>
  return gameFailure.value ? <Problem code={gameFailure.value} /> : null
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
