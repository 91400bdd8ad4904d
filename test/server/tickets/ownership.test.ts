/** Bob holds every id of Ada's. Whatever he calls, it is not there, and no vendor hears of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RouteSpec, routes } from '../../../server/contract/routes.ts'
import type { Conversation } from '../../../server/contract/ticket.ts'
import { type RelayFixture, startVendorRelay, tokenOf } from '../../fixtures/vendor-relay.ts'
import { simulatorNames } from '../../simulators/simulators.ts'

const ada = tokenOf('ada')
const bob = tokenOf('bob')

const playerCalls = Object.entries<RouteSpec>(routes).filter(([, { access }]) => access === 'player')
const withId = playerCalls.map(([name]) => name).filter((name) => name.includes('/:'))
const withoutId = playerCalls.map(([name]) => name).filter((name) => name.startsWith('GET ') && !name.includes('/:'))
const bodies: Record<string, unknown> = { messages: { message: 'mine now' }, rating: { score: 1 } }
const secret = 'Adas Schiff heißt Marguerite.'

describe.each(simulatorNames)('To a stranger, over %s', (name) => {
  let fixture: RelayFixture
  let ids: Record<string, string>
  let ticket: Conversation

  beforeAll(async () => {
    // Ada's request for erasure is not to be carried out meanwhile.
    fixture = await startVendorRelay(name, { deletionGraceHours: 24 })
    ticket = await fixture.open(ada, { message: secret })
    const [found] = await fixture.atVendor(ticket.number)
    const file = { fileName: 'map.png', fileType: 'image/png', bytes: new Uint8Array([1, 2, 3]) }
    fixture.simulator.agentAnswers(found?.vendorTicketId ?? '', 'Die Marguerite liegt im Hafen.', file)
    const isSo = ({ messages }: Conversation) =>
      fixture.game.can.answers === 'email' ? messages[0]?.delivery === 'delivered' : messages.length === 2
    ticket = await fixture.readUntil(ada, ticket.id, isSo, 'Ada has her answer')
    ids = { ticketId: ticket.id, messageId: ticket.messages[0]?.id ?? '', ...(await fileOf()), ...(await requestOf()) }
    // Nothing that was begun for Ada is still being asked.
    await fixture.restart()
  })

  afterAll(() => fixture.end())

  /** An agent's where the vendor has such, else one that Ada has just announced. */
  async function fileOf(): Promise<{ attachmentId: string }> {
    const id = ticket.messages.flatMap(({ attachments }) => attachments)[0]?.id
    if (id) return { attachmentId: id }
    const body = { fileName: 'map.png', fileType: 'image/png', fileSize: 3 }
    return { attachmentId: (await fixture.call<{ id: string }>('POST /v1/attachments', { token: ada, body })).body.id }
  }

  async function requestOf(): Promise<{ requestId: string }> {
    const body = { confirm: true }
    const answer = await fixture.call<{ id: string }>('POST /v1/deletion-requests', { token: ada, body })
    return { requestId: answer.body.id }
  }

  function asBob(route: string) {
    const path = route.replace(' ', ' /v1').replaceAll(/:(\w+)/g, (_, part: string) => ids[part] ?? `no ${part}`)
    const body = bodies[route.split('/').at(-1) ?? '']
    return fixture.call(path, { token: bob, key: crypto.randomUUID(), ...(body ? { body } : {}) })
  }

  it.each(withId)('%s is not there, and the vendor hears nothing', async (route) => {
    const before = [fixture.simulator.received.length, JSON.stringify(fixture.simulator.tickets())]
    expect(await asBob(route)).toMatchObject({ status: 404, body: { code: 'not_found' } })
    expect([fixture.simulator.received.length, JSON.stringify(fixture.simulator.tickets())]).toEqual(before)
  })

  it.each(withoutId.filter((route) => route !== 'GET /events'))('%s shows nothing of hers', async (route) => {
    const answer = await asBob(route)
    expect(answer.status).toBe(200)
    expect(JSON.stringify(answer.body)).not.toMatch(/Marguerite/)
  })

  it('GET /events tells nothing of hers', async () => {
    const headers = { 'last-event-id': '0' }
    const { body } = await fixture.call('GET /v1/events?poll=1', { token: bob, headers })
    expect(body).toMatchObject({ events: [] })
    const own = await fixture.call('GET /v1/events?poll=1', { token: ada, headers })
    expect(JSON.stringify(own.body)).toMatch(/Marguerite/)
  })

  it('her ticket is as she left it', async () => {
    expect(await fixture.read(ada, ticket.id)).toMatchObject({ status: ticket.status, messages: ticket.messages })
  })
})
