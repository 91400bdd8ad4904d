/** A studio's key server in trouble, seen from the player API: known players go on, nobody new slips in, nothing waits. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type KeyServer, startKeyServer } from '../../fixtures/key-server.ts'
import { createStudio } from '../../fixtures/studio.ts'
import { type RelayFixture, startTwoGames } from '../../fixtures/two-games.ts'

const [studio, rotated, forger] = [createStudio(), createStudio(), createStudio()]
const minute = 60_000
let keys: KeyServer
let fixture: RelayFixture

beforeAll(async () => {
  keys = await startKeyServer()
  fixture = await startTwoGames({ players: { jwt: { jwksUrl: keys.url } } })
})

afterAll(async () => {
  await fixture.close()
  await keys.close()
})

const tokenOf = (by: typeof studio, kid = 'one') => {
  const now = Math.floor(fixture.clock.now().getTime() / 1_000)
  return by.sign({ iat: now, exp: now + 3_600 }, { kid })
}
const list = (token: string) => fixture.call<{ code: string }>('GET /v1/tickets', { token })
const refused = { status: 401, body: { code: 'token_bad_signature' } }

beforeEach(async () => {
  keys.publish({ one: studio })
  fixture.clock.pass(31_000)
  await expect.poll(async () => (await list(tokenOf(studio))).status).toBe(200)
})

describe('While the key server', () => {
  const troubles: [string, () => void][] = [
    ['is down', () => keys.goDown()],
    ['never answers', () => keys.hang()],
    ['answers 500', () => keys.answer((_, response) => response.writeHead(500).end('{"keys":[]}'))],
    ['answers HTML', () => keys.answer((_, response) => response.end('<!doctype html><title>Welcome</title>'))],
    ['answers 10 MB', () => keys.answer((_, response) => response.end(Buffer.alloc(10_000_000, ' ')))],
    [
      'sends visitors elsewhere',
      () => keys.answer((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end()),
    ],
    ['publishes no key at all', () => keys.answer((_, response) => response.end('{"keys":"none"}'))],
  ]

  it.each(troubles)('%s, known players go on and nobody new slips in', async (_, misbehave) => {
    misbehave()
    fixture.clock.pass(11 * minute)
    const began = Date.now()
    expect((await list(tokenOf(studio))).status).toBe(200)
    expect(Date.now() - began).toBeLessThan(2_000)
    expect(await list(tokenOf(forger))).toMatchObject(refused)
    expect(await list(tokenOf(forger, 'new'))).toMatchObject(refused)
    expect((await fixture.call('GET /readyz')).status).toBe(200)
  })
})

it('A rotated key is found with the first token that names it, and the old one goes with its set', async () => {
  expect(await list(tokenOf(rotated, 'two'))).toMatchObject(refused)
  keys.publish({ one: studio, two: rotated })
  fixture.clock.pass(31_000)
  expect((await list(tokenOf(rotated, 'two'))).status).toBe(200)
  expect((await list(tokenOf(studio))).status).toBe(200)
  keys.publish({ two: rotated })
  fixture.clock.pass(11 * minute)
  await expect.poll(async () => (await list(tokenOf(studio))).status).toBe(401)
  expect((await list(tokenOf(rotated, 'two'))).status).toBe(200)
})

it('A flood of made-up key names is no flood of questions to the studio', async () => {
  const before = keys.visits()
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => list(tokenOf(forger, `made-up-${n}`))))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
  expect(keys.visits() - before).toBeLessThanOrEqual(2)
})
