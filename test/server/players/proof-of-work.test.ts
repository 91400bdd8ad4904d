/** Proof of work: what an anonymous player's browser computes before it may open a ticket, where a game asks for that. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Game } from '../../../server/contract/game.ts'
import type { LinkSent, Session } from '../../../server/contract/player.ts'
import type { Challenge } from '../../../server/contract/proof.ts'
import { decode, encode, keyFor, solve } from '../../fixtures/solve-challenge.ts'
import { type RelayFixture, startTwoGames } from '../../fixtures/two-games.ts'
import { until } from '../../fixtures/wait.ts'

let fixture: RelayFixture
let token: string

beforeAll(async () => {
  fixture = await startTwoGames({ players: { proofOfWork: { seconds: 0.05 } } })
  token = (await fixture.signIn()).token
})

afterAll(() => fixture.close())

const challenge = async (as = token) => (await fixture.call<Challenge>('POST /v1/challenges', { token: as })).body
const open = (proof: string | undefined, key: string = crypto.randomUUID(), as = token) =>
  fixture.call<{ id: string }>('POST /v1/tickets', {
    token: as,
    key,
    body: { message: 'My sword is gone', language: 'en', ...(proof === undefined ? {} : { proof }) },
  })
const count = async () =>
  (await fixture.call<{ items: unknown[] }>('GET /v1/tickets?limit=100', { token })).body.items.length
const refused = (code: string) => ({ status: 422, body: { code: 'invalid', errors: [{ path: 'proof', code }] } })

describe('Where a game asks for proof of work', () => {
  it('it says so to whoever draws the form, and only there', async () => {
    expect((await fixture.call<Game>('GET /v1/games/star-harbor')).body.proofOfWork).toBe(true)
    expect((await fixture.call<Game>('GET /v1/games/moon-base')).body).not.toHaveProperty('proofOfWork')
  })

  it('a solved challenge opens one ticket', async () => {
    const proof = solve(await challenge())
    const before = await count()
    expect((await open(proof)).status).toBe(201)
    expect(await open(proof)).toMatchObject(refused('used'))
    expect(await count()).toBe(before + 1)
  })

  it('the same request may come again with the proof it came with, or with a new one', async () => {
    const proof = solve(await challenge())
    const first = await open(proof, 'again')
    expect(first.status).toBe(201)
    expect(await open(proof, 'again')).toMatchObject({ status: 201, body: { id: first.body.id } })
    expect(await open(solve(await challenge()), 'again')).toMatchObject({ status: 201, body: { id: first.body.id } })
  })

  it('is used by one of five who come at once', async () => {
    const proof = solve(await challenge())
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => open(proof, `at-once-${n}`)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 422, 422, 422, 422])
  })

  it('expires after ten minutes', async () => {
    const proof = solve(await challenge())
    fixture.clock.pass(10 * 60_000 + 1_000)
    expect(await open(proof)).toMatchObject(refused('expired'))
  })

  it('cannot be made easier, or to last longer, by changing what was signed', async () => {
    const solved = decode(solve(await challenge()))
    const { parameters } = solved.challenge
    const changes = [
      { cost: 1 },
      { expiresAt: parameters.expiresAt + 600 },
      { nonce: parameters.nonce.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) },
      { salt: parameters.salt.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) },
    ]
    for (const change of changes) {
      const changed = { ...parameters, ...change }
      const derivedKey = keyFor(changed, 0)
      const challenge = { ...solved.challenge, parameters: { ...changed, keyPrefix: derivedKey.slice(0, 32) } }
      expect(await open(encode({ challenge, solution: { counter: 0, derivedKey } }))).toMatchObject(refused('wrong'))
    }
  })

  it('is no good when somebody else solved it, or nobody did', async () => {
    const stranger = (await fixture.signIn()).token
    expect(await open(solve(await challenge(stranger)))).toMatchObject(refused('wrong'))
    const { challenge: given, solution } = decode(solve(await challenge()))
    const guess = { counter: solution.counter + 1, derivedKey: keyFor(given.parameters, solution.counter + 1) }
    expect(await open(encode({ challenge: given, solution: guess }))).toMatchObject(refused('wrong'))
    const claim = { counter: solution.counter + 1, derivedKey: solution.derivedKey }
    expect(await open(encode({ challenge: given, solution: claim }))).toMatchObject(refused('wrong'))
    const short = { ...solution, derivedKey: given.parameters.keyPrefix }
    expect(await open(encode({ challenge: given, solution: short }))).toMatchObject(refused('malformed'))
  })

  it('is told how much work it is, which is neither nothing nor without end', async () => {
    for (let n = 0; n < 20; n += 1) {
      const { counter } = decode(solve(await challenge())).solution
      expect(counter).toBeGreaterThanOrEqual(12)
      expect(counter).toBeLessThanOrEqual(38)
    }
  })

  it('a solved challenge announces one file', async () => {
    const proof = solve(await challenge())
    const file = { fileName: 'a.png', fileType: 'image/png', fileSize: 10 }
    const announce = (more: object, as = token) =>
      fixture.call('POST /v1/attachments', { token: as, body: { ...file, ...more } })
    expect(await announce({})).toMatchObject(refused('missing'))
    expect((await announce({ proof })).status).toBe(201)
    expect(await announce({ proof })).toMatchObject(refused('used'))
    expect(await open(proof)).toMatchObject(refused('used'))
    expect((await announce({}, fixture.verified())).status).toBe(201)
    expect((await announce({}, (await fixture.signInByMail()).token)).status).toBe(201)
  })

  it.each([undefined, 'nonsense', 'bnVsbA==', encode({}), encode([1])])(
    'without one, or with %j, nothing is opened',
    async (proof) => {
      const before = await count()
      expect(await open(proof)).toMatchObject(refused(proof === undefined ? 'missing' : 'malformed'))
      expect(await count()).toBe(before)
    },
  )

  it('verified and e-mail players are not asked, and replies are free', async () => {
    expect((await open(undefined, 'a', fixture.verified())).status).toBe(201)
    const mailed = (await fixture.signInByMail()).token
    expect((await open(undefined, 'a', mailed)).status).toBe(201)
    for (const as of [fixture.verified(), mailed])
      expect(await fixture.call('POST /v1/challenges', { token: as })).toMatchObject({ status: 422 })
    const { body } = await open(solve(await challenge()))
    const reply = await fixture.call(`POST /v1/tickets/${body.id}/messages`, {
      token,
      key: 'r',
      body: { message: 'more' },
    })
    expect(reply.status).toBe(201)
  })
})

it('Where a game does not ask, there is no challenge and a proof is ignored', async () => {
  const elsewhere = (await fixture.signIn('moon-base')).token
  expect(await fixture.call('POST /v1/challenges', { token: elsewhere })).toMatchObject({
    status: 422,
    body: { code: 'unsupported' },
  })
  expect((await open('nonsense', 'a', elsewhere)).status).toBe(201)
})

describe('Newcomers from an address of which many have come', () => {
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const crowded = from('203.0.113.7')
  let fixture: RelayFixture

  beforeAll(async () => {
    const config = { trustedProxies: ['127.0.0.0/8'], limits: { unproved: { address: 3 } } }
    fixture = await startTwoGames({ config, players: { proofOfWork: { seconds: 0.05 } } })
    for (let n = 0; n < 3; n += 1) expect((await signIn({}, crowded)).status).toBe(201)
  })
  afterAll(() => fixture.close())

  const signIn = (more: object, headers: Record<string, string>, game = 'star-harbor') =>
    fixture.call<Session>('POST /v1/sessions', { body: { game, kind: 'anonymous', ...more }, headers })
  const challenge = (game = 'star-harbor') =>
    fixture.call<Challenge>('POST /v1/sessions/challenges', { body: { game }, headers: crowded })

  it('are let in with a proof, and one proof lets in one', async () => {
    expect(await signIn({}, crowded)).toMatchObject(refused('missing'))
    const proof = solve((await challenge()).body)
    expect((await signIn({ proof }, crowded)).status).toBe(201)
    expect(await signIn({ proof }, crowded)).toMatchObject(refused('used'))
  })

  it('bring no proof that was for something else', async () => {
    const { token } = (await signIn({}, from('198.51.100.1'))).body
    const own = (await fixture.call<Challenge>('POST /v1/challenges', { token })).body
    expect(await signIn({ proof: solve(own) }, crowded)).toMatchObject(refused('wrong'))
    const proof = solve((await challenge()).body)
    const ticket = { message: 'My sword is gone', language: 'en', proof }
    expect(await fixture.call('POST /v1/tickets', { token, key: 'a', body: ticket })).toMatchObject(refused('wrong'))
  })

  it('are the only ones who are asked: not those from elsewhere, nor who comes back, nor where no game asks', async () => {
    const { status, body } = await signIn({}, from('198.51.100.2'))
    expect(status).toBe(201)
    const own = (await fixture.call<Challenge>('POST /v1/challenges', { token: body.token })).body
    await fixture.open(body.token, { proof: solve(own) })
    const back = { game: 'star-harbor', kind: 'recover', recoveryKey: body.recoveryKey }
    expect((await fixture.call('POST /v1/sessions', { body: back, headers: crowded })).status).toBe(201)
    expect((await signIn({}, crowded, 'moon-base')).status).toBe(201)
    expect(await challenge('moon-base')).toMatchObject({ status: 422, body: { code: 'unsupported' } })
    expect(await challenge('nowhere')).toMatchObject({ status: 404 })
  })
})

describe('Sign-in mails from an address of which many were asked', () => {
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const crowded = from('203.0.113.7')
  let fixture: RelayFixture

  beforeAll(async () => {
    const limits = { unprovedMail: { address: 2 }, mail: { address: 5 } }
    const config = { trustedProxies: ['127.0.0.0/8'], limits }
    fixture = await startTwoGames({ config, players: { anonymous: false, proofOfWork: { seconds: 0.05 } } })
    for (const name of ['ada', 'grace']) expect((await ask(name)).status).toBe(202)
  })
  afterAll(() => fixture.close())

  const ask = (name: string, more: object = {}, headers = crowded, game = 'star-harbor') =>
    fixture.call<LinkSent>('POST /v1/sessions', {
      body: { game, kind: 'email', email: `${name}@players.example`, ...more },
      headers,
    })
  const solved = async () => {
    const body = { game: 'star-harbor' }
    return solve((await fixture.call<Challenge>('POST /v1/sessions/challenges', { body, headers: crowded })).body)
  }
  const mailsTo = (name: string) => fixture.mails.filter(({ to }) => to.includes(`${name}@players.example`))

  it('go out with a proof, one for each, and what comes without counts against nobody there', async () => {
    for (let n = 0; n < 10; n += 1) expect(await ask('joan')).toMatchObject(refused('missing'))
    const proof = await solved()
    const { status, body } = await ask('joan', { proof })
    expect(status).toBe(202)
    expect(await ask('joan', { proof })).toMatchObject(refused('used'))
    const mail = await until(() => mailsTo('joan')[0], 'the mail has come')
    const code = { game: 'star-harbor', kind: 'email', code: mail.code, browserSecret: body.browserSecret }
    // Whoever opens the link has shown more than any work does.
    expect((await fixture.call('POST /v1/sessions', { body: code, headers: crowded })).status).toBe(201)
    expect((await ask('hedy', { proof: await solved() })).status).toBe(202)
    await until(() => mailsTo('hedy')[0], 'the next has come')
    expect(mailsTo('joan')).toHaveLength(1)
  })

  it('are the only ones for which it is asked: not those from elsewhere, nor where no game asks', async () => {
    expect((await ask('ada', {}, from('198.51.100.1'))).status).toBe(202)
    for (let n = 0; n < 3; n += 1)
      expect((await ask(`eve-${n}`, {}, from('198.51.100.2'), 'moon-base')).status).toBe(202)
  })
})
