/** Signing in by a mailed link, through the relay and a real mail server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Session } from '../../../server/contract/player.ts'
import { publicUrl, type RelayFixture, startTwoGames } from '../../fixtures/two-games.ts'
import { until } from '../../fixtures/wait.ts'

let fixture: RelayFixture

beforeAll(async () => {
  fixture = await startTwoGames()
})

afterAll(() => fixture.close())

const game = 'star-harbor'
const redeem = (body: Record<string, unknown>) =>
  fixture.call<Session>('POST /v1/sessions', { body: { game, kind: 'email', ...body } })
const ask = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
  fixture.call('POST /v1/sessions', { body: { game, kind: 'email', ...body }, headers })
const refused = { status: 404, body: { code: 'not_found' } }

describe('A mailed link', () => {
  it('signs its player in, once, in the browser that asked', async () => {
    const link = await fixture.askForLink()
    const session = await redeem(link)
    expect(session).toMatchObject({ status: 201, body: { kind: 'email' } })
    expect((await fixture.call('GET /v1/tickets', { token: session.body.token })).status).toBe(200)
    expect(await redeem(link)).toMatchObject(refused)
  })

  it('is the same player every time, whatever the spelling, and sees what they wrote', async () => {
    const first = await fixture.signInByMail('Grace@Players.example')
    const ticket = await fixture.open(first.token)
    const second = await fixture.signInByMail(' grace@players.example'.trim())
    expect(second.token).not.toBe(first.token)
    const { body } = await fixture.call<{ items: { id: string }[] }>('GET /v1/tickets', { token: second.token })
    expect(body.items.map(({ id }) => id)).toEqual([ticket.id])
  })

  it('leads to the portal, with the code where no server sees it', async () => {
    await fixture.askForLink()
    const text = fixture.mails.at(-1)?.text
    expect(text).toMatch(new RegExp(`\\n${publicUrl}/\\?game=star-harbor#code=[\\w-]{43}\\s`))
  })

  it('leads there whatever the request says about where the relay is', async () => {
    const before = fixture.mails.length
    const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' }
    await ask({ email: 'ada@players.example' }, headers)
    const mail = await until(() => fixture.mails[before], 'the mail has come')
    expect(mail.text).not.toContain('evil.example')
    expect(mail.text).toContain(publicUrl)
  })

  it('speaks the language that was asked for', async () => {
    await fixture.askForLink('ada@players.example', { language: 'de-AT' })
    expect(fixture.mails.at(-1)?.text).toContain('Öffne diesen Link')
    await fixture.askForLink('ada@players.example', { language: 'sw' })
    expect(fixture.mails.at(-1)?.text).toContain('Open this link')
  })

  it('dies after 15 minutes', async () => {
    const link = await fixture.askForLink()
    fixture.clock.pass(15 * 60_000)
    expect(await redeem(link)).toMatchObject(refused)
  })

  it('opened without the secret of the browser that asked lets nobody in, and stays good for who asked', async () => {
    const link = await fixture.askForLink()
    const other = await fixture.askForLink()
    for (const browserSecret of [undefined, other.browserSecret, 'x'.repeat(43), 'short'])
      expect(await redeem({ code: link.code, browserSecret })).toMatchObject(refused)
    expect((await redeem(link)).status).toBe(201)
  })

  it('of one game opens no other', async () => {
    const link = await fixture.askForLink()
    expect(await redeem({ ...link, game: 'moon-base' })).toMatchObject(refused)
  })

  it('is used by one of two who come at once', async () => {
    const link = await fixture.askForLink()
    const answers = await Promise.all([redeem(link), redeem(link), redeem(link)])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 404, 404])
  })

  it('leaves the relay’s log without address, code or secret', async () => {
    const { code, browserSecret } = await fixture.askForLink()
    await redeem({ code, browserSecret })
    const log = fixture.lines.join('\n')
    for (const secret of ['ada@players.example', code, browserSecret]) expect(log).not.toContain(secret)
  })
})

describe('The answer to an address', () => {
  it('is the same for a known, an unknown and a refused one', async () => {
    await fixture.signInByMail('known@players.example')
    const answers = []
    const before = fixture.mails.length
    for (const email of ['known@players.example', 'unknown@players.example', 'nobody@players.example']) {
      const { status, body, headers } = await ask({ email })
      const shape = Object.fromEntries(Object.entries(body as object).map(([key, value]) => [key, typeof value]))
      answers.push({ status, shape, headers: [...headers.keys()].toSorted() })
    }
    expect(answers[0]).toMatchObject({ status: 202, shape: { sent: 'boolean', browserSecret: 'string' } })
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
    await until(() => fixture.lines.some((line) => line.includes('EENVELOPE')), 'the operator is told')
    expect(fixture.lines.join('\n')).not.toContain('nobody@')
    await until(() => fixture.mails.length === before + 2, 'both mails have come')
  })

  it.each([
    [{ email: 'no address' }, 'email'],
    [{ email: '"a b"@players.example' }, 'email'],
    [{ email: 'Ada <ada@players.example>' }, 'email'],
    [{ email: 'a@players.example,b@players.example' }, 'email'],
    [{}, 'email'],
    [{ email: 'ada@players.example', code: 'x' }, 'email'],
    [{ email: 'ada@players.example', language: '??' }, 'language'],
  ])('that is none, %j, is 422', async (body, path) => {
    const before = fixture.mails.length
    expect(await ask(body)).toMatchObject({ status: 422, body: { code: 'invalid', errors: [{ path }] } })
    expect(fixture.mails.length).toBe(before)
  })

  it('is a refusal where the game has no such players', async () => {
    const other = await startTwoGames({ players: { email: false } })
    for (const more of [{ email: 'ada@players.example' }, { code: 'x', browserSecret: 'y' }])
      expect(await other.call('POST /v1/sessions', { body: { game, kind: 'email', ...more } })).toMatchObject({
        status: 422,
        body: { code: 'unsupported' },
      })
    await other.close()
  })
})
