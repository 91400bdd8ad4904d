/** Everything that goes along with a message, line by line, each with a switch. */

import { describe } from '../play/device.ts'
import type { Words } from '../words/en.ts'
import { useKept } from './context.ts'
import { useTalk } from './use-talk.ts'

const ours = [
  'browser',
  'os',
  'screen',
  'locale',
  'timeZone',
  'page',
  'breadcrumbs',
] as const satisfies readonly (keyof Words)[]

export function AlsoSent() {
  const { speech, form, diagnostics, options } = useTalk()
  // The device as it is by now.
  useKept(() => {
    form.details.value = describe({ ...options.metadata?.(), ...diagnostics.told() })
  })
  const { words, say } = speech
  const lines = Object.entries(form.details.value)
  const { withheld } = form
  const count = lines.filter(([name]) => !withheld.value.includes(name)).length
  const flip = (name: string) => {
    const off = withheld.value
    withheld.value = off.includes(name) ? off.filter((other) => other !== name) : [...off, name]
  }
  return (
    <details class="also">
      <summary>{count ? say(words.value.alsoSent, { n: count }) : words.value.alsoSentNone}</summary>
      {lines.map(([name, value]) => (
        <label key={name} class="switch">
          <span>
            <b>{nameOf(name, words.value)}</b>
            <span dir="auto">{value}</span>
          </span>
          <input type="checkbox" checked={!withheld.value.includes(name)} onChange={() => flip(name)} />
        </label>
      ))}
    </details>
  )
}

/** What the host page added stands under the name it gave. */
function nameOf(name: string, words: Words): string {
  const known = ours.find((own) => own === name)
  return known ? words[known] : name
}
