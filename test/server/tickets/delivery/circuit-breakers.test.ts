/** Games of one studio often share a vendor's key: what one of them learns of the vendor holds for all. */
import { beforeEach, expect, it } from 'vitest'
import { readConfig } from '../../../../server/config/config.ts'
import { createGames } from '../../../../server/config/games.ts'
import { type CircuitBreakers, createCircuitBreakers } from '../../../../server/tickets/delivery/circuit-breakers.ts'
import { vendorOf } from '../../../fixtures/vendor-of.ts'

const thena = (apiKey: string) => ({
  name: 'A game',
  players: { anonymous: true },
  vendor: { kind: 'thena', apiKey, teamId: 'players' },
})
const { config } = readConfig(JSON.stringify({ games: { a: thena('one'), b: thena('one'), c: thena('two') } }), {})
const games = createGames(config, (_, { vendor }) => vendorOf(vendor))

let now: number
let breakers: CircuitBreakers
let message: number

beforeEach(() => {
  now = 0
  message = 0
  breakers = createCircuitBreakers(games, { elapsedMs: () => now, after: () => () => undefined }, () => 1)
})

function fail(game: string, times: number, isGames = false) {
  for (let left = times; left > 0; left--) breakers.began(game)
  return Array.from({ length: times }, () => breakers.ended(game, { ok: false, message: ++message, isGames })).at(-1)
}

const rooms = () => ['a', 'b', 'c'].map((game) => breakers.room(game))

it('holds back every game on the key of a vendor that is out, and no other', () => {
  expect(rooms()).toEqual([8, 8, 8])
  expect(fail('a', 3)).toBe('out')
  expect(rooms()).toEqual([0, 0, 8])
})

it('sends one probe for all of them, and lets all go on after it', () => {
  fail('a', 3)
  now += 1_000
  expect(rooms()).toEqual([1, 1, 8])
  breakers.began('b')
  expect(rooms()).toEqual([0, 0, 8])
  expect(breakers.ended('b', { ok: true })).toBe('back')
  expect(rooms()).toEqual([2, 2, 8])
  expect(breakers.sharing('a')).toEqual(['a', 'b'])
})

it('obeys for all of them what the vendor asked of one', () => {
  fail('a', 2)
  breakers.began('a')
  breakers.ended('a', { ok: false, message: ++message, retryAfterMs: 60_000 })
  now += 59_999
  expect(rooms()).toEqual([0, 0, 8])
  now += 1
  expect(rooms()).toEqual([1, 1, 8])
})

it('lets no game wait for another whose configuration the vendor refuses', () => {
  expect(fail('a', 3, true)).toBe('out')
  expect(rooms()).toEqual([0, 8, 8])
})

it('takes one message that fails again and again for its own trouble, and not for the vendor’s', () => {
  for (let times = 0; times < 10; times++) {
    breakers.began('a')
    expect(breakers.ended('a', { ok: false, message: 7 })).toBeUndefined()
  }
  expect(rooms()).toEqual([8, 8, 8])
})

it('probes a vendor that has long been out at least every half minute', () => {
  fail('a', 3)
  for (let probes = 0; probes < 20; probes++) {
    now += 30_000
    expect(breakers.room('a')).toBe(1)
    fail('a', 1)
  }
})
