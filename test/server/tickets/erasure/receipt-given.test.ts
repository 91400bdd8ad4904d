/** The receipt of an erasure: what the player is given to keep, from a running relay. */
import { DatabaseSync } from 'node:sqlite'
import type { JSONWebKeySet } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import type { DeletionRequest } from '../../../../server/contract/deletion.ts'
import type { SignedReceipt } from '../../../../server/contract/receipt.ts'
import type { Conversation } from '../../../../server/contract/ticket.ts'
import { readReceipt } from '../../../../server/receipts/reading.ts'
import { deriveKey } from '../../../../server/runtime/derived-keys.ts'
import { playerKey } from '../../../../server/store/players.ts'
import { sealedName } from '../../../../server/store/seal.ts'
import { freshDatabase } from '../../../fixtures/postgres.ts'
import { relaySecret, startRelay, type TestRelay } from '../../../fixtures/relay.ts'
import { upload } from '../../../fixtures/relay-files.ts'
import { png } from '../../../fixtures/sample-files.ts'
import { fileOf } from '../../../fixtures/sample-receipts.ts'
import { createStudio } from '../../../fixtures/studio.ts'
import { until } from '../../../fixtures/wait.ts'

const studio = createStudio()
const freshSecret = Buffer.alloc(32, 'a newer secret of the tests')
const publicUrl = 'https://support.studio.example'
const path = '/v1/deletion-requests'
const picture = Buffer.concat([png(), Buffer.alloc(2_000)])

/** What no receipt may say. */
const planted = {
  id: 'planted-player-id',
  name: 'Planted Name',
  email: 'planted.proved@players.example',
  subject: 'Planted subject',
  opening: 'Planted opening',
  reply: 'Planted reply',
  answer: 'Planted answer',
  claimed: 'planted-claimed',
  fileName: 'planted-name.png',
}

let relays: TestRelay[] = []
afterEach(async () => {
  for (const one of relays.reverse()) await one.close()
  relays = []
})

async function start(options: Parameters<typeof startRelay>[0] = {}): Promise<TestRelay> {
  const relay = await startRelay({
    ...options,
    game: { players: { jwt: studio.config, anonymous: true } },
    config: { deletionGraceHours: 0, ...options.config },
  })
  relays.push(relay)
  return relay
}

function tokenOf(sub: string, claims: Record<string, unknown> = {}): string {
  const now = Math.floor(Date.now() / 1_000)
  return studio.sign({ sub, iat: now, exp: now + 3_600, ...claims })
}

/** Two tickets with three messages and a file, and an answer to one of them: all of it at the desk. */
async function plant(relay: TestRelay, token: string): Promise<void> {
  const declared = { fileName: planted.fileName, fileType: 'image/png' }
  const attachments = [await upload(relay, token, picture, declared)]
  const { subject, opening: message, claimed } = planted
  const ticket = await relay.open(token, { subject, message, metadata: { claimed }, attachments })
  await relay.call(`POST /v1/tickets/${ticket.id}/messages`, {
    token,
    key: crypto.randomUUID(),
    body: { message: planted.reply },
  })
  await relay.open(token)
  const atDesk = await until(async () => {
    const found = (await relay.desk.list()).find(({ number }) => number === ticket.number)
    return (
      found &&
      (await relay.desk.list()).length === 2 &&
      (await relay.desk.read(found.id)).messages.length === 2 &&
      found
    )
  }, 'all of it is at the desk')
  await relay.desk.answer(atDesk.id, planted.answer)
  await until(async () => {
    const { body } = await relay.call<Conversation>(`GET /v1/tickets/${ticket.id}`, { token })
    return body.messages.length === 3
  }, 'the answer is read')
}

async function ask(relay: TestRelay, token: string): Promise<string> {
  return (await relay.call<{ id: string }>(`POST ${path}`, { token, body: { confirm: true } })).body.id
}

function doneFor(relay: TestRelay, token: string): Promise<DeletionRequest> {
  return until(async () => {
    const [request] = (await relay.call<{ items: DeletionRequest[] }>(`GET ${path}`, { token })).body.items
    return request?.status === 'done' && request
  }, 'the request is done')
}

const receiptOf = (relay: TestRelay, token: string, id: string) =>
  relay.call<SignedReceipt>(`GET ${path}/${id}/receipt`, { token })

const keysOf = async (relay: TestRelay) => (await relay.call<JSONWebKeySet>('GET /.well-known/jwks.json')).body

describe.each(['sqlite', 'postgres'] as const)('On %s', (engine) => {
  const storeOn = async () => (engine === 'postgres' ? { store: await freshDatabase() } : {})

  it.each(['verified', 'anonymous'] as const)(
    'a %s player has it once all is gone, and it counts what was there',
    async (kind) => {
      const relay = await start({ config: await storeOn() })
      const { id, name, email } = planted
      const token = kind === 'verified' ? tokenOf(id, { name, email }) : (await relay.signIn()).token
      await plant(relay, token)
      const request = await ask(relay, token)
      const { steps, requestedAt } = await doneFor(relay, token)
      const answer = await receiptOf(relay, token, request)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-disposition')).toContain('attachment')
      const read = await readReceipt(fileOf(answer.body), await keysOf(relay))
      expect(read).toMatchObject({
        receipt: {
          issuer: relay.url,
          request,
          game: { key: 'star-harbor', name: 'Star Harbor' },
          requestedAt,
          doneAt: steps.at(-1)?.at,
          held: { selves: 1, tickets: 2, messages: 4, files: 1, fileBytes: picture.length, vendorTickets: 2 },
          atVendor: { erased: 2, studioAsked: 0, studioTickets: [], operatorTold: 0 },
        },
      })
      const told = answer.body.receipt.steps
      expect(told.map(({ name, at }) => ({ name, at }))).toEqual(steps)
      expect(told.map(({ word }) => word)).toEqual(['player', 'vendor', 'relay'])
      const said = JSON.stringify(answer.body) + Buffer.from(answer.body.payload, 'base64url')
      for (const words of Object.values(planted)) expect(said).not.toContain(words)
    },
  )

  it('relays on one ledger give out the very same, and each has the keys for it', async () => {
    const store = { publicUrl, ...(await storeOn()) }
    const first = await start({ config: store })
    const token = tokenOf(planted.id)
    await first.open(token)
    const request = await ask(first, token)
    await doneFor(first, token)
    const second = await start({ config: store, folder: first.folder })
    const [one, other] = [await receiptOf(first, token, request), await receiptOf(second, token, request)]
    expect(other.body).toEqual(one.body)
    expect(await readReceipt(fileOf(one.body), await keysOf(second))).toHaveProperty('receipt')
  })
})

it('is not there before the erasure is done, nor for anybody else, nor for nobody', async () => {
  const relay = await start({ config: { deletionGraceHours: 1 } })
  const [ada, bob] = [tokenOf('ada'), tokenOf('bob')]
  const waiting = await ask(relay, ada)
  expect(await receiptOf(relay, ada, waiting)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  await relay.call(`DELETE ${path}/${waiting}`, { token: ada })
  expect((await receiptOf(relay, ada, waiting)).status).toBe(404)
  const swift = await start()
  const done = await ask(swift, ada)
  await doneFor(swift, ada)
  expect((await receiptOf(swift, ada, done)).status).toBe(200)
  expect(await receiptOf(swift, bob, done)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  expect((await swift.call(`GET ${path}/${done}/receipt`)).status).toBe(401)
})

it('names the player only to whoever has the ledger’s key and knows the name', async () => {
  const relay = await start()
  const token = tokenOf('ada')
  const request = await ask(relay, token)
  await doneFor(relay, token)
  const { body } = await receiptOf(relay, token, request)
  const key = deriveKey(relaySecret, 'receipt')
  expect(body.receipt.player).toBe(sealedName(key, playerKey('star-harbor', 'ada')))
  expect(body.receipt.player).not.toBe(sealedName(key, playerKey('star-harbor', 'bob')))
  expect(body.receipt.player).not.toBe(sealedName(deriveKey(freshSecret, 'receipt'), playerKey('star-harbor', 'ada')))
})

it('of before a change of secrets is good while the old one is in the list, and is given out anew by the new one', async () => {
  const token = tokenOf('ada')
  let relay = await start({ config: { publicUrl } })
  const request = await ask(relay, token)
  await doneFor(relay, token)
  const before = await receiptOf(relay, token, request)
  await relay.relay.close()
  relays = []
  relay = await start({ config: { publicUrl }, folder: relay.folder, secrets: [freshSecret, relaySecret] })
  const after = await receiptOf(relay, token, request)
  // The same words, in another hand: nobody got another name.
  expect(after.body.receipt).toEqual(before.body.receipt)
  expect(after.body.signature).not.toBe(before.body.signature)
  for (const { body } of [before, after])
    expect(await readReceipt(fileOf(body), await keysOf(relay))).toHaveProperty('receipt')
})

it('publishes its keys for anybody, and no private one', async () => {
  const relay = await start({ secrets: [freshSecret, relaySecret] })
  const answer = await relay.call<JSONWebKeySet>('GET /.well-known/jwks.json')
  expect(answer.headers.get('content-type')).toBe('application/jwk-set+json')
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  expect(answer.body.keys).toHaveLength(2)
  for (const key of answer.body.keys)
    expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
})

it('is written with what is known of an erasure from before receipts', async () => {
  const relay = await start()
  const token = tokenOf('ada')
  await relay.open(token)
  const request = await ask(relay, token)
  await doneFor(relay, token)
  const ledger = new DatabaseSync(`${relay.folder}/medkit.db`, { timeout: 10_000 })
  ledger.exec('update deletions set held = null, at_vendor = null')
  ledger.close()
  const { body } = await receiptOf(relay, token, request)
  expect(Object.keys(body.receipt)).not.toContain('held')
  expect(await readReceipt(fileOf(body), await keysOf(relay))).toHaveProperty('receipt')
})
