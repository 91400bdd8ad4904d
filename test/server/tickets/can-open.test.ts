/** `can.open`: what holds for the game as it is configured, and for this player, before a word is written. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Game } from '../../../server/contract/game.ts'
import type { Ticket } from '../../../server/contract/ticket.ts'
import { type Vendor, VendorError } from '../../../server/vendors/vendor.ts'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { loft, pigeonPost } from '../../fixtures/toy-vendor.ts'

let relay: TestRelay
let ahead = 0

afterEach(() => relay.close())

/** Each token's `sub` is inside it. */
const idOf = (token: string): string => JSON.parse(atob(token.split('.')[1] ?? '')).sub

async function start(vendor: Partial<Vendor>): Promise<void> {
  ahead = 0
  relay = await startRelay({
    clock: { now: () => new Date(Date.now() + ahead) },
    vendorOf: () => ({ ...pigeonPost, ...vendor }),
  })
}

const game = (token?: string) => relay.call<Game>('GET /v1/games/star-harbor', { token })
const opening = (token: string, key: string = crypto.randomUUID()) =>
  relay.call('POST /v1/tickets', { token, key, body: { message: 'Coo?', language: 'en' } })
const ticketsOf = async (token: string) =>
  (await relay.call<{ items: Ticket[] }>('GET /v1/tickets', { token })).body.items

describe('A game in which nothing can be opened', () => {
  it('says so to anyone, and takes no ticket', async () => {
    await start({ can: { ...pigeonPost.can, open: false } })
    const { token } = await relay.signIn()
    const before = loft.length
    expect((await game()).body.can.open).toBe(false)
    expect((await game(token)).body.can.open).toBe(false)
    expect(await opening(token)).toMatchObject({ status: 422, body: { code: 'unsupported' } })
    expect(await ticketsOf(token)).toEqual([])
    expect(loft.length).toBe(before)
  })

  it('takes no reply either where a reply would be a new vendor ticket, and offers none', async () => {
    const can = { ...pigeonPost.can, open: true, reply: 'follow-up' as const, reopen: 'follow-up' as const }
    await start({ can })
    const { token } = await relay.signIn()
    const { id } = await relay.open(token)
    relay.relay.games.forEach((live) => {
      live.can.open = false
    })
    const reply = { token, key: crypto.randomUUID(), body: { message: 'Still there?' } }
    expect(await relay.call(`POST /v1/tickets/${id}/messages`, reply)).toMatchObject({
      status: 422,
      body: { code: 'unsupported' },
    })
    expect((await ticketsOf(token)).map((ticket) => ticket.can)).toMatchObject([{ reply: false, reopen: false }])
    expect((await relay.call<Ticket>(`POST /v1/tickets/${id}/close`, { token })).body.can.reopen).toBe(false)
    expect(await relay.call(`POST /v1/tickets/${id}/reopen`, { token })).toMatchObject({ status: 422 })
  })
})

describe('A game in which it depends on the player', () => {
  it('answers each player with their own, and anyone as whoever begins there', async () => {
    let welcome = ''
    await start({ canOpen: async ({ id }) => id === welcome })
    const [one, other] = [(await relay.signIn()).token, (await relay.signIn()).token]
    welcome = idOf(one)
    const [shared, hers, his] = [await game(), await game(one), await game(other)]
    expect([shared, hers, his].map(({ body }) => body.can.open)).toEqual([false, true, false])
    expect(shared.body.canByPlayer).toBe(true)
    expect(shared.headers.get('cache-control')).toMatch(/^public\b/)
    for (const answer of [hers, his]) expect(answer.headers.get('cache-control')).toMatch(/^private\b/)
    for (const answer of [shared, hers, his]) expect(answer.headers.get('vary')).toMatch(/\bAuthorization\b/i)
    expect(hers.headers.get('etag')).not.toBe(his.headers.get('etag'))
  })

  it('refuses what it knows cannot be delivered, and nobody else’s', async () => {
    let welcome = ''
    await start({ canOpen: async ({ id }) => id === welcome })
    const [one, other] = [(await relay.signIn()).token, (await relay.signIn()).token]
    welcome = idOf(one)
    await game(one)
    await game(other)
    expect((await opening(one)).status).toBe(201)
    expect(await opening(other)).toMatchObject({ status: 422, body: { code: 'unsupported' } })
    expect(await ticketsOf(other)).toEqual([])
  })

  it('gives the answer to an earlier ticket again, though no more can be opened', async () => {
    let isOpen = true
    await start({ canOpen: async () => isOpen })
    const { token } = await relay.signIn()
    const first = await opening(token, 'k1')
    isOpen = false
    await game(token)
    expect(await opening(token, 'k2')).toMatchObject({ status: 422 })
    expect(await opening(token, 'k1')).toMatchObject({ status: 201, body: first.body as object })
  })

  it('asks the vendor once a minute for one player, however many look at once', async () => {
    let asked = 0
    await start({
      canOpen: async () => {
        asked += 1
        return asked > 1
      },
    })
    const { token } = await relay.signIn()
    const first = await Promise.all([game(token), game(token), game(token)])
    expect(first.map(({ body }) => body.can.open)).toEqual([false, false, false])
    expect(asked).toBe(1)
    ahead = 61_000
    expect((await game(token)).body.can.open).toBe(true)
    expect(asked).toBe(2)
  })

  it.each<[string, () => Promise<boolean>]>([
    ['is down', () => Promise.reject(new VendorError('unreachable', 'pigeon: no wind'))],
    ['breaks', () => Promise.reject(new Error('a defect of the adapter'))],
    ['never answers', () => new Promise(() => undefined)],
  ])('hides nothing while the vendor %s', async (_how, canOpen) => {
    await start({ canOpen })
    const { token } = await relay.signIn()
    expect(await game(token)).toMatchObject({ status: 200, body: { can: { open: true } } })
    expect((await opening(token)).status).toBe(201)
  })

  it('tells whoever brings a token that is no good what it tells anyone', async () => {
    await start({ canOpen: async ({ kind, id }) => kind === 'anonymous' && id.startsWith('anon:') })
    const { token } = await relay.signIn()
    const ended = (await relay.signIn()).token
    await relay.call('DELETE /v1/session', { token: ended })
    for (const bad of ['nonsense', `${token.slice(0, -4)}AAAA`, ended]) {
      const answer = await game(bad)
      expect(answer).toMatchObject({ status: 200, body: { can: { open: true } } })
      expect(answer.headers.get('cache-control')).toMatch(/^public\b/)
    }
  })
})
