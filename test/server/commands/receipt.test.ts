/** `medkit receipt verify`, as a player, a lawyer or an operator runs it. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createReceiptSigner } from '../../../server/receipts/signing.ts'
import { deriveKey } from '../../../server/runtime/derived-keys.ts'
import { playerKey } from '../../../server/store/players.ts'
import { sealedName } from '../../../server/store/seal.ts'
import { fileOf, freshSecret, keySetOf, sample, secret } from '../../fixtures/sample-receipts.ts'

const main = join(import.meta.dirname, '../../../server/main.ts')
const name = sealedName(deriveKey(secret, 'receipt'), playerKey('star-harbor', 'player-1'))
let folder: string
let server: Server
let served = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medkit-receipt-'))
  const signed = await (await createReceiptSigner([secret])).sign({ ...sample, player: name })
  await put('receipt.json', fileOf(signed))
  await put('changed.json', fileOf(signed).toString().replace('"tickets": 3', '"tickets": 4'))
  await put('keys.json', JSON.stringify(await keySetOf(secret)))
  await put('other-keys.json', JSON.stringify(await keySetOf(freshSecret)))
  await put('relay.json', configOf([freshSecret.toString(), secret.toString()]))
  await put('other-relay.json', configOf(freshSecret.toString()))
  server = createServer((request, response) => {
    if (request.url === '/keys') void keySetOf(secret).then((keys) => response.end(JSON.stringify(keys)))
    else response.writeHead(503).end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  served = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

const put = (file: string, text: string | Buffer) => writeFile(join(folder, file), text)

function configOf(secrets: unknown): string {
  const vendor = { kind: 'desk', token: 'desk-token-of-the-tests' }
  const games = { 'star-harbor': { name: 'Star Harbor', players: { anonymous: true }, vendor } }
  return JSON.stringify({ secret: secrets, store: `sqlite:${folder}/medkit.db`, games })
}

function verify(...args: string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, 'receipt', 'verify', ...args],
      { cwd: folder, env: { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE } },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, said: stdout + stderr }),
    )
  })
}

describe('With the keys that were saved', () => {
  it('a genuine receipt is said to be so, with all that it says', async () => {
    const { code, said } = await verify('receipt.json', '--keys', 'keys.json')
    expect(said).toContain('This receipt is genuine')
    for (const words of [
      'Star Harbor (star-harbor)',
      sample.request,
      'tickets 3',
      'erased 3',
      ...sample.steps.map(({ at }) => at),
    ])
      expect(said).toContain(words)
    expect(said).toContain('vendor-asked, by the word of the vendor')
    expect(code).toBe(0)
  })

  it.each([
    ['changed.json', 'keys.json', 'its readable part is not what was signed'],
    ['receipt.json', 'other-keys.json', 'not signed with any of these keys'],
    ['keys.json', 'keys.json', 'this is not a receipt'],
  ])('%s proves nothing by %s', async (file, keys, why) => {
    const { code, said } = await verify(file, '--keys', keys)
    expect(said).toContain('This proves nothing: ')
    expect(said).toContain(why)
    expect(said).not.toContain('genuine')
    expect(code).toBe(1)
  })
})

describe('With the address of the keys', () => {
  it('they are fetched', async () => {
    expect(await verify('receipt.json', '--keys', `${served}/keys`)).toMatchObject({
      code: 0,
      said: expect.stringContaining(`of ${served}/keys`),
    })
  })

  it.each([
    ['answers 503', () => `${served}/gone`],
    ['is not encrypted', () => 'http://keys.example/jwks.json'],
  ])('one that %s is no word on the receipt', async (words, address) => {
    const { code, said } = await verify('receipt.json', '--keys', address())
    expect(said).toContain(words)
    expect(said).not.toMatch(/genuine|proves nothing/)
    expect(code).toBe(1)
  })
})

describe('With the relay’s own configuration', () => {
  it('its own keys are taken, also those of a secret that signs no more', async () => {
    const { code, said } = await verify('receipt.json', '--config', 'relay.json')
    expect(said).toContain('of this relay')
    expect(code).toBe(0)
    expect((await verify('receipt.json', '--config', 'other-relay.json')).code).toBe(1)
  })

  it('it is said whether it is about a player', async () => {
    expect(await verify('receipt.json', '--config', 'relay.json', '--player', 'player-1')).toMatchObject({
      code: 0,
      said: expect.stringContaining('It is about the player player-1.'),
    })
    expect(await verify('receipt.json', '--config', 'relay.json', '--player', 'player-2')).toMatchObject({
      code: 1,
      said: expect.stringContaining('It is not about the player player-2.'),
    })
  })
})

it.each([
  [[]],
  [['receipt.json']],
  [['receipt.json', '--keys']],
  [['receipt.json', '--keys', 'keys.json', '--player', 'player-1']],
  [['receipt.json', 'other.json', '--keys', 'keys.json']],
])('%j is answered with how it is meant', async (args) => {
  expect(await verify(...args)).toMatchObject({ code: 1, said: expect.stringMatching(/medkit /) })
})

it.each([
  [['nowhere.json', '--keys', 'keys.json'], 'nowhere.json cannot be read'],
  [['receipt.json', '--keys', 'nowhere.json'], 'cannot be read from nowhere.json'],
  [['receipt.json', '--keys', 'receipt.json'], 'receipt.json is not a set of keys'],
])('%j is answered with what is missing', async (args, words) => {
  expect(await verify(...args)).toMatchObject({ code: 1, said: expect.stringContaining(words) })
})
