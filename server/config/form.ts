/** The studio's own form: what a player is asked, in the studio's words. */
import { z } from 'zod'
import { FormField, Label } from '../contract/game.ts'

/** What the player API takes as the name of an answer. */
const FormId = z.string().min(1).max(64)
const Sentence = Label.refine((label) => Object.keys(label).length > 0, { error: 'is in no language' })

const Field = z
  .strictObject({
    ...FormField.shape,
    id: FormId,
    label: Sentence,
    required: z.boolean().default(false),
    options: z
      .array(z.strictObject({ id: FormId, label: Sentence }))
      .min(1)
      .refine((options) => areUnique(options.map((option) => option.id)), { error: 'two options with the same id' })
      .optional(),
  })
  .refine(({ type, options }) => (type === 'choice') === (options !== undefined), {
    error: 'a choice has options, and nothing else has',
    path: ['options'],
  })

const Category = z.strictObject({
  id: FormId,
  label: Sentence,
  tags: z.array(z.string().min(1)).default([]),
  fields: z
    .array(Field)
    .default([])
    .refine((fields) => areUnique(fields.map((field) => field.id)), { error: 'two fields with the same id' }),
})

export const FormConfig = z
  .strictObject({
    categories: z
      .array(Category)
      .default([])
      .refine((categories) => areUnique(categories.map((category) => category.id)), {
        error: 'two categories with the same id',
      }),
  })
  .default({ categories: [] })

function areUnique(ids: readonly string[]): boolean {
  return new Set(ids).size === ids.length
}
