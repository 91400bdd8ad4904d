/** Erasure where the studio is asked by a ticket: once, whatever is lost on the way, and with nothing coming back. */
import { afterEach, describe, expect, it } from 'vitest'
import type { DeletionRequest } from '../../../server/contract/deletion.ts'
import { until } from '../wait.ts'
import { type Scene, setScene, tokenOf } from './scene.ts'

const ada = tokenOf('ada')
const path = '/v1/deletion-requests'
let scene: Scene

afterEach(() => scene.end())

/** A player with one ticket that has arrived. */
async function begin(...options: Parameters<typeof setScene>): Promise<void> {
  scene = await setScene(...options)
  const { id } = await scene.open(ada)
  await scene.readUntil(ada, id, ({ messages }) => messages[0]?.delivery === 'delivered', 'it has arrived')
}

async function ask(): Promise<void> {
  expect((await scene.call(`POST ${path}`, { token: ada, body: { confirm: true } })).status).toBe(202)
}

async function done(): Promise<void> {
  await until(async () => {
    const { body } = await scene.call<{ items: DeletionRequest[] }>(`GET ${path}`, { token: ada })
    return body.items[0]?.status === 'done'
  }, 'the request is done')
}

const asked = () =>
  scene.simulator.tickets().filter(({ lines }) => lines.some((line) => /^asks for: deletion/.test(line)))

describe.each(['i3d', 'threada-private', 'zaia'] as const)('Over %s', (name) => {
  it('asks the studio once though the answer to the first try is lost', async () => {
    await begin(name)
    scene.simulator.misbehave('lost-answer', 1, scene.simulator.calls.open)
    await ask()
    await until(() => asked().length > 0, 'the studio is asked')
    // Past the time after which whoever comes next takes the request up again.
    scene.pass(121_000)
    await scene.restart()
    await done()
    expect(asked()).toHaveLength(1)
    expect(scene.simulator.violations).toEqual([])
  }, 60_000)
})

it('does not list that ticket as one of the player’s, though the vendor’s clock is ahead', async () => {
  await begin('thena')
  const ahead = (time: string) => new Date(Date.parse(time) + 10_000).toISOString()
  scene.simulator.mutate((body) => {
    const { result } = body as { result?: { hits: { document: Record<string, string> }[] } }
    for (const { document } of result?.hits ?? []) document.createdAt = ahead(document.createdAt ?? '')
    return body
  })
  await ask()
  await done()
  scene.pass(31_000)
  expect(await scene.list(ada)).toEqual([])
}, 60_000)

it('lets a relay end while the vendor hangs, and is carried out by the next one', async () => {
  await begin('i3d')
  scene.simulator.misbehave('hang', 1, scene.simulator.calls.open)
  const before = scene.simulator.received.length
  await ask()
  const isHanging = () => scene.simulator.received.slice(before).some(({ call }) => call === scene.simulator.calls.open)
  await until(isHanging, 'the vendor is asked')
  const from = Date.now()
  await scene.restart()
  expect(Date.now() - from).toBeLessThan(10_000)
  scene.pass(121_000)
  await scene.restart()
  await done()
  expect(asked()).toHaveLength(1)
}, 60_000)

it('waits for a message that is on its way, so that the vendor is asked about that as well', async () => {
  await begin('i3d')
  const held = scene.simulator.hold(scene.simulator.calls.open)
  await scene.open(ada, { message: 'Und noch etwas.' })
  await until(() => held.count() > 0, 'it is on its way')
  await scene.call(`POST ${path}`, { token: ada, body: { confirm: true } })
  await until(() => scene.logged().some((line) => line.includes('waits for the vendor')), 'the request waits')
  expect(asked()).toEqual([])
  held.release()
  await until(() => scene.simulator.tickets().length === 2, 'it has arrived')
  scene.pass(11_000)
  await scene.restart()
  await done()
  expect(scene.simulator.tickets().map(({ lines }) => lines.some((line) => /^asks for: deletion/.test(line)))).toEqual([
    false,
    false,
    true,
  ])
}, 60_000)
