/** A labelled place in a form, and the questions a category asks. */
import type { ComponentChildren } from 'preact'
import type { FormField } from '../../server/contract/game.ts'
import type { Support } from '../state/support.ts'
import type { FieldListeners, FieldParts } from '../state/truncate.ts'
import { useSupport } from './context.ts'
import { inMessaging } from './lazy.tsx'

export const Cut = inMessaging(({ views }) => views.Cut, true)

/** As the relay takes them. */
const maxFieldLength = 2_000

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
export function listenersOf(field: FieldParts, { messaging }: Support): FieldListeners | { maxlength: number } {
  const onInput = ({ currentTarget }: { currentTarget: { value: string } }) => field.write(currentTarget.value)
  // By the attribute's own name: as a property, taking it away would make it 0.
  return messaging.value?.truncation.listeners(field) ?? { maxlength: field.max, onInput }
}

export function CategoryFields() {
  const { speech, form, game } = useSupport()
  return (
    <>
      {form.category.value?.fields.map((field) => (
        <Place
          key={field.id}
          id={field.id}
          label={speech.label(field.label, game.value?.languages)}
          required={field.required}
        >
          {(props) => <Control field={field} tied={props} />}
        </Place>
      ))}
    </>
  )
}

function Control({ field, tied }: { field: FormField; tied: Tied }) {
  const support = useSupport()
  const { speech, form, game } = support
  const fields = form.answers.value.fields
  const { id } = field
  const value = fields[id] ?? ''
  const write = (text: string) => form.change({ fields: { ...fields, [id]: text } })
  const shared = {
    ...tied,
    value,
    onInput: ({ currentTarget }: { currentTarget: { value: string } }) => write(currentTarget.value),
  }
  const written = {
    ...tied,
    value,
    dir: 'auto',
    ...listenersOf({ id, value, max: maxFieldLength, write }, support),
  } as const
  if (field.type === 'choice') {
    return (
      <select {...shared}>
        <option value="">{speech.words.value.choose}</option>
        {field.options?.map(({ id, label }) => (
          <option key={id} value={id}>
            {speech.label(label, game.value?.languages)}
          </option>
        ))}
      </select>
    )
  }
  if (field.type === 'date') return <input {...shared} type="date" />
  // A number stays text: what a wheel or a locale makes of `type="number"` loses order numbers.
  return (
    <>
      {field.type === 'multiline' ? (
        <textarea {...written} rows={3} />
      ) : (
        <input {...written} inputMode={field.type === 'number' ? 'decimal' : 'text'} />
      )}
      <Cut id={id} value={value} />
    </>
  )
}
