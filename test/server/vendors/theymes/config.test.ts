/** What a studio may configure for Theymes. */
import { expect, it } from 'vitest'
import { TheymesConfig } from '../../../../server/vendors/theymes/wire.ts'

const config = { kind: 'theymes', apiKey: 'a key', gameId: '3f0eee32-8eac-4668-9b38-e3e5dc21d607' }

it('refuses a configuration with a path or an address that is none', () => {
  const parse = (changes: object) => TheymesConfig.safeParse({ ...config, ...changes }).success
  expect(parse({})).toBe(true)
  expect(parse({ paths: { events: '/tickets' } })).toBe(false)
  expect(parse({ paths: { events: 'GET /tickets/../x' } })).toBe(false)
  expect(parse({ paths: { event: 'GET /tickets' } })).toBe(false)
  expect(parse({ baseUrl: 'ftp://x.example' })).toBe(false)
  expect(parse({ baseUrl: 'https://user@x.example' })).toBe(false)
  expect(parse({ gameId: 'star-harbor' })).toBe(false)
  expect(parse({ apiKey: '' })).toBe(false)
})

it('leaves off what the vendor’s document does not name, and can be read twice', () => {
  const once = TheymesConfig.parse(config)
  expect([once.paths.deletion, once.paths.attachment]).toEqual([undefined, undefined])
  expect(TheymesConfig.parse(once)).toEqual(once)
})
