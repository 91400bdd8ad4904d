/** Checks what a player sent against the studio's own form. */
import type { z } from 'zod'
import type { GameConfig } from '../config/config.ts'
import type { LiveGame } from '../config/games.ts'
import type { ProblemPlace } from '../contract/problem.ts'
import type { NewTicket } from '../contract/ticket.ts'
import { Refusal } from '../runtime/refusal.ts'

type Category = GameConfig['form']['categories'][number]
type Field = Category['fields'][number]

/**
 * @returns the chosen category, if the form has any.
 * @throws Refusal `invalid` with every place at once
 */
export function checkForm(game: LiveGame, ticket: z.output<typeof NewTicket>): Category | undefined {
  const category = game.config.form.categories.find(({ id }) => id === ticket.category)
  const errors = [
    ...(ticket.category !== undefined && !category ? [{ path: 'category', code: 'unknown' }] : []),
    ...fieldErrors(category?.fields ?? [], ticket.fields ?? {}),
    ...(game.can.answers === 'email' && !ticket.email ? [{ path: 'email', code: 'required' }] : []),
    ...countErrors(game, ticket.attachments ?? []),
  ]
  if (errors.length > 0) throw new Refusal('invalid', { errors })
  return category
}

/** @throws Refusal `invalid` when a message carries more files than the game takes */
export function checkCount(game: LiveGame, attachments: readonly string[]): void {
  const errors = countErrors(game, attachments)
  if (errors.length > 0) throw new Refusal('invalid', { errors })
}

function countErrors({ can }: LiveGame, attachments: readonly string[]): ProblemPlace[] {
  const maxCount = can.attachments === false ? 0 : can.attachments.maxCount
  return attachments.length > maxCount ? [{ path: 'attachments', code: 'too_many' }] : []
}

function fieldErrors(fields: readonly Field[], values: Record<string, string>): ProblemPlace[] {
  const unknown = Object.keys(values).filter((id) => !fields.some((field) => field.id === id))
  return [
    ...unknown.map((id) => ({ path: `fields.${id}`, code: 'unknown' })),
    ...fields.flatMap((field) => {
      const code = fieldError(field, values[field.id]?.trim() ?? '')
      return code ? [{ path: `fields.${field.id}`, code }] : []
    }),
  ]
}

function fieldError(field: Field, value: string): string | undefined {
  if (value === '') return field.required ? 'required' : undefined
  if (field.type === 'number' && !Number.isFinite(Number(value))) return 'not_a_number'
  if (field.type === 'date' && !isDate(value)) return 'not_a_date'
  if (field.type === 'choice' && !field.options?.some(({ id }) => id === value)) return 'unknown'
  return undefined
}

/** A day there was or will be, as a browser's date field writes it: the 30th of February is none. */
function isDate(value: string): boolean {
  const day = new Date(`${value}T00:00Z`)
  return /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(value)
}
