/** Into an e-mail player's history by a mailed link, or back into an anonymous one's by the recovery key. */

import { signal } from '@preact/signals-core'
import { createRef } from 'preact'
import { RelayProblem } from '../relay/call.ts'
import { askForLink } from '../state/mail-link.ts'
import { useKept, useWhole, type Whole } from './context.ts'
import { Screen } from './screen.tsx'

export function SignIn() {
  const { speech, game } = useWhole()
  const words = speech.words.value
  const ways = game.value?.signIn ?? []
  return (
    <Screen title={ways.includes('email') ? words.signIn : words.recover}>
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
  const support = useWhole()
  const { speech, session, tickets } = support
  const words = speech.words.value
  const { recoveryKey, wrong, field, enter } = useKept(() => createRecovering(support))
  const leaves = session.kind.value === 'anonymous' && !!tickets.list.value?.length
  return (
    <form class="place" onSubmit={enter}>
      <label for="key">{words.recoveryKey}</label>
      <input
        id="key"
        type="text"
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        dir="ltr"
        required
        ref={field}
        aria-invalid={wrong.value}
        aria-describedby="key-wrong key-hint leaving"
        value={recoveryKey.value}
        onInput={(event) => {
          recoveryKey.value = event.currentTarget.value
        }}
      />
      {wrong.value && (
        <p class="wrong" id="key-wrong" role="alert">
          {words.recoveryWrong}
        </p>
      )}
      <p class="hint" id="key-hint">
        {words.recoveryHint}
      </p>
      {leaves && <p id="leaving">{words.recoverInstead}</p>}
      <button type="submit" class="plain">
        {words.recover}
      </button>
    </form>
  )
}

function createRecovering({ options, session, act, router, notices, speech }: Whole) {
  const recoveryKey = signal('')
  const wrong = signal(false)
  const field = createRef<HTMLInputElement>()
  /** Spaces, dashes, case and letters that look alike are the relay's to forgive. */
  const recover = async () => {
    wrong.value = false
    try {
      await session.enter({ kind: 'recover', game: options.game, recoveryKey: recoveryKey.value.trim() })
    } catch (error) {
      wrong.value = error instanceof RelayProblem && (error.code === 'not_found' || error.code === 'invalid')
      if (!wrong.value) throw error
      return field.current?.focus()
    }
    router.home()
    notices.show({ text: speech.words.value.recovered })
  }
  const enter = (event: Event) => {
    event.preventDefault()
    act(recover)
  }
  return { recoveryKey, wrong, field, enter }
}
