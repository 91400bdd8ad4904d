/** Tokens the relay issues itself. */
import { describe, expect, it } from 'vitest'
import { createSessionTokens } from '../../../server/players/session.ts'
import { claimedAudiences } from '../../../server/players/token-parts.ts'
import { deriveKey } from '../../../server/runtime/derived-keys.ts'
import { codeOf } from '../../fixtures/refusal.ts'
import { createStudio, createTestClock, game, signWithHmac } from '../../fixtures/studio.ts'

const secret = Buffer.from('the relay secret of at least 32 bytes, all of them its own')
const anonymous = { game, subject: 'anon:0f9d', kind: 'anonymous', lifetimeSeconds: 3_600 } as const

describe('a session', () => {
  it('comes back as it was issued, on every relay with the same secret', async () => {
    const clock = createTestClock()
    const { token, sessionId, expiresAt } = await createSessionTokens([secret], { clock }).issue(anonymous)
    const verified = await createSessionTokens([secret], { clock }).verify(token)
    expect(verified).toEqual({ game, subject: 'anon:0f9d', kind: 'anonymous', sessionId, expiresAt })
    expect(expiresAt.getTime()).toBe(clock.now().getTime() + 3_600_000)
    expect(sessionId).toMatch(/^[A-Za-z0-9_-]{22}$/)
  })

  it('of an e-mail player says so', async () => {
    const sessions = createSessionTokens([secret], { clock: createTestClock() })
    const { token } = await sessions.issue({ ...anonymous, subject: 'email:ab', kind: 'email' })
    expect(await sessions.verify(token)).toMatchObject({ kind: 'email', subject: 'email:ab' })
  })

  it('names its game where the relay looks for it', async () => {
    const { token } = await createSessionTokens([secret], { clock: createTestClock() }).issue(anonymous)
    expect(claimedAudiences(token)).toEqual([game])
  })

  it('never has the id of another', async () => {
    const sessions = createSessionTokens([secret], { clock: createTestClock() })
    const issued = await Promise.all(Array.from({ length: 200 }, () => sessions.issue(anonymous)))
    expect(new Set(issued.map(({ sessionId }) => sessionId)).size).toBe(200)
  })

  it('ends when its time is over', async () => {
    const clock = createTestClock()
    const sessions = createSessionTokens([secret], { clock })
    const { token } = await sessions.issue(anonymous)
    clock.pass(3_599_000)
    await sessions.verify(token)
    clock.pass(1_000)
    expect(await codeOf(sessions.verify(token))).toBe('token_expired')
  })

  it('of another relay secret is refused', async () => {
    const clock = createTestClock()
    const { token } = await createSessionTokens([Buffer.from('another secret that is as long as it must be')], {
      clock,
    }).issue(anonymous)
    expect(await codeOf(createSessionTokens([secret], { clock }).verify(token))).toBe('token_bad_signature')
  })

  it('of the relay secret itself is refused: the key is derived, not the secret', async () => {
    const sessions = createSessionTokens([secret], { clock: createTestClock() })
    const { token } = await sessions.issue(anonymous)
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const forged = signWithHmac(secret, { alg: 'HS256', typ: 'medkit-session+jwt' }, claims)
    expect(await codeOf(sessions.verify(forged))).toBe('token_bad_signature')
  })

  it('has a kind of its own: nothing else signed with its key is one', async () => {
    const sessions = createSessionTokens([secret], { clock: createTestClock() })
    const { token } = await sessions.issue(anonymous)
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const key = deriveKey(secret, 'session token')
    const forms: [Record<string, unknown>, Record<string, unknown>][] = [
      [{ typ: 'JWT' }, {}],
      [{ typ: 'medkit-session+jwt' }, { iss: 'studio' }],
      [{ typ: 'medkit-session+jwt' }, { sub: 'player-1' }],
      [{ typ: 'medkit-session+jwt' }, { aud: [game] }],
      [{ typ: 'medkit-session+jwt' }, { exp: undefined }],
      [{ typ: 'medkit-session+jwt' }, { jti: undefined }],
    ]
    for (const [header, changed] of forms) {
      const other = signWithHmac(key, { alg: 'HS256', ...header }, { ...claims, ...changed })
      expect(await codeOf(sessions.verify(other))).toBe('token_malformed')
    }
    await sessions.verify(signWithHmac(key, { alg: 'HS256', typ: 'medkit-session+jwt' }, claims))
  })

  it('is not issued to a subject of another kind', async () => {
    const sessions = createSessionTokens([secret], { clock: createTestClock() })
    for (const subject of ['player-1', 'email:ab', ''])
      await expect(sessions.issue({ ...anonymous, subject })).rejects.toThrow(TypeError)
  })

  it('is recognised by its header, and nothing else is', async () => {
    const sessions = createSessionTokens([secret], { clock: createTestClock() })
    const { token } = await sessions.issue(anonymous)
    expect(sessions.isOurs(token)).toBe(true)
    for (const other of ['', 'x', 'a.b.c', createStudio().sign(), createStudio().sign({ iss: 'medkit' })])
      expect(sessions.isOurs(other)).toBe(false)
  })

  it('is not made from a secret that can be guessed', () => {
    for (const weak of ['', 'x'.repeat(31)])
      expect(() => createSessionTokens([Buffer.from(weak)], { clock: createTestClock() })).toThrow(RangeError)
  })
})
