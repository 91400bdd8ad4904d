/** A ticket at Zaia needs a chat, and its API opens none: who has one is asked, and said before a word is written. */
import { describe, expect, it } from 'vitest'
import type { VendorPlayer } from '../../../../server/vendors/vendor.ts'
import { begin } from '../../../simulators/zaia/begin.ts'
import { inventions } from '../../../simulators/zaia/state.ts'
import { ada, bob, call, codeOf, having, openingOf, refOf } from '../suite/parts.ts'

const anonymous: VendorPlayer = {
  id: 'anon:2f0a4b1c-1d2e-4f3a-8b4c-5d6e7f8a9b0c',
  kind: 'anonymous',
  pseudonym: 'c'.repeat(32),
  signed: {},
}

describe('whether a player can open a ticket', () => {
  it.each([
    ['verified', ada],
    ['anonymous', anonymous],
  ])('follows from their chats alone: %s', async (_, player) => {
    const { vendor, state, calls } = await begin({ chatOnSight: false })
    const canOpen = () => having(vendor.canOpen)(player, call())
    expect(vendor.can.open).toBe(true)
    expect(await canOpen()).toBe(false)
    expect(await codeOf(vendor.open(openingOf({ player }), call()))).toBe('refused')
    state.addChat(state.userOf(player.id))
    expect(await canOpen()).toBe(true)
    expect((await vendor.open(openingOf({ player }), call())).vendorTicketId).toBeDefined()
    expect(calls('POST /api/v1/tickets')).toHaveLength(1)
  })

  it('is the studio’s word where it signed for a chat', async () => {
    const { vendor, state } = await begin({ chatOnSight: false })
    const { id: chatId } = state.addChat(state.userOf('known by another name'))
    expect(await having(vendor.canOpen)({ ...ada, signed: { chatId } }, call())).toBe(true)
  })

  it('is no where the studio has blocked them, or Zaia cannot hold their id', async () => {
    const { vendor, state, simulator } = await begin()
    expect(await having(vendor.canOpen)({ ...ada, id: 'ab' }, call())).toBe(false)
    expect(simulator.received).toEqual([])
    state.userOf(bob.id).blocked = true
    expect(await having(vendor.canOpen)(bob, call())).toBe(false)
  })

  it('is not said where Zaia does not answer', async () => {
    const { vendor, simulator } = await begin()
    simulator.misbehave('error', 1)
    expect(await codeOf(having(vendor.canOpen)(ada, call()))).toBe('unreachable')
  })

  it('is no for everyone without a call for messages', async () => {
    const { vendor } = await begin({}, { paths: {} })
    expect([vendor.can.open, vendor.canOpen]).toEqual([false, undefined])
  })
})

describe('an opening that is tried again', () => {
  it('goes on in the chat it began in, though another comes first by then', async () => {
    const { vendor, state, simulator } = await begin()
    const owner = state.userOf(ada.id)
    const opening = openingOf()
    simulator.misbehave('error', 1, simulator.calls.open)
    await codeOf(vendor.open(opening, call()))
    state.addChat(owner)
    simulator.world.list({ order: 'newest' })
    const { vendorTicketId } = await vendor.open(opening, call())
    expect(state.tickets.filter(({ chat }) => chat.owner === owner).map(({ id }) => id)).toEqual([vendorTicketId])
  })
})

describe('what the document does not print', () => {
  it('may be altogether otherwise', async () => {
    const names = Object.fromEntries(Object.entries(inventions).map(([name, { other }]) => [name, other]))
    const { vendor, simulator, drift } = await begin({ names })
    simulator.world.list({ order: 'any' })
    expect(await having(vendor.canOpen)(ada, call())).toBe(true)
    const opening = openingOf({ message: 'mine' })
    const ref = refOf((await vendor.open(opening, call())).vendorTicketId)
    const reply = { ...ref, mark: 'm-2', message: 'more', sentAt: new Date(), files: [] }
    await having(vendor.reply)(reply, call())
    simulator.agentAnswers(ref.vendorTicketId, 'answer')
    const { messages } = await having(vendor.read)(ref, call())
    expect(messages.map(({ author, text }) => `${author}: ${text}`).toSorted()).toEqual([
      'agent: answer',
      'player: mine',
      'player: more',
    ])
    expect((await having(vendor.findOpened)(opening, call()))?.vendorTicketId).toBe(ref.vendorTicketId)
    expect(await having(vendor.findReplied)(reply, call())).toBeDefined()
    expect((await having(vendor.list)(ada, undefined, call())).tickets).toHaveLength(1)
    await having(vendor.close)(ref, call())
    expect((await having(vendor.read)(ref, call())).status).toBe('closed')
    expect(drift).toEqual([])
  })
})
