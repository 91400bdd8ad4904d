/** Zaia: what every vendor must do, and what its page warns of. */
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Vendor, VendorPlayer } from '../../../../server/vendors/vendor.ts'
import { ZaiaConfig } from '../../../../server/vendors/zaia/wire.ts'
import { createZaia } from '../../../../server/vendors/zaia/zaia.ts'
import { startRelay } from '../../../fixtures/relay.ts'
import {
  startZaiaSimulator,
  type ZaiaSimulator,
  type ZaiaSimulatorOptions,
} from '../../../simulators/zaia/simulator.ts'
import { knownTagId, serviceUserId } from '../../../simulators/zaia/state.ts'
import {
  ada,
  bob,
  call,
  codeOf,
  fileOf,
  having,
  openingOf,
  type RelayFixture,
  refOf,
  startVendorRelay,
} from '../suite/parts.ts'
import { vendorSuite } from '../suite/suite.ts'

vendorSuite(
  'Zaia',
  async (parts) => {
    const simulator = await startZaiaSimulator({ chatOnSight: true })
    return { vendor: createZaia(ZaiaConfig.parse(simulator.config), parts), simulator }
  },
  { knowsOwners: true },
)

describe('Zaia in particular', () => {
  let fixture: RelayFixture
  let vendor: Vendor
  let simulator: ZaiaSimulator

  async function begin(options: ZaiaSimulatorOptions = {}, config: object = {}): Promise<void> {
    if (fixture) await fixture.end()
    fixture = await startVendorRelay(async (parts) => {
      simulator = await startZaiaSimulator({ chatOnSight: true, ...options })
      return { vendor: createZaia(ZaiaConfig.parse({ ...simulator.config, ...config }), parts), simulator }
    })
    vendor = fixture.vendor
  }

  beforeEach(() => begin())

  afterEach(async () => {
    await fixture.end()
    expect(simulator.violations).toEqual([])
  })

  const open = async (changes: Parameters<typeof openingOf>[0] = {}) =>
    (await vendor.open(openingOf(changes), call())).vendorTicketId
  const sent = (name: string) => simulator.received.filter((request) => request.call === name)
  const linesOf = (id: string) => simulator.tickets().find((ticket) => ticket.vendorTicketId === id)?.lines ?? []
  const count = () => simulator.tickets().length

  it('never asks with an empty list of ids, which would list the workspace', async () => {
    await begin({ chatOnSight: false })
    expect(await having(vendor.list)(ada, undefined, call())).toEqual({ tickets: [] })
    expect(await having(vendor.findOpened)(openingOf(), call())).toBeUndefined()
    expect(sent('GET /api/v1/tickets/details')).toEqual([])
    for (const { query } of sent('GET /api/v1/chats')) expect(query.ownerIds).toHaveLength(2)
  })

  it('tells the truth about a player who has no chat', async () => {
    await begin({ chatOnSight: false })
    await expect(vendor.open(openingOf(), call())).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('no chat'),
    })
    expect(sent('POST /api/v1/tickets')).toEqual([])
  })

  it('opens on the chat that the studio signed for', async () => {
    await begin({ chatOnSight: false })
    const chat = simulator.state.addChat(simulator.state.userOf('known by another name'))
    const player: VendorPlayer = { ...ada, signed: { chatId: chat.id } }
    const id = await open({ player })
    expect(simulator.state.ticketOf(id)?.chat).toBe(chat)
    expect((await having(vendor.read)(refOf(id, player), call())).messages).toHaveLength(1)
    expect((await having(vendor.list)(player, undefined, call())).tickets).toHaveLength(1)
    expect(await codeOf(having(vendor.read)(refOf(id, ada), call()))).toBe('missing')
  })

  it('is honest that without a call for messages nothing can be opened', async () => {
    await begin({}, { paths: {} })
    expect(vendor.can).toMatchObject({ reply: 'follow-up', reopen: false, attachments: false, close: true })
    expect([vendor.reply, vendor.findReplied]).toEqual([undefined, undefined])
    expect(await codeOf(vendor.open(openingOf(), call()))).toBe('refused')
    expect(simulator.received).toEqual([])
    const relay = await startRelay({ game: { vendor: { ...simulator.config, paths: {} } } })
    expect(relay.lines.join('')).toContain('zaia needs paths.sendMessage')
    await relay.close()
  })

  it('opens nothing for a player whom the studio has blocked, from the moment it did', async () => {
    await open()
    simulator.state.userOf(ada.id).blocked = true
    expect(await codeOf(vendor.open(openingOf(), call()))).toBe('refused')
  })

  it('binds the external user to the player, by no other id', async () => {
    await open()
    expect(sent('POST /api/v1/external-users/authenticate')[0]?.body).toMatchObject({
      externalId: ada.id,
      id: null,
      identifier: null,
    })
    expect(await codeOf(having(vendor.list)({ ...ada, id: 'ab' }, undefined, call()))).toBe('refused')
  })

  it('asks who a player is once, for all that is read', async () => {
    const id = await open()
    await having(vendor.read)(refOf(id), call())
    await having(vendor.read)(refOf(id), call())
    await having(vendor.list)(ada, undefined, call())
    expect(sent('POST /api/v1/external-users/authenticate')).toHaveLength(1)
  })

  it('completes as the service user, once', async () => {
    const id = await open()
    await having(vendor.close)(refOf(id), call())
    await having(vendor.close)(refOf(id), call())
    expect(simulator.state.ticketOf(id)?.completedBy).toBe(serviceUserId)
    expect(sent('PATCH /api/v1/tickets/:id/complete')).toHaveLength(1)
  })

  it('attaches tags that are ids, writes down the signed ones that are not, and loses nothing over an unknown one', async () => {
    const unknown = randomUUID()
    const id = await open({ player: { ...ada, signed: { tags: [knownTagId, unknown, 'vip'] } } })
    expect(linesOf(id)).toEqual(expect.arrayContaining([`tag: ${knownTagId}`, '[signed] tags: vip']))
    expect(fixture.drift).toEqual(['zaia POST /api/v1/tickets/{ticketId}/tags: a tag was not taken'])
  })

  it('lists tickets of every status, newest first, page by page', async () => {
    const ids: string[] = []
    for (let index = 0; index < 12; index += 1) ids.push(await open({ message: `Question ${index}` }))
    await having(vendor.close)(refOf(ids[0] ?? ''), call())
    const first = await having(vendor.list)(ada, undefined, call())
    const second = await having(vendor.list)(ada, first.cursor, call())
    expect([...first.tickets, ...second.tickets].map((ticket) => ticket.vendorTicketId).sort()).toEqual(ids.sort())
    expect(first.tickets.find((ticket) => ticket.status === 'closed')?.subject).toBe('Question 0')
    expect(second.cursor).toBeUndefined()
    const statuses = sent('GET /api/v1/tickets/details').map((request) => request.query.status)
    expect(new Set(statuses)).toEqual(new Set(['pending', 'ongoing', 'completed']))
  })

  it('shows nobody else’s ticket when the vendor ignores the filters', async () => {
    const id = await open()
    simulator.mutate((body, made) => {
      if (made !== 'GET /api/v1/tickets/details' || !Array.isArray(body) || body.length === 0) return body
      return [
        ...body,
        { ...Object(body[0]), chatOwnerId: randomUUID(), chatId: randomUUID(), id: simulator.otherTicketId },
      ]
    })
    const { tickets } = await having(vendor.list)(ada, undefined, call())
    expect(tickets.map((ticket) => ticket.vendorTicketId)).toEqual([id])
    expect(fixture.hidden).toContain('zaia ticket of another player')
  })

  it('shows no message of another ticket when the vendor ignores the filter', async () => {
    const [first, second] = [await open({ message: 'One' }), await open({ message: 'Two' })]
    simulator.mutate((body, made) =>
      made === 'GET /api/v1/chat-messages'
        ? simulator.state.messagesOf(simulator.state.ticketOf(first)?.chat.id ?? '', [])
        : body,
    )
    const { messages } = await having(vendor.read)(refOf(second), call())
    expect(messages.map((message) => message.text)).toEqual(['Two'])
  })

  it('shows what the AI answered the player, and hides system, tool and unknown roles', async () => {
    const id = await open()
    simulator.state.say(id, 'assistant', 'Have you looked in the hangar?')
    simulator.state.say(id, 'reviewer', 'do not show')
    const { messages, status } = await having(vendor.read)(refOf(id), call())
    expect(messages.map((message) => message.author)).toEqual(['player', 'agent'])
    expect(status).toBe('answered')
    expect(fixture.hidden.filter((what) => what === 'zaia message of another role')).toHaveLength(3)
  })

  it('reads messages by the names a studio gives their fields', async () => {
    const messageFields = { text: 'body', role: 'author', sentAt: 'at' }
    await begin({}, { messageFields, playerRoles: ['human'], agentRoles: ['staff'] })
    const chat = simulator.state.addChat(simulator.state.userOf(ada.id))
    const ticket = simulator.state.open(chat.id, 'ongoing')
    const row = { id: randomUUID(), body: 'Hello', author: 'staff', at: '2026-02-03T04:05:06Z' }
    simulator.mutate((body, made) => (made === 'GET /api/v1/chat-messages' ? [row] : body))
    const { messages } = await having(vendor.read)(refOf(ticket?.id ?? ''), call())
    expect(messages).toMatchObject([{ author: 'agent', text: 'Hello', sentAt: new Date('2026-02-03T04:05:06Z') }])
  })

  it('opens a follow-up on the chat of the first ticket', async () => {
    const first = await open()
    simulator.state.addChat(simulator.state.userOf(ada.id))
    const second = await open({ follows: refOf(first).vendorTicketId })
    expect(simulator.state.ticketOf(second)?.chat).toBe(simulator.state.ticketOf(first)?.chat)
  })

  it('follows no ticket of another player: what is said goes on in a chat of its own', async () => {
    const follows = refOf(simulator.otherTicketId).vendorTicketId
    const { vendorTicketId } = await vendor.open(openingOf({ follows }), call())
    const chat = simulator.state.ticketOf(vendorTicketId)?.chat
    expect(chat?.id).not.toBe(simulator.state.ticketOf(simulator.otherTicketId)?.chat.id)
    expect((await having(vendor.read)(refOf(vendorTicketId), call())).messages).toHaveLength(1)
  })

  it.each(['POST /api/v1/tickets', 'POST /api/v1/chat-messages'])(
    'makes one ticket with one message although the answer to %s was lost',
    async (lost) => {
      const opening = openingOf()
      const before = count()
      simulator.misbehave('lost-answer', 1, lost)
      expect(await codeOf(vendor.open(opening, call()))).toBe('unreachable')
      const found = await having(vendor.findOpened)(opening, call())
      const { vendorTicketId } = found ?? (await vendor.open(opening, call()))
      expect(count()).toBe(before + 1)
      expect(linesOf(vendorTicketId).filter((line) => line.includes(opening.mark))).toHaveLength(1)
    },
  )

  it('reuses the ticket whose message did not get through, and never another opening’s', async () => {
    const [one, other] = [openingOf({ message: 'One' }), openingOf({ message: 'Other' })]
    const before = count()
    simulator.misbehave('error', 2, 'POST /api/v1/chat-messages')
    await codeOf(vendor.open(one, call()))
    await codeOf(vendor.open(other, call()))
    const ids = [await vendor.open(other, call()), await vendor.open(one, call())].map(
      (opened) => opened.vendorTicketId,
    )
    expect(count()).toBe(before + 2)
    expect(new Set(ids).size).toBe(2)
    expect(linesOf(ids[0] ?? '')).toContain('Other')
    expect(linesOf(ids[1] ?? '')).toContain('One')
  })

  it('gives the agent a link to a file in a reply, too', async () => {
    const id = await open()
    const reply = {
      ...refOf(id),
      mark: randomUUID(),
      message: 'See.',
      sentAt: new Date(),
      files: [fileOf(new Uint8Array(3))],
    }
    await having(vendor.reply)(reply, call())
    expect(linesOf(id)).toContain('file screenshot.png: https://relay.example/files/once?signature=abc')
    const { messages } = await having(vendor.read)(refOf(id), call())
    expect(messages.at(-1)).toMatchObject({ text: 'See.', mark: reply.mark })
  })

  it('keeps players apart', async () => {
    await open()
    await open({ player: bob })
    const { tickets } = await having(vendor.list)(bob, undefined, call())
    expect(tickets).toHaveLength(1)
  })
})
