/** A labelled place in a form. */
import type { ComponentChildren } from 'preact'
import type { FieldListeners, FieldParts } from '../state/fit.ts'
import type { Support } from '../state/support.ts'
import { useSupport } from './context.ts'
import { inTalk } from './lazy.tsx'

export const Cut = inTalk(({ views }) => views.Cut, true)

/** What ties a control to its label, its hint and its mistake. */
export interface Tied {
  id: string
  required: boolean
  'aria-invalid': boolean
  'aria-describedby': string
}

export interface PlaceProps {
  id: string
  label: string
  hint?: string
  required?: boolean
  children(props: Tied): ComponentChildren
}

export function Place({ id, label, hint, required = false, children }: PlaceProps) {
  const { speech, form } = useSupport()
  const words = speech.words.value
  const mistake = form.mistakes.value[id]
  return (
    <div class="place">
      <label for={id} dir="auto">
        {label} {!required && <span class="hint">({words.optional})</span>}
      </label>
      {children({ id, required, 'aria-invalid': !!mistake, 'aria-describedby': `${id}-hint ${id}-wrong` })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {mistake && (
        <p class="wrong" id={`${id}-wrong`}>
          {words[mistake]}
        </p>
      )}
    </div>
  )
}

/** Until the second half of the panel is there, which keeps characters whole, the browser cuts what is too long where it likes. */
export function listenersOf(field: FieldParts, { talk }: Support): FieldListeners | { maxlength: number } {
  const onInput = ({ currentTarget }: { currentTarget: { value: string } }) => field.write(currentTarget.value)
  // By the attribute's own name: as a property, taking it away would make it 0.
  return talk.value?.fitting.listeners(field) ?? { maxlength: field.max, onInput }
}
