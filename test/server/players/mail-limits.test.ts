/** Who asks for links to somebody else's mailbox neither fills it nor shuts its owner out. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultPoints } from '../../../server/config/limits.ts'
import type { LinkSent, Session } from '../../../server/contract/player.ts'
import { type RelayFixture, startTwoGames } from '../../fixtures/two-games.ts'
import { until } from '../../fixtures/wait.ts'

let fixture: RelayFixture

beforeEach(async () => {
  fixture = await startTwoGames({ config: { limits: {}, trustedProxies: ['127.0.0.1', '::1'] } })
})

afterEach(() => fixture.close())

const game = 'star-harbor'
const owner = 'victim@players.example'
const home = '198.51.100.7'

const ask = (email: string, from: string, more: Record<string, unknown> = {}) =>
  fixture.call<LinkSent>('POST /v1/sessions', {
    body: { game, kind: 'email', email, ...more },
    headers: { 'x-forwarded-for': from },
  })
const redeem = (code: string, browserSecret: string) =>
  fixture.call<Session>('POST /v1/sessions', { body: { game, kind: 'email', code, browserSecret } })

/** All that were handed over; whatever was asked before this mail has come by then. */
async function mailsOnceSettled(): Promise<readonly string[]> {
  const last = `last-${crypto.randomUUID()}@players.example`
  await ask(last, '192.0.2.250')
  await until(() => fixture.mails.find(({ to }) => to.includes(last)), 'the last mail has come')
  return fixture.mails.flatMap(({ to }) => to).filter((to) => to !== last)
}

/** The owner asks from their own address, and opens the newest mail of theirs. */
async function ownerGetsIn(): Promise<number> {
  const { status, body } = await ask(owner, home)
  expect(status).toBe(202)
  await mailsOnceSettled()
  const mail = fixture.mails.findLast(({ to }) => to.includes(owner))
  return (await redeem(mail?.code ?? '', body.browserSecret)).status
}

describe('One address that asks for victim+0 to victim+199', () => {
  it('has five mails sent, is refused after its own thirty, and leaves the owner their own link', async () => {
    const answers = []
    for (let n = 0; n < 200; n += 1) answers.push((await ask(`victim+${n}@players.example`, '203.0.113.1')).status)
    expect(answers.filter((status) => status === 202)).toHaveLength(defaultPoints.mail.address)
    expect(await mailsOnceSettled()).toHaveLength(defaultPoints.mail.player)
    expect(await ownerGetsIn()).toBe(201)
  })
})

describe('Two hundred addresses', () => {
  it('that ask for a tag each have five mails sent, and leave the owner their own link', async () => {
    for (let n = 0; n < 200; n += 1) await ask(`victim+${n}@players.example`, `203.0.113.${n}`)
    expect(await mailsOnceSettled()).toHaveLength(defaultPoints.mail.player)
    expect(await ownerGetsIn()).toBe(201)
  })

  it('that ask for the very mailbox have five sent; the link that stands lets the owner in, and nobody who asked', async () => {
    const secrets = []
    for (let n = 0; n < 200; n += 1) secrets.push((await ask(owner, `203.0.113.${n}`)).body.browserSecret)
    expect(await mailsOnceSettled()).toHaveLength(defaultPoints.mail.player)
    for (const secret of secrets.slice(-3)) expect((await redeem('x'.repeat(43), secret)).status).toBe(404)
    expect(await ownerGetsIn()).toBe(201)
    expect(fixture.mails.filter(({ to }) => to.includes(owner))).toHaveLength(defaultPoints.mail.player)
  })

  it('that do so for an hour have no more than one sent every ten minutes, and the owner gets in at any time', async () => {
    for (let minute = 0; minute < 60; minute += 4) {
      for (let n = 0; n < 10; n += 1) await ask(owner, `203.0.${minute}.${n}`)
      fixture.clock.pass(4 * 60_000)
    }
    expect((await mailsOnceSettled()).length).toBeLessThanOrEqual(defaultPoints.mail.player + 6)
    expect(await ownerGetsIn()).toBe(201)
  })
})

it('Who has signed in before by a spelling with a tag gets their link, though others have used up the tags', async () => {
  const spelling = 'victim+games@players.example'
  expect((await fixture.signInByMail(spelling)).kind).toBe('email')
  for (let n = 0; n < 10; n += 1) await ask(`victim+${n}@players.example`, `203.0.113.${n}`)
  const before = fixture.mails.filter(({ to }) => to.includes(spelling)).length
  await ask(spelling, home)
  await mailsOnceSettled()
  expect(fixture.mails.filter(({ to }) => to.includes(spelling)).length).toBe(before + 1)
})

it('At Google dots and the other name make one mailbox', async () => {
  const spellings = ['v.ictim', 'vi.ctim', 'vic.tim', 'vict.im', 'victi.m', 'v.i.ctim', 'v.i.c.tim']
  for (const [n, name] of spellings.entries())
    await ask(`${name}@${n % 2 ? 'gmail' : 'googlemail'}.com`, `203.0.113.${n}`)
  expect(await mailsOnceSettled()).toHaveLength(defaultPoints.mail.player)
})

it('What an address asks beyond its own counts against no mailbox', async () => {
  for (let n = 0; n < defaultPoints.mail.address; n += 1) await ask(`somebody-${n}@players.example`, '203.0.113.1')
  for (let n = 0; n < 10; n += 1) expect((await ask(owner, '203.0.113.1')).status).toBe(429)
  expect(await ownerGetsIn()).toBe(201)
})
