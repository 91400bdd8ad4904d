/** What is peculiar to i3D.net: one account for everybody, ids anyone could guess, and shapes the document leaves open. */
import { describe, expect, it } from 'vitest'
import { I3dConfig } from '../../../../server/vendors/i3d/wire.ts'
import type { VendorAttachment, VendorFileId } from '../../../../server/vendors/vendor.ts'
import { begin } from '../../../simulators/i3d/begin.ts'
import { call, codeOf, fileOf, having, openingOf, refOf } from '../suite/parts.ts'

const bytes = new TextEncoder().encode('not really a picture')

describe('a new ticket', () => {
  it('goes to the addresses and the department of the configuration, whatever the player says', async () => {
    const { open, received } = await begin()
    await open({ answerTo: 'elsewhere@evil.example', fields: { emailCc: 'elsewhere@evil.example' } })
    expect(received('POST /v3/tickets')[0]?.body).toMatchObject({
      category: 'Players',
      department: 'Game support',
      emailTo: 'desk@studio.example',
      emailCc: 'lead@studio.example, archive@studio.example',
    })
  })

  it('keeps its mark at the end of a title of 250 characters at most', async () => {
    const { open, received } = await begin()
    await open({ subject: `${'x'.repeat(209)}🚀${'y'.repeat(200)}`, mark: 'm'.repeat(36) })
    const title = String(new Map(Object.entries(received('POST /v3/tickets')[0]?.body ?? {})).get('title'))
    expect(title.length).toBeLessThanOrEqual(250)
    expect(title.endsWith(`[${'m'.repeat(36)}]`)).toBe(true)
    expect(title.isWellFormed()).toBe(true)
  })

  it('is not sent where the configured category is none of i3D.net’s', async () => {
    const { vendor, received, simulator } = await begin({ categories: ['Network'] })
    expect(await codeOf(vendor.open(openingOf(), call()))).toBe('misconfigured')
    expect(received('POST /v3/tickets')).toEqual([])
    expect(simulator.tickets()).toEqual([])
  })

  it('asks for the categories once in a while, not for every ticket', async () => {
    const { open, received } = await begin()
    await open()
    await open()
    expect(received('GET /v3/tickets/categories')).toHaveLength(1)
  })
})

describe('files on their way out', () => {
  it('arrive with their bytes, type and name, however the name is written', async () => {
    const { open, simulator } = await begin()
    const large = new Uint8Array(3_000_000).map((_, index) => index % 251)
    const named = fileOf(large, { fileName: 'мой "корабль"\r\nx: y.png' })
    const id = await open({ files: [named, fileOf(bytes)] })
    const files = simulator.tickets().find((ticket) => ticket.vendorTicketId === id)?.files ?? []
    expect(files.map(({ fileName, fileType }) => `${fileName} ${fileType}`)).toEqual([
      'мой "корабль"\r\nx: y.png image/png',
      'screenshot.png image/png',
    ])
    expect(Buffer.from(files[0]?.bytes ?? []).equals(large)).toBe(true)
  })

  it('are dropped again when the ticket is refused', async () => {
    const { vendor, simulator, received } = await begin()
    const refused = openingOf({ files: [fileOf(bytes), fileOf(bytes)] })
    simulator.misbehave('unauthorized', 1, 'POST /v3/tickets')
    expect(await codeOf(vendor.open(refused, call()))).toBe('misconfigured')
    expect(received('DELETE /v3/tickets/attachment/:attachmentId')).toHaveLength(2)
    expect(simulator.orphans()).toEqual([])
  })

  it('are dropped again when one of them cannot be uploaded', async () => {
    const { vendor, simulator } = await begin()
    const broken = fileOf(bytes, { read: () => Promise.reject(new Error('gone')) })
    expect(await codeOf(vendor.open(openingOf({ files: [fileOf(bytes), broken] }), call()))).toBe('unreachable')
    expect(simulator.orphans()).toEqual([])
    expect(simulator.tickets()).toEqual([])
  })

  it('are left alone when the answer was lost, for the ticket may be there and hold them', async () => {
    const { vendor, simulator, received } = await begin()
    simulator.misbehave('lost-answer', 1, 'POST /v3/tickets')
    expect(await codeOf(vendor.open(openingOf({ files: [fileOf(bytes)] }), call()))).toBe('unreachable')
    expect(received('DELETE /v3/tickets/attachment/:attachmentId')).toEqual([])
    expect(simulator.tickets()[0]?.files).toHaveLength(1)
  })

  it('go along with a reply', async () => {
    const { open, vendor, simulator } = await begin()
    const reply = { ...refOf(await open()), mark: 'm-2', message: 'Hier.', sentAt: new Date(), files: [fileOf(bytes)] }
    await having(vendor.reply)(reply, call())
    expect(simulator.tickets()[0]?.files).toHaveLength(1)
    expect(simulator.orphans()).toEqual([])
  })
})

describe('a reply', () => {
  it('has the title i3D.net demands, made of the ticket’s number', async () => {
    const { open, vendor, received } = await begin()
    const reply = { ...refOf(await open()), mark: 'm-2', message: 'Noch da?', sentAt: new Date(), files: [] }
    await having(vendor.reply)(reply, call())
    expect(received('POST /v3/tickets/:ticketId/reply')[0]?.body).toMatchObject({ title: 'Re: SH-4F7K2' })
  })

  it('is the studio’s where it says staff, the player’s where it says not, and nobody’s else', async () => {
    const { open, read, simulator, hidden } = await begin()
    const id = await open({ message: 'mine' })
    hidden.length = 0
    simulator.reply(id, { content: 'from the studio', staff: true })
    simulator.reply(id, { content: 'mine again', staff: false })
    simulator.reply(id, { content: 'from whom?', staff: null })
    const { messages } = await read(id)
    expect(messages.map(({ author, text }) => `${author}: ${text}`)).toEqual([
      'player: mine',
      'agent: from the studio',
      'player: mine again',
    ])
    expect(hidden).toEqual(['reply of neither side', 'reply of neither side'])
  })

  it('has its time in unix seconds', async () => {
    const { open, read, simulator } = await begin()
    const id = await open()
    simulator.reply(id, { content: 'later', staff: true, createdAt: 4_102_444_800 })
    expect((await read(id)).messages.at(-1)?.sentAt).toEqual(new Date('2100-01-01T00:00:00Z'))
  })

  it('is read under the names the configuration gives its fields', async () => {
    const renamed = { list: 'thread', text: 'body', sentAt: 'at', staff: 'byStaff', attachments: 'files' }
    const { open, read, simulator } = await begin({}, { replyFields: renamed })
    const id = await open({ message: 'mine' })
    simulator.agentAnswers(id, 'answer', { fileName: 'a.png', fileType: 'image/png', bytes })
    simulator.mutate((body) =>
      renameKeys(body, { replies: 'thread', content: 'body', createdAt: 'at', staff: 'byStaff', attachments: 'files' }),
    )
    const { messages } = await read(id)
    expect(messages.map(({ author, text }) => `${author}: ${text}`)).toEqual(['player: mine', 'agent: answer'])
    expect(messages[1]?.attachments).toMatchObject([{ fileName: 'a.png', fileType: 'image/png', fileSize: 20 }])
  })

  it('is asked for by name when there is no list of them', async () => {
    const { open, read, drift } = await begin({}, { replyFields: { list: 'posts' } })
    const id = await open()
    expect(await codeOf(read(id))).toBe('unexpected')
    expect(drift).toEqual([expect.stringContaining('replyFields.list')])
  })

  it('may have its files as bare ids', async () => {
    const { open, read, simulator } = await begin()
    const id = await open()
    simulator.agentAnswers(id, 'answer', { fileName: 'a.png', fileType: 'image/png', bytes })
    simulator.mutate((body) =>
      JSON.parse(JSON.stringify(body), (key, value) =>
        key === 'attachments' ? value.map((file: { id: number }) => file.id) : value,
      ),
    )
    const [file] = (await read(id)).messages.at(-1)?.attachments ?? []
    expect(file).toMatchObject({ fileName: expect.stringMatching(/^attachment-\d+$/), fileSize: 0 })
  })
})

describe('opening and closing', () => {
  it.each(['array', 'bare', 'silent'] as const)('works when i3D.net’s answer to it is %s', async (answers) => {
    const { open, vendor, read } = await begin({ answers })
    const id = await open()
    await having(vendor.close)(refOf(id), call())
    expect((await read(id)).status).toBe('closed')
    await having(vendor.reopen)(refOf(id), call())
    expect((await read(id)).status).toBe('open')
  })

  it('says that a force-closed ticket is refused, and that closing it has succeeded', async () => {
    const { open, vendor, read, simulator } = await begin()
    const id = await open()
    simulator.forceClose(id)
    expect(await codeOf(having(vendor.reopen)(refOf(id), call()))).toBe('refused')
    await having(vendor.close)(refOf(id), call())
    expect((await read(id)).status).toBe('closed')
  })
})

describe('ids that anyone could guess', () => {
  const fileWith = (id: string): VendorAttachment => ({
    vendorFileId: id as VendorFileId,
    fileName: 'x',
    fileType: 'image/png',
    fileSize: 0,
  })

  it('give no file of another ticket, and i3D.net is not even asked', async () => {
    const { open, vendor, simulator, received } = await begin()
    const id = await open()
    const theirs = fileWith(String(simulator.strangersFile))
    expect(await codeOf(having(vendor.download)(refOf(id), theirs, call()))).toBe('missing')
    expect(received('GET /v3/tickets/:ticketId/attachment/:attachmentId')).toEqual([])
  })

  it.each(['0', '-1', '1e3', '../12', 'abc', '12/close', ''])('are whole numbers or nothing: %j', async (id) => {
    const { vendor, simulator } = await begin()
    expect(await codeOf(having(vendor.read)(refOf(id), call()))).toBe('missing')
    expect(await codeOf(having(vendor.close)(refOf(id), call()))).toBe('missing')
    expect(simulator.received).toEqual([])
  })

  it('do not make an answer about another ticket believed', async () => {
    const { open, read, simulator } = await begin()
    const id = await open()
    simulator.mutate((body) => JSON.parse(JSON.stringify(body).replaceAll(`"id":${id}`, '"id":70001')))
    expect(await codeOf(read(id))).toBe('missing')
  })
})

describe('looking for a mark', () => {
  it('goes page by page, by whole numbers, and down the list of all when it is not among the open', async () => {
    const { open, vendor, simulator, received } = await begin()
    const opening = openingOf()
    const first = await vendor.open(opening, call())
    for (let count = 0; count < 30; count += 1) await open()
    simulator.agentCloses(first.vendorTicketId)
    expect(await having(vendor.findOpened)(opening, call())).toEqual(first)
    const ranges = ['GET /v3/tickets/openOrUnread', 'GET /v3/tickets'].map((name) =>
      received(name).map(({ headers }) => headers['ranged-data']),
    )
    expect(ranges).toEqual([
      ['start=0,results=25', 'start=25,results=25', 'start=50,results=25', 'start=60,results=25'],
      ['start=0,results=25', 'start=25,results=25'],
    ])
  })

  it('says that it cannot tell, rather than that a ticket is not there, when a row does not fit', async () => {
    const { vendor, simulator, drift } = await begin()
    simulator.mutate((body) => JSON.parse(JSON.stringify(body).replaceAll('"title"', '"name"')))
    expect(await codeOf(having(vendor.findOpened)(openingOf(), call()))).toBe('unexpected')
    expect(drift).toEqual(['a row of the list of tickets'])
  })

  it('is not led astray by a player who writes another’s mark into the subject', async () => {
    const { open, vendor } = await begin()
    const wanted = openingOf()
    await open({ subject: `mine [${wanted.mark}]` })
    expect(await having(vendor.findOpened)(wanted, call())).toBeUndefined()
  })
})

describe('the configuration', () => {
  it.each([
    ['no address', { emailTo: '' }],
    ['something that is no address', { emailTo: 'desk@studio.example, desk' }],
    ['an address that begins another header', { emailCc: 'a@studio.example\r\nBcc: b@evil.example' }],
    ['a key nobody knows', { emailBcc: 'a@studio.example' }],
  ])('is refused with %s', async (_, change) => {
    const config = {
      kind: 'i3d',
      token: 't',
      category: 'c',
      department: 'd',
      emailTo: 'desk@studio.example',
      emailCc: 'lead@studio.example',
    }
    expect(I3dConfig.safeParse(config).success).toBe(true)
    expect(I3dConfig.safeParse({ ...config, ...change }).success).toBe(false)
  })
})

function renameKeys(value: unknown, names: Record<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => renameKeys(one, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [names[key] ?? key, renameKeys(inner, names)]))
}
