/** What was erased is in no file of the relay's any more, while it runs and when it has stopped. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { DeletionRequest } from '../../server/contract/deletion.ts'
import { createStudio } from '../players/studio.ts'
import { upload } from './files/files.ts'
import { startRelay, type TestRelay } from './start.ts'
import { until } from './wait.ts'

const studio = createStudio()
let relay: TestRelay

afterEach(() => relay.close())

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

function tokenOf(id: string, more: Record<string, unknown> = {}): string {
  const now = Math.floor(Date.now() / 1_000)
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
    const bytes = await readFile(join(parentPath, name))
    for (const word of Object.values(planted))
      if (`${name}`.includes(word) || bytes.includes(word)) hits.push(`${name}: ${word}`)
  }
  return hits
}

const text = (words: string) => Buffer.from(`${words}\n`.repeat(2_000))
const declared = (fileName: string) => ({ fileName, fileType: 'text/plain' })

/** A player with all of it, among others who stay. */
async function plant(): Promise<string> {
  const token = plantedToken()
  const others = ['bob', 'eve', 'zoe'].map((id) => tokenOf(id))
  const chat = async () => {
    for (const other of others)
      for (let n = 0; n < 8; n += 1) await relay.open(other, { message: `Staying words ${'x'.repeat(n * 150)}` })
  }
  await chat()
  const file = await upload(relay, token, text(planted.fileText), declared(planted.fileName))
  const { id, number } = await relay.open(token, {
    message: `${planted.opening} ${'y'.repeat(5_000)}`,
    subject: planted.subject,
    email: planted.typedEmail,
    category: 'billing',
    fields: { order: planted.field },
    metadata: { [planted.claimedKey]: planted.claimedValue },
    attachments: [file],
  })
  await chat()
  for (const message of [planted.reply, planted.japanese]) {
    const answer = await relay.call(`POST /v1/tickets/${id}/messages`, {
      token,
      body: { message },
      key: crypto.randomUUID(),
    })
    expect(answer.status).toBe(201)
  }
  await upload(relay, token, text(planted.looseFileText), declared(planted.looseFileName))
  const atDesk = await until(
    async () => (await relay.desk.list()).find((one) => one.number === number),
    'it is at the desk',
  )
  await until(async () => (await relay.desk.read(atDesk.id)).messages.length === 3, 'all of it is at the desk')
  await relay.desk.note(atDesk.id, planted.note)
  await relay.desk.answer(
    atDesk.id,
    planted.answer,
    new File([text(planted.agentFileText)], planted.agentFileName, { type: 'text/plain' }),
  )
  await relay.desk.close(atDesk.id)
  const isClosed = async () =>
    (await relay.call<{ status: string }>(`GET /v1/tickets/${id}`, { token })).body.status === 'closed'
  await until(isClosed, 'the relay knows that it is closed')
  const body = { score: 2, comment: planted.comment }
  expect((await relay.call(`POST /v1/tickets/${id}/rating`, { token, body, key: crypto.randomUUID() })).status).toBe(
    200,
  )
  await chat()
  return token
}

it('nothing of an erased player is left on the disk once it is said to be gone', async () => {
  relay = await startRelay({ game: { players: { jwt: studio.config } }, config: { deletionGraceHours: 0 } })
  const token = await plant()
  expect((await found()).length).toBeGreaterThanOrEqual(Object.keys(planted).length)
  const path = '/v1/deletion-requests'
  await relay.call(`POST ${path}`, { token, body: { confirm: true } })
  await until(async () => {
    const { body } = await relay.call<{ items: DeletionRequest[] }>(`GET ${path}`, { token: tokenOf(planted.id) })
    return body.items[0]?.steps.some(({ name }) => name === 'relay-erased')
  }, 'it is said to be erased')
  expect(await found()).toEqual([])
  await relay.relay.close()
  expect(await found()).toEqual([])
})
