/** The studio's own questions: what passes for an answer to each. */
import { expect, it } from 'vitest'
import { readConfig } from '../../../server/config/config.ts'
import { createGames, requireGame } from '../../../server/config/games.ts'
import { Refusal } from '../../../server/runtime/refusal.ts'
import { checkForm } from '../../../server/tickets/form.ts'
import { vendorOf } from '../../fixtures/vendor-of.ts'

const label = { en: 'A question' }
const fields = [
  { id: 'when', label, type: 'date' },
  { id: 'many', label, type: 'number' },
  { id: 'which', label, type: 'choice', options: [{ id: 'this', label }] },
  { id: 'must', label, type: 'text', required: true },
]
const { config } = readConfig(
  JSON.stringify({
    games: {
      harbor: {
        name: 'Harbor',
        players: { anonymous: true },
        form: { categories: [{ id: 'asked', label, fields }] },
        vendor: { kind: 'desk', token: 'a token nobody uses' },
      },
    },
  }),
  {},
)
const game = requireGame(
  createGames(config, (_, { vendor }) => vendorOf(vendor)),
  'harbor',
)

function mistakesIn(answers: Record<string, string>) {
  try {
    checkForm(game, { message: 'Hello', language: 'en', category: 'asked', fields: { must: 'x', ...answers } })
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.options.errors
    throw error
  }
}

it.each([{ when: '2024-02-29' }, { many: '-1.5' }, { which: 'this' }, { when: '', many: ' ', which: '' }])(
  'takes %j',
  (answers) => {
    expect(mistakesIn(answers)).toEqual([])
  },
)

it.each([
  [{ when: '2026-02-29' }, 'fields.when', 'not_a_date'],
  [{ when: '2026-13-01' }, 'fields.when', 'not_a_date'],
  [{ when: 'tomorrow' }, 'fields.when', 'not_a_date'],
  [{ many: 'a few' }, 'fields.many', 'not_a_number'],
  [{ many: '1e999' }, 'fields.many', 'not_a_number'],
  [{ which: 'that' }, 'fields.which', 'unknown'],
  [{ must: '  ' }, 'fields.must', 'required'],
  [{ other: 'x' }, 'fields.other', 'unknown'],
])('refuses %j', (answers, path, code) => {
  expect(mistakesIn(answers)).toEqual([{ path, code }])
})
