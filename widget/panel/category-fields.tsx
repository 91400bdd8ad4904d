/** The questions a category asks: fetched for those that ask any. */
import type { FormField } from '../../server/contract/game.ts'
import { useSupport } from './context.ts'
import { Cut, listenersOf, Place, type Tied } from './fields.tsx'

/** As the relay takes them. */
const maxFieldLength = 2_000

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
        <input {...written} type="text" inputMode={field.type === 'number' ? 'decimal' : 'text'} />
      )}
      <Cut id={id} value={value} />
    </>
  )
}
