/** A token that was verified is not verified again while it is good, and not believed a moment longer. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createIdentify, type Identify } from '../../../server/players/identity.ts'
import { createSessionTokens } from '../../../server/players/session.ts'
import { createStudioVerifier } from '../../../server/players/studio-token.ts'
import { openDatabase } from '../../../server/store/database.ts'
import { createStore } from '../../../server/store/store.ts'
import { gameOf } from '../../fixtures/game.ts'
import { type KeyServer, startKeyServer } from '../../fixtures/key-server.ts'
import { codeOf } from '../../fixtures/refusal.ts'
import { createStudio, createTestClock, game, noonSeconds, type TestClock } from '../../fixtures/studio.ts'
import { pigeonPost } from '../../fixtures/toy-vendor.ts'

const studio = createStudio('RS256')
const hourMs = 3_600_000
const secret = Buffer.alloc(32, 'a secret of the tests')

let server: KeyServer
let clock: TestClock
let identify: Identify
let close: () => Promise<void>

beforeEach(async () => {
  server = await startKeyServer()
  server.publish({ one: studio })
  clock = createTestClock()
  const folder = await mkdtemp(join(tmpdir(), 'medkit-remembered-'))
  const database = await openDatabase(`sqlite:${folder}/medkit.db`)
  const games = new Map([[game, gameOf(pigeonPost, { key: game })]])
  identify = createIdentify({
    store: createStore(database, clock),
    clock,
    games,
    sessions: createSessionTokens([secret], { clock }),
    studios: new Map([[game, createStudioVerifier(game, { jwksUrl: server.url }, { clock })]]),
    lastSeen: { note: () => undefined },
  })
  close = async () => {
    await database.close()
    await server.close()
    await rm(folder, { recursive: true })
  }
})

afterEach(async () => {
  vi.restoreAllMocks()
  await close()
})

const tokenFor = (sub: string, claims = {}) => studio.sign({ sub, ...claims }, { kid: 'one' })

it('checks a signature once, however often its player calls', async () => {
  const checks = vi.spyOn(crypto.subtle, 'verify')
  const token = tokenFor('ada')
  const first = await identify(token)
  for (let call = 0; call < 20; call += 1) expect(await identify(token)).toEqual(first)
  expect(checks).toHaveBeenCalledTimes(1)
  expect((await identify(tokenFor('bob'))).subject).toBe('bob')
  expect(checks).toHaveBeenCalledTimes(2)
})

it('checks one of the relay’s own once as well', async () => {
  const { token } = await createSessionTokens([secret], { clock }).issue({
    game,
    subject: 'anon:1',
    kind: 'anonymous',
    lifetimeSeconds: 60,
  })
  const checks = vi.spyOn(crypto.subtle, 'verify')
  for (let call = 0; call < 20; call += 1) expect((await identify(token)).subject).toBe('anon:1')
  expect(checks).toHaveBeenCalledTimes(1)
  clock.pass(61_000)
  expect(await codeOf(identify(token))).toBe('token_expired')
})

it('refuses it once it has run out, as if it had never been seen', async () => {
  const token = tokenFor('ada')
  await identify(token)
  clock.pass(hourMs + 59_000)
  await identify(token)
  clock.pass(1_000)
  expect(await codeOf(identify(token))).toBe('token_expired')
})

it('refuses it when the clock was wrong and is set back to before its time', async () => {
  const token = tokenFor('ada', { nbf: noonSeconds })
  await identify(token)
  clock.pass(-5 * 60_000)
  expect(await codeOf(identify(token))).toBe('token_not_yet_valid')
})

it('refuses it once the studio has withdrawn its key', async () => {
  const token = tokenFor('ada')
  await identify(token)
  server.publish({ two: createStudio('RS256') })
  clock.pass(11 * 60_000)
  // The first to come after ten minutes has the keys read again, and does not wait for it.
  await identify(token)
  await vi.waitFor(async () => expect(await codeOf(identify(token))).toBe('token_bad_signature'))
})

it('believes nothing that only begins like a token it knows', async () => {
  const token = tokenFor('ada')
  await identify(token)
  const [header, , signature] = token.split('.')
  const other = Buffer.from(JSON.stringify({ sub: 'bob', aud: game, iat: noonSeconds, exp: noonSeconds + 60 }))
  expect(await codeOf(identify(`${header}.${other.toString('base64url')}.${signature}`))).toBe('token_bad_signature')
})
