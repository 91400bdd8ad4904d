/** Into an e-mail player's history by a mailed link, or back into an anonymous one's by the recovery key. */

import { signal } from '@preact/signals-core'
import { askForLink } from '../state/mail-link.ts'
import { useKept, useWhole } from './context.ts'
import { Screen } from './screen.tsx'

export function SignIn() {
  const { speech, game } = useWhole()
  const words = speech.words.value
  const ways = game.value?.signIn ?? []
  return (
    <Screen title={words.signIn}>
      {ways.includes('email') && <ByMail />}
      {ways.includes('anonymous') && <ByRecoveryKey />}
    </Screen>
  )
}

function ByMail() {
  const support = useWhole()
  const { words, say } = support.speech
  const { email, sentTo } = useKept(() => ({ email: signal(''), sentTo: signal('') }))
  if (sentTo.value)
    return (
      <p class="card" role="status">
        {say(words.value.linkSent, { email: sentTo.value })}
      </p>
    )
  const send = (event: Event) => {
    event.preventDefault()
    support.act(async () => {
      await askForLink(support, email.value.trim())
      sentTo.value = email.value
    })
  }
  return (
    <form class="place" onSubmit={send}>
      <label for="address">{words.value.email}</label>
      <input
        id="address"
        type="email"
        autocomplete="email"
        required
        aria-describedby="address-hint"
        value={email.value}
        onInput={(event) => {
          email.value = event.currentTarget.value
        }}
      />
      <p class="hint" id="address-hint">
        {words.value.linkHint}
      </p>
      <button type="submit" class="main">
        {words.value.sendLink}
      </button>
    </form>
  )
}

function ByRecoveryKey() {
  const { speech, options, session, act, router } = useWhole()
  const words = speech.words.value
  const recoveryKey = useKept(() => signal(''))
  const enter = (event: Event) => {
    event.preventDefault()
    act(async () => {
      await session.enter({ kind: 'recover', game: options.game, recoveryKey: recoveryKey.value.trim() })
      router.home()
    })
  }
  return (
    <form class="place" onSubmit={enter}>
      <label for="key">{words.recoveryKey}</label>
      <input
        id="key"
        type="text"
        autocomplete="off"
        spellcheck={false}
        required
        aria-describedby="key-hint"
        value={recoveryKey.value}
        onInput={(event) => {
          recoveryKey.value = event.currentTarget.value
        }}
      />
      <p class="hint" id="key-hint">
        {words.recoveryHint}
      </p>
      <button type="submit" class="plain">
        {words.recover}
      </button>
    </form>
  )
}
