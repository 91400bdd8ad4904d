/** The tickets an anonymous player opened here before the studio said who they are. */
import { useWhole } from './context.ts'

/** Theirs only if they say so: somebody else may have had the device before. */
export function Earlier() {
  const { speech, session, act, tickets, call } = useWhole()
  const anonymousToken = session.earlier.value
  const words = speech.words.value
  if (!anonymousToken) return null
  const add = () =>
    act(async () => {
      await call('POST /sessions/merge', { body: { anonymousToken } })
      session.dropEarlier()
      await tickets.load()
    })
  return (
    <div class="card">
      <p>{words.addEarlier}</p>
      <button type="button" class="plain" onClick={add}>
        {words.add}
      </button>
      <button type="button" class="plain" onClick={session.hideEarlier}>
        {words.notNow}
      </button>
    </div>
  )
}
