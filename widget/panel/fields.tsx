/** A labelled place in a form, and the questions a category asks. */
import type { ComponentChildren } from 'preact'
import type { FormField } from '../../server/contract/game.ts'
import { useSupport } from './context.ts'

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
  const { speech, form, game } = useSupport()
  const fields = form.answers.value.fields
  const shared = {
    ...tied,
    value: fields[field.id] ?? '',
    onInput: ({ currentTarget }: { currentTarget: { value: string } }) =>
      form.change({ fields: { ...fields, [field.id]: currentTarget.value } }),
  }
  if (field.type === 'multiline') return <textarea {...shared} rows={3} dir="auto" maxLength={2_000} />
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
    <input
      {...shared}
      type="text"
      inputMode={field.type === 'number' ? 'decimal' : 'text'}
      dir="auto"
      maxLength={2_000}
    />
  )
}
