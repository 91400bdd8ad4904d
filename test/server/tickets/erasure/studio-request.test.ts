/** Erasure where the studio is asked by a ticket: once, whatever is lost on the way, and with nothing coming back. */
import { afterEach, describe, expect, it } from 'vitest'
import type { DeletionRequest } from '../../../../server/contract/deletion.ts'
import { type RelayFixture, startVendorRelay, tokenOf } from '../../../fixtures/vendor-relay.ts'
import { until } from '../../../fixtures/wait.ts'
import { simulatorNames } from '../../../simulators/simulators.ts'

const ada = tokenOf('ada')
const path = '/v1/deletion-requests'
let fixture: RelayFixture

afterEach(() => fixture.end())

/** A player with one ticket that has arrived. */
async function begin(...options: Parameters<typeof startVendorRelay>): Promise<void> {
  fixture = await startVendorRelay(...options)
  const { id } = await fixture.open(ada)
  await fixture.readUntil(ada, id, ({ messages }) => messages[0]?.delivery === 'delivered', 'it has arrived')
}

async function ask(): Promise<void> {
  expect((await fixture.call(`POST ${path}`, { token: ada, body: { confirm: true } })).status).toBe(202)
}

/** @returns its steps */
function done(): Promise<string[]> {
  return until(async () => {
    const { body } = await fixture.call<{ items: DeletionRequest[] }>(`GET ${path}`, { token: ada })
    const [request] = body.items
    return request?.status === 'done' && request.steps.map(({ name }) => name)
  }, 'the request is done')
}

const asked = () =>
  fixture.simulator.tickets().filter(({ lines }) => lines.some((line) => /^asks for: deletion/.test(line)))

describe.each(['i3d', 'threada-private', 'zaia'] as const)('Over %s', (name) => {
  it('asks the studio once though the answer to the first try is lost', async () => {
    await begin(name)
    fixture.simulator.misbehave('lost-answer', 1, fixture.simulator.calls.open)
    await ask()
    await until(() => asked().length > 0, 'the studio is asked')
    // Past the time after which whoever comes next takes the request up again.
    fixture.pass(121_000)
    await fixture.restart()
    await done()
    expect(asked()).toHaveLength(1)
    expect(fixture.simulator.violations).toEqual([])
  }, 60_000)
})

it('does not list that ticket as one of the player’s, though the vendor’s clock is ahead', async () => {
  await begin('thena')
  const ahead = (time: string) => new Date(Date.parse(time) + 10_000).toISOString()
  fixture.simulator.mutate((body) => {
    const { result } = body as { result?: { hits: { document: Record<string, string> }[] } }
    for (const { document } of result?.hits ?? []) document.createdAt = ahead(document.createdAt ?? '')
    return body
  })
  await ask()
  await done()
  fixture.pass(31_000)
  expect(await fixture.list(ada)).toEqual([])
}, 60_000)

it('lets a relay end while the vendor hangs, and is carried out by the next one', async () => {
  await begin('i3d')
  fixture.simulator.misbehave('hang', 1, fixture.simulator.calls.open)
  const before = fixture.simulator.received.length
  await ask()
  const isHanging = () =>
    fixture.simulator.received.slice(before).some(({ call }) => call === fixture.simulator.calls.open)
  await until(isHanging, 'the vendor is asked')
  const from = Date.now()
  await fixture.restart()
  expect(Date.now() - from).toBeLessThan(10_000)
  fixture.pass(121_000)
  await fixture.restart()
  await done()
  expect(asked()).toHaveLength(1)
}, 60_000)

it('waits for a message that is on its way, so that the vendor is asked about that as well', async () => {
  await begin('i3d')
  const held = fixture.simulator.hold(fixture.simulator.calls.open)
  await fixture.open(ada, { message: 'Und noch etwas.' })
  await until(() => held.count() > 0, 'it is on its way')
  await fixture.call(`POST ${path}`, { token: ada, body: { confirm: true } })
  await until(() => fixture.logged().some((line) => line.includes('waits for the vendor')), 'the request waits')
  expect(asked()).toEqual([])
  held.release()
  await until(() => fixture.simulator.tickets().length === 2, 'it has arrived')
  fixture.pass(11_000)
  await fixture.restart()
  await done()
  expect(
    fixture.simulator.tickets().map(({ lines }) => lines.some((line) => /^asks for: deletion/.test(line))),
  ).toEqual([false, false, true])
}, 60_000)

describe.each(simulatorNames)('Over %s', (name) => {
  it('ends where the vendor refuses for ever, says who was told, and takes what is here', async () => {
    await begin(name)
    const [{ number } = { number: 'none' }] = await fixture.list(ada)
    fixture.simulator.misbehave('refuse', Number.POSITIVE_INFINITY, fixture.simulator.calls.open)
    if (fixture.game.vendor.forget)
      fixture.simulator.misbehave('refuse', Number.POSITIVE_INFINITY, 'POST /data-deletions')
    await ask()
    expect(await done()).toEqual(['asked', 'operator-told', 'relay-erased'])
    expect(fixture.simulator.forgotten?.() ?? []).toEqual([])
    expect(await fixture.metric('medkit_erasures_unasked')).toBe(1)
    const [{ vendorTicketId } = { vendorTicketId: 'none' }] = await fixture.atVendor(number)
    expect(fixture.logged().some((line) => line.includes('erase them there') && line.includes(vendorTicketId))).toBe(
      true,
    )
    expect(await fixture.list(ada)).toEqual([])
  }, 60_000)

  it('has a ticket erased or named whose answer was lost when its player asked to be forgotten', async () => {
    await begin(name)
    const before = new Set(fixture.simulator.tickets().map(({ vendorTicketId }) => vendorTicketId))
    fixture.simulator.misbehave('lost-answer', 1, fixture.simulator.calls.open)
    const { number } = await fixture.open(ada, { message: 'Und noch etwas.' })
    const taken = await until(
      () => fixture.simulator.tickets().find(({ vendorTicketId }) => !before.has(vendorTicketId)),
      'the vendor has taken it',
    )
    await ask()
    const steps = await done()
    if (fixture.game.vendor.forget) {
      expect(steps).toEqual(['asked', 'vendor-asked', 'relay-erased'])
      expect(fixture.simulator.forgotten?.()).toContain('player-ada')
      return
    }
    expect(steps).toEqual(['asked', 'studio-asked', 'relay-erased'])
    const [request] = asked()
    const named = request?.lines.join('\n') ?? ''
    const { mark } = markOn(taken.lines)
    expect(named.includes(`Ticket ${number}: ${taken.vendorTicketId} here`) || named.includes(mark)).toBe(true)
  }, 60_000)
})

it('refuses what is written while it runs, drops files under way, and ends the player’s streams when it is done', async () => {
  await begin('i3d')
  const [ticket] = await fixture.list(ada)
  const file = { fileName: 'a.png', fileType: 'image/png', fileSize: 10 }
  const announced = await fixture.call<{ id: string }>('POST /v1/attachments', { token: ada, body: file })
  const held = fixture.simulator.hold(fixture.simulator.calls.open)
  const stream = await fetch(`${fixture.url()}/v1/events`, { headers: { authorization: `Bearer ${ada}` } })
  const told = stream.text()
  await ask()
  await until(() => held.count() > 0, 'the studio is being asked')
  const refused = { status: 409, body: { code: 'erasure_under_way' } }
  const key = 'while-it-runs'
  const body = { message: 'Noch da?', language: 'de' }
  expect(await fixture.call('POST /v1/tickets', { token: ada, key, body })).toMatchObject(refused)
  expect(await fixture.reply(ada, ticket?.id ?? '', 'Noch da?')).toMatchObject(refused)
  expect(await fixture.call('POST /v1/attachments', { token: ada, body: file })).toMatchObject(refused)
  const patch = { token: ada, headers: { 'tus-resumable': '1.0.0' } }
  expect(await fixture.call(`PATCH /v1/uploads/${announced.body.id}`, patch)).toMatchObject(refused)
  expect((await fixture.call('GET /v1/export', { token: ada })).body).toMatchObject({ attachments: [] })
  held.release()
  expect(await done()).toEqual(['asked', 'studio-asked', 'relay-erased'])
  expect(await told).toContain('"status":"done"')
  expect((await fixture.call('POST /v1/tickets', { token: ada, key, body })).status).toBe(201)
}, 60_000)

describe('While an erasure runs a merge is refused', () => {
  const merge = (anonymousToken: string) =>
    fixture.call('POST /v1/sessions/merge', { token: ada, body: { anonymousToken } })
  const underWay = { status: 409, body: { code: 'erasure_under_way' } }

  async function signIn(): Promise<string> {
    const body = { game: 'star-harbor', kind: 'anonymous' }
    return (await fixture.call<{ token: string }>('POST /v1/sessions', { body })).body.token
  }

  it('into the player who is being erased, and taken again once that is done', async () => {
    await begin('i3d')
    const anonymous = await signIn()
    const held = fixture.simulator.hold(fixture.simulator.calls.open)
    await ask()
    await until(() => held.count() > 0, 'the studio is being asked')
    expect(await merge(anonymous)).toMatchObject(underWay)
    held.release()
    await done()
    expect(await merge(anonymous)).toMatchObject({ status: 200, body: { tickets: 0 } })
  }, 60_000)

  it('of the anonymous player who is being erased, whose tickets then go to nobody', async () => {
    await begin('i3d')
    const anonymous = await signIn()
    const { id } = await fixture.open(anonymous, { message: 'Wer bin ich?' })
    await fixture.arrived(anonymous, id)
    const held = fixture.simulator.hold(fixture.simulator.calls.open)
    expect((await fixture.call(`POST ${path}`, { token: anonymous, body: { confirm: true } })).status).toBe(202)
    await until(() => held.count() > 0, 'the studio is being asked')
    expect(await merge(anonymous)).toMatchObject(underWay)
    held.release()
    await until(async () => {
      const { body } = await fixture.call<{ items: DeletionRequest[] }>(`GET ${path}`, { token: anonymous })
      return body.items[0]?.status === 'done'
    }, 'the request is done')
    expect(await merge(anonymous)).toMatchObject({ status: 200, body: { tickets: 0 } })
    expect((await fixture.call(`GET /v1/tickets/${id}`, { token: ada })).status).toBe(404)
  }, 60_000)
})

function markOn(lines: readonly string[]): { mark: string } {
  const mark = /mk-[A-Za-z0-9-]+/.exec(lines.join('\n'))?.[0]
  return { mark: mark ?? 'no mark' }
}
