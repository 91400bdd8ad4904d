/** What is wrong with a configuration is said at once, by path, in words that need no schema. */
import { describe, expect, it } from 'vitest'
import { ConfigMistakes, readConfig } from '../../server/config.ts'
import { addressAt } from '../../server/listen.ts'

const vendor = { kind: 'desk', token: 'desk-token-of-the-tests' }
const gameWith = (more: object) => ({
  games: { harbor: { name: 'Harbor', players: { anonymous: true }, vendor, ...more } },
})
const formWith = (field: object) =>
  gameWith({
    form: { categories: [{ id: 'c', label: { en: 'C' }, fields: [{ id: 'f', label: { en: 'F' }, ...field }] }] },
  })

function mistakesIn(file: object): readonly string[] {
  try {
    readConfig(JSON.stringify(file), {})
    return []
  } catch (error) {
    if (error instanceof ConfigMistakes) return error.mistakes
    throw error
  }
}

const field = 'games.harbor.form.categories.0.fields.0'

describe('A mistake', () => {
  it.each<[object, string]>([
    [gameWith({ origins: ['*'] }), 'games.harbor.origins.0: an origin is scheme, host and port'],
    [gameWith({ origins: ['play.studio.example'] }), 'games.harbor.origins.0: an origin is scheme, host and port'],
    [gameWith({ attachments: true }), 'games.harbor.attachments: must be an object {…}, or must be false'],
    [gameWith({ attachments: { maxBytes: '1 MB' } }), 'games.harbor.attachments: maxBytes must be a number'],
    [gameWith({ players: { jwt: {} } }), 'games.harbor.players.jwt: jwksUrl is missing'],
    [
      gameWith({ players: { jwt: { jwksUrl: 'https://id.example/keys', algorithms: ['HS256'] } } }),
      'games.harbor.players.jwt: algorithms.0 must be one of "RS256"',
    ],
    [gameWith({ theme: { accent: 'blue' } }), 'games.harbor.theme.accent: must be a colour'],
    [formWith({ type: 'choice', required: true }), `${field}.options: a choice has options`],
    [formWith({ type: 'choice', options: [] }), `${field}.options: is empty`],
    [formWith({ type: 'text', id: 'x'.repeat(65) }), `${field}.id: must have at most 64 characters`],
    [formWith({ type: 'text', label: {} }), `${field}.label: is in no language`],
    [{ ...gameWith({}), publicUrl: 'javascript:alert(1)' }, 'publicUrl: must be a whole address'],
    [{ ...gameWith({}), mail: { url: 'http://mail', from: 'a@b.example' } }, 'mail.url: must begin with smtp://'],
  ])('%j is said in plain words', (file, words) => {
    expect(mistakesIn(file)).toEqual([expect.stringContaining(words)])
  })

  it('hides no other', () => {
    const mistakes = mistakesIn({ ...gameWith({ origins: ['*'], attachments: true, name: '' }), retentionDays: '30' })
    expect(mistakes.map((mistake) => mistake.split(':')[0]).toSorted()).toEqual([
      'games.harbor.attachments',
      'games.harbor.name',
      'games.harbor.origins.0',
      'retentionDays',
    ])
  })
})

it('A host is written as an address wants it', () => {
  expect(addressAt('127.0.0.1', 1)).toBe('http://127.0.0.1:1')
  expect(new URL(addressAt('::1', 8_787)).host).toBe('[::1]:8787')
})
