/** `medkit token inspect`, as a studio's developer runs it. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KeyServer, startKeyServer } from '../../fixtures/key-server.ts'
import { createStudio } from '../../fixtures/studio.ts'

const main = join(import.meta.dirname, '../../../server/main.ts')
const [studio, published] = [createStudio(), createStudio()]
let folder: string
let config: string
let keys: KeyServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medkit-token-'))
  config = join(folder, 'relay.json')
  keys = await startKeyServer()
  keys.publish({ one: published })
  const vendor = { kind: 'desk', token: 'desk-token-of-the-tests' }
  const games = {
    'star-harbor': { name: 'Star Harbor', players: { jwt: studio.config }, vendor },
    'moon-base': { name: 'Moon Base', players: { jwt: { jwksUrl: keys.url, audience: 'moon' } }, vendor },
    anyone: { name: 'Anyone', players: { anonymous: true }, vendor },
  }
  await writeFile(config, JSON.stringify({ games }))
})

afterAll(async () => {
  await keys.close()
  await rm(folder, { recursive: true })
})

const now = Math.floor(Date.now() / 1_000)
const sign = (by = studio, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  by.sign({ iat: now, exp: now + 3_600, ...claims }, header)

function medkit(...args: string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...args],
      { cwd: folder, env: { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE } },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, said: stdout + stderr }),
    )
  })
}

const inspect = (jwt: string, ...more: string[]) => medkit('token', 'inspect', jwt, '--config', config, ...more)

describe('A token', () => {
  it('that is sound is accepted for the game it names', async () => {
    const { code, said } = await inspect(sign())
    expect(said).toContain('The relay accepts this token for the game star-harbor.')
    expect(said).toContain('"sub":"player-1"')
    expect(code).toBe(0)
  })

  it('is judged with the keys that a studio publishes, by its audience', async () => {
    const token = sign(published, { aud: 'moon' }, { kid: 'one' })
    expect((await inspect(token)).said).toContain('accepts this token for the game moon-base')
    const forged = await inspect(sign(studio, { aud: 'moon' }, { kid: 'one' }))
    expect(forged).toMatchObject({ code: 1, said: expect.stringContaining('token_bad_signature') })
  })

  it('that is refused is told why and how to mend it, every reason at once', async () => {
    const { code, said } = await inspect(
      sign(studio, { iat: now - 7_200, exp: now - 3_600, sub: undefined, user_id: 7 }),
    )
    expect(code).toBe(1)
    for (const words of ['The relay refuses', 'token_expired', 'token_missing_claim', '"user_id"', 'NTP'])
      expect(said).toContain(words)
  })

  it('is judged as far as it can be without a configuration, and makes none', async () => {
    const { code, said } = await medkit('token', 'inspect', sign())
    expect(said).toContain('as far as can be seen')
    expect(said).toContain('The signature was not checked')
    expect(code).toBe(0)
  })

  it('is not called forged while the studio’s key server cannot be read', async () => {
    keys.answer((_, response) => response.writeHead(503).end())
    const { code, said } = await inspect(sign(published, { aud: 'moon' }, { kid: 'one' }))
    keys.publish({ one: published })
    expect(said).toContain('The signature was not checked')
    expect(said).toContain('"players.jwt.jwksUrl": answered 503')
    expect(said).not.toContain('token_bad_signature')
    expect(code).toBe(0)
  })

  it('is never printed with its signature', async () => {
    for (const token of [sign(studio, { aud: 'nowhere' }), `Bearer ${sign()}`]) {
      const signature = token.split('.')[2] ?? ''
      const { said } = await inspect(token)
      expect(said).not.toContain(signature.slice(0, 20))
    }
  })
})

describe('A mistake in the words', () => {
  it.each([
    [['token'], /medkit token inspect <jwt>/],
    [['token', 'inspect', 'x', 'y'], /medkit token inspect <jwt>/],
    [['--help'], /^medkit \[--config relay.json\]/],
    [['inbox'], /There is no command inbox\.\n\nmedkit /],
  ])('%j is answered with how it is meant', async (args, words) => {
    expect(await medkit(...args)).toMatchObject({ code: 1, said: expect.stringMatching(words) })
  })

  it.each(['nowhere', 'anyone'])('a game without studio keys, %s, is named', async (game) => {
    const { code, said } = await inspect(sign(), '--game', game)
    expect(code).toBe(1)
    expect(said).toContain(`No game ${game}`)
  })
})
