/** Theymes' duplicate check: what a hit answers is undocumented, and whichever it is, no words are lost and none come twice. */
import { afterEach, describe, expect, it } from 'vitest'
import { createTheymes } from '../../../server/vendors/theymes/theymes.ts'
import { TheymesConfig } from '../../../server/vendors/theymes/wire.ts'
import { call, codeOf, having, openingOf, type Scene, setScene } from '../suite-parts.ts'
import { startTheymesSimulator, type TheymesSimulator } from './simulator.ts'

let scene: Scene
let simulator: TheymesSimulator

async function begin(duplicates?: 'earlier' | 'refused'): Promise<void> {
  scene = await setScene(async (parts) => {
    simulator = await startTheymesSimulator(duplicates ? { duplicates } : {})
    return { vendor: createTheymes(TheymesConfig.parse(simulator.config), parts), simulator }
  })
}

afterEach(async () => {
  await scene.end()
  expect(simulator.violations).toEqual([])
})

const open = async (opening = openingOf()) => (await scene.vendor.open(opening, call())).vendorTicketId
const linesOf = (id: string) => simulator.tickets().find((ticket) => ticket.vendorTicketId === id)?.lines ?? []
const created = () => simulator.received.filter((request) => request.call === 'POST /tickets')

describe('A hit of the duplicate check', () => {
  it('that answers an earlier ticket becomes a follow-up of it', async () => {
    await begin('earlier')
    const [first, second] = [await open(), openingOf()]
    const id = await open(second)
    expect(id).not.toBe(first)
    expect(linesOf(id)).toContain(`follows: ${first}`)
    expect(linesOf(id)).toContain(`mark: ${second.mark}`)
    expect(created().map(({ body }) => body)).toMatchObject([
      { skipDuplicateCheck: false },
      { skipDuplicateCheck: false },
      { skipDuplicateCheck: true },
    ])
  })

  it('that answers a ticket opened elsewhere becomes a follow-up of that', async () => {
    await begin('earlier')
    const elsewhere = simulator.opensElsewhere('player-ada', 'Mein Schiff ist weg.')
    expect(linesOf(await open())).toContain(`follows: ${elsewhere}`)
  })

  it('that is a refusal is opened all the same', async () => {
    await begin('refused')
    const [first, second] = [await open(), await open()]
    expect(second).not.toBe(first)
    expect(created().at(-1)?.body).toMatchObject({ skipDuplicateCheck: true })
  })

  it('opens one ticket even where the look at it was lost', async () => {
    await begin('earlier')
    await open()
    const opening = openingOf()
    simulator.misbehave('lost-answer', 1, 'GET /tickets/:ticketId/events')
    expect(await codeOf(open(opening))).toBe('unreachable')
    expect(await having(scene.vendor.findOpened)(opening, call())).toBeUndefined()
    const id = await open(opening)
    expect(await having(scene.vendor.findOpened)(opening, call())).toEqual({ vendorTicketId: id })
    expect(simulator.tickets().filter(({ lines }) => lines.includes(`mark: ${opening.mark}`))).toHaveLength(1)
  })
})

describe('A ticket that is none', () => {
  it('is opened once, though its events are not there yet', async () => {
    await begin()
    simulator.mutate((body, made) => (made === 'GET /tickets/:ticketId/events' ? { events: [] } : body))
    await open()
    expect(created()).toHaveLength(1)
  })

  it('is opened once, though what events answer cannot be read', async () => {
    await begin()
    simulator.misbehave('html', 9, 'GET /tickets/:ticketId/events')
    await open()
    expect(created()).toHaveLength(1)
  })

  it('is found again by its mark when the look at it was lost', async () => {
    await begin()
    simulator.misbehave('lost-answer', 1, 'GET /tickets/:ticketId/events')
    const opening = openingOf()
    expect(await codeOf(open(opening))).toBe('unreachable')
    expect(await having(scene.vendor.findOpened)(opening, call())).toBeDefined()
    expect(created()).toHaveLength(1)
  })

  it('is refused once more where the vendor refuses it for another reason', async () => {
    await begin()
    const refused = scene.vendor.open(openingOf({ language: 'xx' as 'en' }), call())
    await expect(refused).rejects.toMatchObject({ code: 'refused' })
    expect(created()).toHaveLength(2)
    Object.assign(simulator.violations, { length: 0 })
  })
})
