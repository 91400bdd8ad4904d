/** Looking for a mark at Zaia, whose lists come in an order that nobody documents. */
import { describe, expect, it } from 'vitest'
import type { VendorTicketId } from '../../../../server/vendors/vendor.ts'
import { begin } from '../../../simulators/zaia/begin.ts'
import { ada, call, codeOf, having, openingOf, refOf } from '../suite/parts.ts'

const ticketsCall = 'GET /api/v1/tickets/details'
const messagesCall = 'GET /api/v1/chat-messages'
const daysMs = 24 * 60 * 60 * 1000

describe('a new ticket is looked for', () => {
  it.each(['newest', 'oldest', 'any'] as const)('among all of a player’s, listed in the order: %s', async (order) => {
    const { vendor, state, simulator, chatOf, calls } = await begin()
    const opening = openingOf()
    const id = (await vendor.open(opening, call())).vendorTicketId
    for (let count = 0; count < 110; count += 1)
      having(state.open(chatOf().id, 'pending')).createdAt = daysAgo(2 + count)
    simulator.world.list({ order })
    expect((await having(vendor.findOpened)(opening, call()))?.vendorTicketId).toBe(id)
    const before = calls(messagesCall).length
    expect(await having(vendor.findOpened)(openingOf(), call())).toBeUndefined()
    // Those that are older than the player's words are not even opened.
    expect(calls(messagesCall).length).toBe(before + 1)
  })

  it('and never said not to be there where a list was not read to its end', async () => {
    const { vendor, state, chatOf, drift } = await begin()
    const [chat, opening] = [chatOf(), openingOf()]
    for (let count = 0; count < 2_001; count += 1) having(state.open(chat.id, 'pending')).createdAt = daysAgo(9)
    expect(await codeOf(having(vendor.findOpened)(opening, call()))).toBe('unexpected')
    expect(drift).toEqual([`zaia ${ticketsCall}: more rows than are looked at`])
  })

  it('nor where too many could be it', async () => {
    const { vendor, state, chatOf } = await begin()
    for (let count = 0; count < 51; count += 1) state.open(chatOf().id, 'ongoing')
    expect(await codeOf(having(vendor.findOpened)(openingOf(), call()))).toBe('unexpected')
  })

  it('beside those that are other messages’ already', async () => {
    const { vendor } = await begin()
    const opening = openingOf()
    const ids = [await vendor.open(opening, call()), await vendor.open(opening, call())].map(
      ({ vendorTicketId }) => vendorTicketId,
    )
    const foundBeside = async (...linked: (VendorTicketId | undefined)[]) => {
      const known = new Set(linked.filter((id) => id !== undefined))
      return (await having(vendor.findOpened)({ ...opening, linked: known }, call()))?.vendorTicketId
    }
    expect(await foundBeside(ids[0])).toBe(ids[1])
    expect(await foundBeside(ids[1])).toBe(ids[0])
    expect(await foundBeside(...ids)).toBeUndefined()
  })

  it('on every chat, however many there are', async () => {
    const { vendor, state, calls } = await begin({ chatOnSight: false })
    const owner = state.userOf(ada.id)
    const chats = Array.from({ length: 130 }, () => state.addChat(owner))
    const opening = openingOf()
    const ticket = having(state.open(chats.at(-1)?.id ?? '', 'pending'))
    state.say(ticket.id, 'user', `Hello\n${opening.mark}`)
    expect((await having(vendor.findOpened)(opening, call()))?.vendorTicketId).toBe(ticket.id)
    expect(calls('GET /api/v1/chats')).toHaveLength(2)
  })

  it('past a row that cannot be read only where that is older, or another message’s', async () => {
    const { vendor, simulator } = await begin()
    const others = (await vendor.open(openingOf(), call())).vendorTicketId
    const opening = openingOf()
    const { vendorTicketId } = await vendor.open(opening, call())
    const unknown = { ...openingOf(), linked: new Set([vendorTicketId]) }
    const blur = (createdAt: string) =>
      simulator.mutate((body, made) => {
        if (made !== ticketsCall || !Array.isArray(body)) return body
        return body.map((row) => (row.id === others ? { ...row, status: 7, createdAt } : row))
      })
    blur(daysAgo(2))
    expect(await having(vendor.findOpened)(unknown, call())).toBeUndefined()
    blur(daysAgo(0))
    expect(await codeOf(having(vendor.findOpened)(unknown, call()))).toBe('unexpected')
    const linked = new Set([others, vendorTicketId])
    expect(await having(vendor.findOpened)({ ...unknown, linked }, call())).toBeUndefined()
  })

  it('and a refusal of the list ends no delivery', async () => {
    const { vendor, simulator } = await begin()
    simulator.misbehave('refuse', 1, ticketsCall)
    expect(await codeOf(having(vendor.findOpened)(openingOf(), call()))).toBe('unexpected')
  })
})

describe('a row of a history that does not fit', () => {
  it('hides none of the others, and is counted', async () => {
    const { vendor, simulator, drift } = await begin()
    const [one, other] = [await vendor.open(openingOf(), call()), await vendor.open(openingOf(), call())]
    simulator.world.breakRow({ call: ticketsCall, containing: one.vendorTicketId, field: 'chatId' })
    const { tickets } = await having(vendor.list)(ada, undefined, call())
    expect(tickets.map(({ vendorTicketId }) => vendorTicketId)).toEqual([other.vendorTicketId])
    expect(drift).toEqual([`zaia ${ticketsCall}: a row`])
  })

  it('hides none of the others though it is the only one of its status', async () => {
    const { vendor, simulator } = await begin()
    const [one, other] = [await vendor.open(openingOf(), call()), await vendor.open(openingOf(), call())]
    simulator.agentCloses(one.vendorTicketId)
    simulator.world.breakRow({ call: ticketsCall, containing: one.vendorTicketId, field: 'chatId' })
    const { tickets } = await having(vendor.list)(ada, undefined, call())
    expect(tickets.map(({ vendorTicketId }) => vendorTicketId)).toEqual([other.vendorTicketId])
    simulator.world.breakRow({ call: ticketsCall, containing: other.vendorTicketId, field: 'chatId' })
    expect(await codeOf(having(vendor.list)(ada, undefined, call()))).toBe('unexpected')
  })
})

describe('a message that does not fit', () => {
  it('hides no other ticket, and the one it is all of until it fits', async () => {
    const { vendor, simulator, drift } = await begin()
    const id = (await vendor.open(openingOf({ message: 'Eins.' }), call())).vendorTicketId
    await vendor.open(openingOf({ message: 'Zwei.' }), call())
    const setBack = simulator.world.breakRow({ call: messagesCall, containing: 'Eins.', field: 'createdAt' })
    const titles = async () => (await having(vendor.list)(ada, undefined, call())).tickets.map(({ subject }) => subject)
    expect(await titles()).toEqual(['Zwei.'])
    expect(drift).toEqual([`zaia ${messagesCall}: a row`, `zaia ${messagesCall}: every message`])
    expect(await codeOf(having(vendor.read)(refOf(id), call()))).toBe('unexpected')
    setBack()
    expect((await titles()).toSorted()).toEqual(['Eins.', 'Zwei.'])
  })

  it('makes nobody take its ticket for an empty one, to put their words into it', async () => {
    const { vendor, state, simulator } = await begin()
    const opening = openingOf()
    simulator.misbehave('lost-answer', 1, 'POST /api/v1/tickets')
    expect(await codeOf(vendor.open(opening, call()))).toBe('unreachable')
    const [made] = simulator.tickets().map(({ vendorTicketId }) => vendorTicketId)
    state.say(made ?? '', 'user', 'From elsewhere.')
    simulator.world.breakRow({ call: messagesCall, containing: 'From elsewhere.', field: 'createdAt' })
    expect((await vendor.open(opening, call())).vendorTicketId).not.toBe(made)
  })
})

describe('a ticket that was just seen', () => {
  it.each([
    ['POST /api/v1/tickets', messagesCall.replace('GET', 'POST'), 'open'],
    ['GET /api/v1/tickets/:id/details', messagesCall.replace('GET', 'POST'), 'reply'],
    ['GET /api/v1/tickets/:id/details', 'PATCH /api/v1/tickets/:id/complete', 'close'],
    ['GET /api/v1/tickets/:id/details', messagesCall, 'read'],
    ['GET /api/v1/tickets/:id/details', messagesCall, 'findReplied'],
  ] as const)('by %s is not gone because %s says 404', async (seenBy, missing, act) => {
    const { vendor, simulator, calls, drift } = await begin()
    const ref = refOf((await vendor.open(openingOf(), call())).vendorTicketId)
    const reply = { ...ref, mark: 'm-2', message: 'Noch da?', sentAt: new Date(), files: [] }
    const acts = {
      open: () => vendor.open(openingOf(), call()),
      reply: () => having(vendor.reply)(reply, call()),
      close: () => having(vendor.close)(ref, call()),
      read: () => having(vendor.read)(ref, call()),
      findReplied: () => having(vendor.findReplied)(reply, call()),
    }
    const before = calls(seenBy).length
    simulator.misbehave('missing', 1, missing)
    expect(await codeOf(acts[act]())).toBe('unexpected')
    expect(calls(seenBy).length).toBe(before + 1)
    expect(drift).toEqual([`zaia ${missing.replace(':id', '{id}')}: 404 of a ticket that is there`])
  })
})

describe('a reply is looked for', () => {
  const replyTo = (id: string) => ({ ...refOf(id), mark: 'm-2', message: 'Noch da?', sentAt: new Date(), files: [] })

  it('in the one answer that messages come in, and where that is full nobody says that it is not there', async () => {
    const { vendor, state, simulator } = await begin()
    const reply = replyTo((await vendor.open(openingOf(), call())).vendorTicketId)
    for (let count = 0; count < 250; count += 1) state.say(reply.vendorTicketId, 'agent', `answer ${count}`)
    simulator.mutate((body, made) => (made === messagesCall && Array.isArray(body) ? body.slice(0, 250) : body))
    expect(await codeOf(having(vendor.findReplied)(reply, call()))).toBe('unexpected')
    await having(vendor.reply)(reply, call())
    simulator.mutate((body, made) => (made === messagesCall && Array.isArray(body) ? body.slice(-250) : body))
    expect(await having(vendor.findReplied)(reply, call())).toMatchObject({ vendorMessageId: expect.any(String) })
  })

  it('under whatever role Zaia shows it', async () => {
    const { vendor, state } = await begin()
    const reply = replyTo((await vendor.open(openingOf(), call())).vendorTicketId)
    const row = state.say(reply.vendorTicketId, 'external-user', 'Noch da?\nmark: m-2')
    expect(await having(vendor.findReplied)(reply, call())).toEqual({ vendorMessageId: row?.id })
  })

  it('and an agent who quotes it proves that it is there, by a message that is not it', async () => {
    const { vendor, state } = await begin()
    const reply = replyTo((await vendor.open(openingOf(), call())).vendorTicketId)
    state.say(reply.vendorTicketId, 'agent', '> mark: m-2\nYes.')
    expect(await having(vendor.findReplied)(reply, call())).toEqual({ vendorMessageId: undefined })
  })

  it('and its copies are all read, each with the mark they share', async () => {
    const { vendor } = await begin()
    const reply = replyTo((await vendor.open(openingOf(), call())).vendorTicketId)
    await having(vendor.reply)(reply, call())
    await having(vendor.reply)(reply, call())
    const { messages } = await having(vendor.read)(reply, call())
    expect(messages.filter(({ mark }) => mark === 'm-2')).toHaveLength(2)
  })
})

function daysAgo(days: number): string {
  return new Date(Date.now() - days * daysMs).toISOString()
}
