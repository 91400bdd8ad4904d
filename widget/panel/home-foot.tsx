/** The foot of home: language, the player's data, and the way in or out. Never more than two presses away. */
import { languageNames } from '../words/words.ts'
import { useSupport } from './context.ts'

export function HomeFoot() {
  const { speech, game, session, router, mode } = useSupport()
  const words = speech.words.value
  const kind = session.kind.value
  const ways = game.value?.signIn ?? []
  const byMail = ways.includes('email')
  return (
    <div class="foot links">
      <label class="select">
        <span class="hidden">{words.language}</span>
        <select
          value={speech.locale.value}
          onChange={(event) => speech.choose(event.currentTarget.value).catch(() => {})}
        >
          {Object.entries(languageNames).map(([code, name]) => (
            <option key={code} value={code} lang={code}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {kind && (
        <button type="button" class="link" onClick={() => router.go({ view: 'privacy' })}>
          {words.privacy}
        </button>
      )}
      {kind !== 'verified' && kind !== 'email' && (byMail || ways.includes('anonymous')) && (
        <button type="button" class="link" onClick={() => router.go({ view: 'sign-in' })}>
          {byMail ? words.signIn : words.recover}
        </button>
      )}
      {kind === 'email' && mode !== 'page' && (
        <button type="button" class="link" onClick={session.signOut}>
          {words.signOut}
        </button>
      )}
    </div>
  )
}
