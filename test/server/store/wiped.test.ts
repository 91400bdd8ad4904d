/** What was erased, or has outlived its retention, is in no file of the relay's any more, while it runs and when it has stopped. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { DeletionRequest } from '../../../server/contract/deletion.ts'
import type { Conversation, Ticket } from '../../../server/contract/ticket.ts'
import type { Vendor } from '../../../server/vendors/vendor.ts'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { upload } from '../../fixtures/relay-files.ts'
import { createStudio } from '../../fixtures/studio.ts'
import { loft, pigeonPost } from '../../fixtures/toy-vendor.ts'
import { startTwoGames } from '../../fixtures/two-games.ts'
import { until } from '../../fixtures/wait.ts'

const studio = createStudio()
let relay: TestRelay

afterEach(async () => {
  ahead = 0
  loft.length = 0
  await relay.close()
})

/** Whatever a player can leave with a relay, each in words of its own. */
const planted = {
  id: 'planted-player-id',
  name: 'Planted Name',
  email: 'planted.proved@players.example',
  tag: 'planted-tag',
  signedKey: 'planted-signed-key',
  signedValue: 'planted-signed-value',
  typedEmail: 'planted.typed@players.example',
  subject: 'Planted subject',
  opening: 'Planted opening',
  field: 'planted-field',
  claimedKey: 'planted-claimed-key',
  claimedValue: 'planted-claimed-value',
  reply: 'Planted reply',
  japanese: '植えられた言葉',
  answer: 'Planted answer',
  note: 'Planted note',
  fileName: 'planted-file-name.txt',
  fileText: 'Planted file text',
  looseFileName: 'planted-loose-name.txt',
  looseFileText: 'Planted loose text',
  agentFileName: 'planted-agent-name.txt',
  agentFileText: 'Planted agent text',
  comment: 'Planted comment',
}

let ahead = 0
const clock = { now: () => new Date(Date.now() + ahead) }

function tokenOf(id: string, more: Record<string, unknown> = {}): string {
  const now = Math.floor(clock.now().getTime() / 1_000)
  return studio.sign({ sub: id, iat: now, exp: now + 3_600, ...more })
}

const plantedToken = () =>
  tokenOf(planted.id, {
    name: planted.name,
    email: planted.email,
    metadata: { tags: [planted.tag], fields: { [planted.signedKey]: planted.signedValue } },
  })

/** Those of the planted words that stand in any file under the relay's folder, by the file. */
async function found(): Promise<string[]> {
  const files = (await readdir(relay.folder, { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
  expect(files.map(({ name }) => name)).toContain('medkit.db')
  const hits: string[] = []
  for (const { name, parentPath } of files) {
    // One that was removed meanwhile has nothing in it.
    const bytes = await readFile(join(parentPath, name)).catch(() => '')
    for (const word of Object.values(planted))
      if (name.includes(word) || bytes.includes(word)) hits.push(`${name}: ${word}`)
  }
  return hits
}

const wordOf = (hit: string) => hit.slice(hit.indexOf(': ') + 2)
const text = (words: string) => Buffer.from(`${words}\n`.repeat(2_000))
const declared = (fileName: string) => ({ fileName, fileType: 'text/plain' })

const players = { jwt: studio.config }

/** Others, who stay. */
async function chat(): Promise<void> {
  for (const other of ['bob', 'eve', 'zoe'].map((id) => tokenOf(id)))
    for (let n = 0; n < 8; n += 1) await relay.open(other, { message: `Staying words ${'x'.repeat(n * 150)}` })
}

async function write(route: string, token: string, body: unknown, status: number): Promise<void> {
  const answer = await relay.call(`POST ${route}`, { token, body, key: crypto.randomUUID() })
  expect(answer.status).toBe(status)
}

/** All that a player says, among what others do. */
async function plant(token: string): Promise<Conversation> {
  await chat()
  const file = await upload(relay, token, text(planted.fileText), declared(planted.fileName))
  const ticket = await relay.open(token, {
    message: `${planted.opening} ${'y'.repeat(5_000)}`,
    subject: planted.subject,
    email: planted.typedEmail,
    category: 'billing',
    fields: { order: planted.field },
    metadata: { [planted.claimedKey]: planted.claimedValue },
    attachments: [file],
  })
  await chat()
  for (const message of [planted.reply, planted.japanese])
    await write(`/v1/tickets/${ticket.id}/messages`, token, { message }, 201)
  await upload(relay, token, text(planted.looseFileText), declared(planted.looseFileName))
  return ticket
}

async function rateOnceClosed({ id }: Conversation, token: string): Promise<void> {
  const isClosed = async () =>
    (await relay.call<Conversation>(`GET /v1/tickets/${id}`, { token })).body.status === 'closed'
  await until(isClosed, 'the relay knows that it is closed')
  await write(`/v1/tickets/${id}/rating`, token, { score: 2, comment: planted.comment }, 200)
  await chat()
}

async function answerAtDesk({ number }: Conversation): Promise<void> {
  const { desk } = relay
  const { id } = await until(async () => (await desk.list()).find((one) => one.number === number), 'it is at the desk')
  await until(async () => (await desk.read(id)).messages.length === 3, 'all of it is at the desk')
  const file = new File([text(planted.agentFileText)], planted.agentFileName, { type: 'text/plain' })
  await desk.note(id, planted.note)
  await desk.answer(id, planted.answer, file)
  await desk.close(id)
}

it('nothing of an erased player is left on the disk once it is said to be gone', async () => {
  relay = await startRelay({ game: { players }, config: { deletionGraceHours: 0 } })
  const token = plantedToken()
  const ticket = await plant(token)
  await answerAtDesk(ticket)
  await rateOnceClosed(ticket, token)
  expect(new Set((await found()).map(wordOf))).toEqual(new Set(Object.values(planted)))
  const path = '/v1/deletion-requests'
  await write(path, token, { confirm: true }, 202)
  await until(async () => {
    const { body } = await relay.call<{ items: DeletionRequest[] }>(`GET ${path}`, { token })
    return body.items[0]?.steps.some(({ name }) => name === 'relay-erased')
  }, 'it is said to be erased')
  expect(await found()).toEqual([])
  await relay.relay.close()
  expect(await found()).toEqual([])
})

/** A vendor that is nowhere near the relay's disk. */
const faraway: Vendor = {
  ...pigeonPost,
  can: { ...pigeonPost.can, attachments: { types: ['text/plain'], maxBytes: 1_000_000, maxCount: 3 }, rating: 'note' },
  rate: async () => undefined,
}

it('of what has outlived its retention only the names are left by which the vendor knows its player, until it shows it again', async () => {
  const start = { clock, game: { players }, vendorOf: () => faraway }
  relay = await startRelay(start)
  const token = plantedToken()
  const ticket = await plant(token)
  await write(`/v1/tickets/${ticket.id}/close`, token, undefined, 200)
  await rateOnceClosed(ticket, token)
  await until(() => loft.find(({ lines }) => lines[0]?.text.includes(planted.opening))?.isClosed, 'it is closed there')
  ahead = 31 * 86_400_000
  relay = await relay.restart()
  const names = new Set([planted.id, planted.email])
  await until(async () => (await found()).every((hit) => names.has(wordOf(hit))), 'nothing else is left')
  await relay.relay.close()
  expect(new Set((await found()).map(wordOf))).toEqual(names)

  relay = await startRelay({ ...start, folder: relay.folder })
  const later = plantedToken()
  const list = () => relay.call<{ items: Ticket[] }>('GET /v1/tickets', { token: later })
  const shell = (await list()).body.items[0]
  expect(shell).toMatchObject({ id: ticket.id, number: ticket.number, subject: ticket.number, status: 'closed' })
  expect(shell?.rating).toEqual({ score: 2 })
  await until(async () => {
    const { body } = await relay.call<Conversation>(`GET /v1/tickets/${ticket.id}`, { token: later })
    return body.messages.length >= 3 && body.subject.startsWith(planted.opening)
  }, 'the vendor has shown it again')

  ahead = 4 * 365 * 86_400_000
  relay = await relay.restart()
  await until(async () => (await found()).length === 0, 'who stayed away is gone, by every name')
  await relay.relay.close()
  expect(await found()).toEqual([])
})

it('of a mailbox that was proved, or written to in vain, nothing is left once its player stays away', async () => {
  const start = { vendorOf: () => faraway }
  const fixture = await startTwoGames({ start })
  relay = fixture
  const { token } = await fixture.signInByMail(planted.email)
  await fixture.open(token, { message: planted.opening })
  await until(() => loft.some(({ lines }) => lines[0]?.text.includes(planted.opening)), 'it has arrived')
  await fixture.askForLink(planted.typedEmail)
  const held = [planted.email, planted.opening, planted.typedEmail]
  expect(new Set((await found()).map(wordOf))).toEqual(new Set(held))
  for (const [days, left] of [
    [31, [planted.email]],
    [4 * 365, []],
  ] as const) {
    await relay.relay.close()
    const later = await startTwoGames({ start: { ...start, folder: fixture.folder }, aheadMs: days * 86_400_000 })
    relay = later
    await until(
      async () => (await found()).every((hit) => left.some((word) => word === wordOf(hit))),
      `${days} days on`,
    )
  }
  await relay.relay.close()
  expect(await found()).toEqual([])
})
