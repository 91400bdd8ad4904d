/** Files on their way to Theymes, which hold no ticket up, and ratings, for which it has no call. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTheymes } from '../../../../server/vendors/theymes/theymes.ts'
import { TheymesConfig } from '../../../../server/vendors/theymes/wire.ts'
import type { Vendor } from '../../../../server/vendors/vendor.ts'
import { startTheymesSimulator, type TheymesSimulator } from '../../../simulators/theymes/simulator.ts'
import {
  call,
  codeOf,
  fileOf,
  having,
  openingOf,
  type RelayFixture,
  refOf,
  startVendorRelay,
  tagOf,
} from '../suite/parts.ts'

let fixture: RelayFixture
let vendor: Vendor
let simulator: TheymesSimulator

beforeEach(async () => {
  fixture = await startVendorRelay(async (parts) => {
    simulator = await startTheymesSimulator()
    return { vendor: createTheymes(TheymesConfig.parse(simulator.config), parts), simulator }
  })
  vendor = fixture.vendor
})

afterEach(async () => {
  await fixture.end()
  expect(simulator.violations).toEqual([])
})

function withConfig(changes: object): Vendor {
  const parts = {
    clock: { now: () => new Date() },
    onDrift: (_: string, what: string) => fixture.drift.push(what),
    tagOf,
    onHidden: () => undefined,
  }
  return createTheymes(TheymesConfig.parse({ ...simulator.config, ...changes }), parts)
}

const open = async (changes: Parameters<typeof openingOf>[0] = {}) =>
  (await vendor.open(openingOf(changes), call())).vendorTicketId
const sent = (name: string) => simulator.received.filter((request) => request.call === name)
const linesOf = (id: string) => simulator.tickets().find((ticket) => ticket.vendorTicketId === id)?.lines ?? []
const linkedIn = (id: string) => linesOf(id).filter((line) => line.startsWith('file '))

it('puts a file to the signed address as it was given, with its length and without the key', async () => {
  const bytes = new Uint8Array(300_000).fill(7)
  await open({ files: [fileOf(bytes)] })
  const [put] = sent('PUT /uploads/:attachmentId')
  expect(put?.headers).toMatchObject({ 'content-length': '300000', 'content-type': 'image/png' })
  expect(put?.headers).not.toHaveProperty('authorization')
  expect(put?.headers).not.toHaveProperty('transfer-encoding')
})

it.each([
  'https://10.0.0.7/internal',
  'https://127.0.0.1/internal',
  'https://[::1]/internal',
  'https://[::ffff:169.254.169.254]/latest/meta-data',
  'https://localhost/internal',
  'http://93.184.216.34/plain',
  'https://key:word@93.184.216.34/',
])('sends no file to %s, and the ticket with a link', async (uploadUrl) => {
  simulator.mutate((body, made) => (made === 'POST /attachments' ? { ...Object(body), uploadUrl } : body))
  const file = fileOf(new Uint8Array(3), { read: () => Promise.reject(new Error('it was read')) })
  expect(linkedIn(await open({ files: [file] }))).toEqual([`file ${file.fileName}: ${file.link}`])
  expect(fixture.drift).not.toEqual([])
})

it('puts a file where the studio says that the address is, should the vendor call it otherwise', async () => {
  simulator.mutate((body, made) => (made === 'POST /attachments' ? renamed(body, 'uploadUrl', 'putUrl') : body))
  const other = withConfig({ uploadUrlField: 'putUrl' })
  const bytes = new Uint8Array([1, 2, 3])
  const { vendorTicketId } = await other.open(openingOf({ files: [fileOf(bytes)] }), call())
  const ticket = simulator.tickets().find((one) => one.vendorTicketId === vendorTicketId)
  expect(ticket?.files.map((file) => [...file.bytes])).toEqual([[1, 2, 3]])
  expect(fixture.drift).toEqual([])
})

it.each<[string, () => void]>([
  [
    'answers no address',
    () =>
      simulator.mutate((body, made) => (made === 'POST /attachments' ? renamed(body, 'uploadUrl', 'putUrl') : body)),
  ],
  ['answers a page', () => simulator.misbehave('html', 99, 'POST /attachments')],
])('opens the ticket with a link while the vendor’s storage %s', async (_how, happen) => {
  happen()
  const file = fileOf(new Uint8Array(3))
  expect(linkedIn(await open({ files: [file] }))).toEqual([`file ${file.fileName}: ${file.link}`])
})

it.each([
  ['is down', 'POST /attachments'],
  ['takes none', 'PUT /uploads/:attachmentId'],
])(
  'tries a file again for a minute while the vendor’s storage %s, and then opens the ticket with a link',
  async (_how, at) => {
    simulator.misbehave('error', 99, at)
    const file = fileOf(new Uint8Array(3))
    expect(await codeOf(open({ files: [file] }))).toBe('unreachable')
    expect(simulator.tickets().filter(({ lines }) => lines.includes('Mein Schiff ist weg.'))).toEqual([])
    const old = await open({ files: [file], sentAt: new Date(Date.now() - 61_000) })
    expect(linkedIn(old)).toEqual([`file ${file.fileName}: ${file.link}`])
  },
)

it('leaves a ticket that cannot be opened for lack of a right as it is, files or not', async () => {
  simulator.misbehave('unauthorized', 1, 'POST /attachments')
  expect(await codeOf(open({ files: [fileOf(new Uint8Array(3))] }))).toBe('misconfigured')
  expect(sent('POST /tickets')).toEqual([])
})

it('rates by a tag where one does, which a repeat cannot double', async () => {
  const id = await open()
  for (let time = 0; time < 2; time += 1) await having(vendor.rate)(refOf(id), { score: 2 }, call())
  expect(linesOf(id).filter((line) => /rat/i.test(line))).toEqual(['tag: rating-2'])
  expect(sent('POST /tickets/:ticketId/actions').map(({ body }) => body)).toEqual(
    Array(2).fill({ actions: [{ type: 'addTags', tagNames: ['rating-2'] }] }),
  )
})

it('rates by a note, under the name the studio says, where the game has no such tag', async () => {
  simulator.mutate((body, made) => (made === 'GET /tags' ? { tags: [] } : body))
  const id = await open()
  await having(vendor.rate)(refOf(id), { score: 2 }, call())
  expect(linesOf(id)).toContain('Medkit: the player has rated the help on SH-4F7K2: 2 of 5.')
  const other = withConfig({ privateNoteField: 'text' })
  expect(await codeOf(having(other.rate)(refOf(id), { score: 3 }, call()))).toBe('refused')
  expect(sent('POST /tickets/:ticketId/actions').at(-1)?.body).toMatchObject({
    actions: [{ type: 'addPrivateNote', text: expect.stringContaining('3 of 5') }],
  })
  Object.assign(simulator.violations, { length: 0 })
})

it('gives the agent a link where the vendor takes no such file', async () => {
  const id = await open({ files: [fileOf(new Uint8Array(3), { fileName: 'clip.webm', fileType: 'video/webm' })] })
  const lines = simulator.tickets().find((ticket) => ticket.vendorTicketId === id)?.lines
  expect(lines).toContain('file clip.webm: https://relay.example/files/once?signature=abc')
  expect(sent('POST /attachments')).toEqual([])
})

function renamed(body: unknown, from: string, to: string): object {
  return Object.fromEntries(Object.entries(Object(body)).map(([name, value]) => [name === from ? to : name, value]))
}
