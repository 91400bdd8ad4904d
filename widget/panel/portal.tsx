/** What the full page has beside the panel: who it is, above every view, and the question whether somebody else may take their place. */

import { effect, signal } from '@preact/signals-core'
import type { Bearer } from '../../server/contract/player.ts'
import { createArrival, isolated, nameOf } from '../state/link-token.ts'
import { useKept, useWhole, type Whole } from './context.ts'
import { Problem } from './notice.tsx'
import { Screen } from './screen.tsx'

export function Who() {
  const support = useWhole()
  const { speech, session, options } = support
  const { words, say } = speech
  const { bearer, leaving, follow } = useKept(() => createWho(support))
  const kind = session.kind.value
  const guest = kind === 'anonymous'
  const name = bearer.value && nameOf(bearer.value, words.value)
  const text = guest ? words.value.guest : name && say(words.value.signedInAs, { name: isolated(name) })
  // Without the key, a guest's tickets are gone for good.
  const warned = guest && leaving.value
  const flip = () => {
    leaving.value = !leaving.value
  }
  return (
    <>
      <div class="who" ref={follow}>
        <p role="status">{kind ? text : words.value.notSignedIn}</p>
        {warned && <p id="leaving">{words.value.leaveGuest}</p>}
        {kind && (
          <button
            type="button"
            class="link"
            aria-describedby={warned ? 'leaving' : undefined}
            onClick={guest && !warned ? flip : session.signOut}
          >
            {words.value.signOut}
          </button>
        )}
        {warned && (
          <button type="button" class="link" onClick={flip}>
            {words.value.cancel}
          </button>
        )}
      </div>
      {!options.game && <p class="banner">{words.value.noGame}</p>}
    </>
  )
}

/** Who it is, as the relay says: what a token says of itself proves nothing. */
function createWho({ call, session, connection }: Whole) {
  const bearer = signal<Bearer | undefined>()
  return {
    bearer,
    leaving: signal(false),
    /** As long as the view stands. */
    follow: () =>
      effect(() => {
        session.owner.value
        bearer.value = undefined
        // Once the line is there again, it is asked again.
        if (!session.kind.value || session.ended.value || connection.offline.value) return
        let over = false
        const take = (answer: Bearer) => {
          if (!over) bearer.value = answer
        }
        call('GET /session').then(take, () => {})
        return () => {
          over = true
        }
      }),
  }
}

/** Nobody's tickets are shown until it is answered. */
export function Question() {
  const support = useWhole()
  const { words, say } = support.speech
  const { names, failure, canStay, ask, accept, decline } = useKept(() => createArrival(support))
  const { next, before } = names.value ?? {}
  return (
    <Screen title={words.value.signIn} back={false}>
      <div role="status">
        {next && before ? (
          <>
            <p>{say(words.value.signingInAs, { name: isolated(next) })}</p>
            <p>{say(words.value.soFar, { name: isolated(before) })}</p>
          </>
        ) : (
          !failure.value && <p>{words.value.loading}</p>
        )}
      </div>
      {failure.value && <Problem code={failure.value} again={ask} />}
      <div class="choices">
        {next && (
          <button type="button" class="main" onClick={accept}>
            {say(words.value.goOnAs, { name: isolated(next) })}
          </button>
        )}
        <button type="button" class="plain" onClick={decline}>
          {canStay && before ? say(words.value.stayAs, { name: isolated(before) }) : words.value.notSignIn}
        </button>
      </div>
    </Screen>
  )
}
