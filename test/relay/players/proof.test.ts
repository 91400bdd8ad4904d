/** Proof of work: what an anonymous player's browser computes before it may open a ticket, where a game asks for that. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Game } from '../../../server/contract/game.ts'
import type { Challenge } from '../../../server/contract/proof.ts'
import { type Scene, startScene } from './scene.ts'
import { decode, encode, sha256, solve } from './solve.ts'

let scene: Scene
let token: string

beforeAll(async () => {
  scene = await startScene({ players: { proofOfWork: { maxNumber: 1_000 } } })
  token = (await scene.signIn()).token
})

afterAll(() => scene.close())

const challenge = async (as = token) => (await scene.call<Challenge>('POST /v1/challenges', { token: as })).body
const open = (proof: string | undefined, key: string = crypto.randomUUID(), as = token) =>
  scene.call<{ id: string }>('POST /v1/tickets', {
    token: as,
    key,
    body: { message: 'My sword is gone', language: 'en', ...(proof === undefined ? {} : { proof }) },
  })
const count = async () =>
  (await scene.call<{ items: unknown[] }>('GET /v1/tickets?limit=100', { token })).body.items.length
const refused = (code: string) => ({ status: 422, body: { code: 'invalid', errors: [{ path: 'proof', code }] } })

describe('Where a game asks for proof of work', () => {
  it('it says so to whoever draws the form, and only there', async () => {
    expect((await scene.call<Game>('GET /v1/games/star-harbor')).body.proofOfWork).toBe(true)
    expect((await scene.call<Game>('GET /v1/games/moon-base')).body).not.toHaveProperty('proofOfWork')
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
    scene.clock.pass(10 * 60_000 + 1_000)
    expect(await open(proof)).toMatchObject(refused('expired'))
  })

  it('cannot be made to last longer by moving digits between number and expiry', async () => {
    const solution = decode(solve(await challenge()))
    const [salt, number] = [String(solution.salt), String(solution.number)]
    const moved = `${salt.slice(0, -1)}${number.slice(0, 1)}`
    for (const [newSalt, newNumber] of [
      [`${salt}${number.slice(0, 1)}`, Number(number.slice(1) || '0')],
      [moved, Number(number)],
      [salt.replace(/expires=\d+/, 'expires=9999999999'), Number(number)],
    ] as const)
      expect((await open(encode({ ...solution, salt: newSalt, number: newNumber }))).status).toBe(422)
  })

  it('is no good when somebody else solved it, or the challenge was made up', async () => {
    const stranger = (await scene.signIn()).token
    expect(await open(solve(await challenge(stranger)))).toMatchObject(refused('wrong'))
    const solution = decode(solve(await challenge()))
    const own = { ...solution, challenge: sha256(`${String(solution.salt)}7`), number: 7 }
    expect(await open(encode(own))).toMatchObject(refused('wrong'))
    expect(await open(encode({ ...solution, number: Number(solution.number) + 1 }))).toMatchObject(refused('wrong'))
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
    expect((await open(undefined, 'a', scene.verified())).status).toBe(201)
    const mailed = (await scene.signInByMail()).token
    expect((await open(undefined, 'a', mailed)).status).toBe(201)
    for (const as of [scene.verified(), mailed])
      expect(await scene.call('POST /v1/challenges', { token: as })).toMatchObject({ status: 422 })
    const { body } = await open(solve(await challenge()))
    const reply = await scene.call(`POST /v1/tickets/${body.id}/messages`, {
      token,
      key: 'r',
      body: { message: 'more' },
    })
    expect(reply.status).toBe(201)
  })
})

it('Where a game does not ask, there is no challenge and a proof is ignored', async () => {
  const elsewhere = (await scene.signIn('moon-base')).token
  expect(await scene.call('POST /v1/challenges', { token: elsewhere })).toMatchObject({
    status: 422,
    body: { code: 'unsupported' },
  })
  expect((await open('nonsense', 'a', elsewhere)).status).toBe(201)
})
