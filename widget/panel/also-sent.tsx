/** Everything that goes along with a message, line by line: each goes as it is, as a mask, or not at all. */

import { type Signal, signal } from '@preact/signals-core'
import type { SentLine } from '../../server/contract/ticket.ts'
import { describe } from '../play/device.ts'
import { mask } from '../state/new-ticket.ts'
import { signedIn } from '../state/signed-metadata.ts'
import { useKept } from './context.ts'
import { Heading } from './screen.tsx'
import { Lines, nameOf } from './sent-along.tsx'
import { useMessaging } from './use-messaging.ts'

export function AlsoSent() {
  const { speech, form, session } = useMessaging()
  const signed = useSigned(session.owner.value)
  const { words, say } = speech
  const { choices, details } = form
  const names = Object.keys(details.value)
  const count = names.filter((name) => choices.value[name] !== 'withheld').length + signed.value.length
  return (
    <details class="also">
      <summary>{count ? say(words.value.alsoSent, { n: count }) : words.value.alsoSentNone}</summary>
      <p class="hint">{say(words.value.alsoSentHint, { mask })}</p>
      {signed.value.length > 0 && <Heading class="origin">{words.value.sentClaimed}</Heading>}
      {names.map((name) => (
        <Detail key={name} name={name} />
      ))}
      <Lines title={words.value.sentSigned} hint={words.value.signedHint} lines={signed.value} />
    </details>
  )
}

/** One control for three states: checked, half checked, not checked. What the line shows is what goes. */
function Detail({ name }: { name: string }) {
  const whole = useMessaging()
  const { form, speech } = whole
  const choice = form.choices.value[name]
  const value = form.details.value[name]
  /** Sent, sent as {@link mask}, not sent, and from the beginning. */
  const choose = () => {
    // Of now: two presses may come before the line is drawn anew.
    const { [name]: before, ...others } = form.choices.peek()
    const next = before ? before === 'masked' && 'withheld' : 'masked'
    form.choose({ ...others, ...(next && { [name]: next }) })
  }
  return (
    <label class="switch">
      <span>
        <b>{nameOf({ source: 'claimed', key: name }, whole)}</b>
        <span>
          {choice === 'masked' && <span aria-hidden="true">{mask}</span>}
          {choice === 'withheld' && (
            <s>
              <bdi>{value}</bdi>
            </s>
          )}
          {!choice && <bdi>{value}</bdi>}
        </span>
        {choice && <span class="hint">{speech.words.value[choice]}</span>}
      </span>
      <input type="checkbox" checked={!choice} indeterminate={choice === 'masked'} onChange={choose} />
    </label>
  )
}

/** The device as it is by now, and what the studio's token says, which nobody here may change. */
function useSigned(owner: string | undefined): Signal<readonly SentLine[]> {
  const { form, diagnostics, options, session } = useMessaging()
  const kept = useKept(() => {
    form.details.value = describe({ ...options.metadata?.(), ...diagnostics.told() })
    return { of: undefined as string | undefined, lines: signal<readonly SentLine[]>([]) }
  })
  if (kept.of !== owner) {
    kept.of = owner
    const put = (lines: readonly SentLine[]) => {
      if (kept.of !== owner) return
      kept.lines.value = lines
      // Of what is signed the relay takes nobody else's word.
      const said = lines.map(({ key }) => key.trim().toLowerCase())
      const all = Object.entries(form.details.peek())
      form.details.value = Object.fromEntries(all.filter(([name]) => !said.includes(name.trim().toLowerCase())))
    }
    if (owner === undefined) put([])
    else
      session.token().then(
        (token) => put(signedIn(token)),
        () => {},
      )
  }
  return kept.lines
}
