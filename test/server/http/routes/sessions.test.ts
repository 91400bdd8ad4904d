/** Who a bearer is, as the relay says it: what a page shows before anybody goes on as somebody. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RelayFixture, startTwoGames } from '../../../fixtures/two-games.ts'

describe('GET /session', () => {
  let fixture: RelayFixture

  beforeAll(async () => {
    fixture = await startTwoGames()
  })
  afterAll(() => fixture.close())

  const whoIs = async (token: string) => {
    const { status, body } = await fixture.call<Record<string, unknown>>('GET /v1/session', { token })
    return status === 200 ? body : body.code
  }

  it('names a verified player as the studio has signed it, in one line', async () => {
    const token = fixture.verified({ sub: 'ada', name: 'Ada\nLovelace', email: 'ada@players.example' })
    expect(await whoIs(token)).toEqual({
      kind: 'verified',
      subject: 'ada',
      name: 'Ada Lovelace',
      email: 'ada@players.example',
    })
    expect(await whoIs(fixture.verified({ sub: 'ben' }))).toEqual({ kind: 'verified', subject: 'ben' })
  })

  it('names whoever proved a mailbox by it, and an anonymous player by nothing', async () => {
    const { token } = await fixture.signInByMail('eve@players.example')
    expect(await whoIs(token)).toMatchObject({ kind: 'email', email: 'eve@players.example' })
    const anonymous = await whoIs((await fixture.signIn()).token)
    expect(anonymous).toEqual({ kind: 'anonymous', subject: expect.stringMatching(/^anon:/) })
  })

  it('says nothing to a token that is no good, whatever it says of itself', async () => {
    const [header, claims] = fixture.verified({ name: 'Ada' }).split('.')
    expect(await whoIs(`${header}.${claims}.c2lnbmVk`)).toBe('token_bad_signature')
    const { token } = await fixture.signIn()
    await fixture.call('DELETE /v1/session', { token })
    expect(await whoIs(token)).toBe('session_ended')
  })
})
