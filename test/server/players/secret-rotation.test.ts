/** Changing the relay's secret: what the old one signed is good while it is in the list, and nobody is renamed ever. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Challenge } from '../../../server/contract/proof.ts'
import { createLinks } from '../../../server/files/links.ts'
import { createPseudonyms } from '../../../server/players/pseudonym.ts'
import { deriveKey, type RelaySecrets } from '../../../server/runtime/derived-keys.ts'
import { begin, pngOf, send } from '../../fixtures/relay-files.ts'
import { png } from '../../fixtures/sample-files.ts'
import { solve } from '../../fixtures/solve-challenge.ts'
import { publicUrl, type RelayFixture, startTwoGames } from '../../fixtures/two-games.ts'
import { until } from '../../fixtures/wait.ts'

const old = Buffer.alloc(32, 'the secret so far')
const fresh = Buffer.alloc(32, 'the secret from now on')
const file = Buffer.concat([png(), Buffer.alloc(1_000)])

let folder: string
let fixture: RelayFixture | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medkit-rotation-'))
})
afterEach(async () => {
  await fixture?.close()
  fixture = undefined
  await rm(folder, { recursive: true, force: true })
})

/** The relay again, on the same ledger, with these secrets. */
async function startWith(...secrets: RelaySecrets): Promise<RelayFixture> {
  await fixture?.relay.close()
  fixture = await startTwoGames({ start: { folder, secrets }, players: { proofOfWork: { seconds: 0.05 } } })
  return fixture
}

const list = async (at: RelayFixture, token: string) => {
  const { status, body } = await at.call<{ items: { id: string }[]; code?: string }>('GET /v1/tickets', { token })
  return status === 200 ? body.items.map(({ id }) => id) : body.code
}
const redeem = (at: RelayFixture, link: object) =>
  at.call<{ token: string }>('POST /v1/sessions', { body: { game: 'star-harbor', kind: 'email', ...link } })
const recover = (at: RelayFixture, recoveryKey: string | undefined) =>
  at.call<{ token: string }>('POST /v1/sessions', { body: { game: 'star-harbor', kind: 'recover', recoveryKey } })

async function openWith(at: RelayFixture, token: string, challenge: Challenge) {
  const body = { message: 'My sword is gone', language: 'en', proof: solve(challenge) }
  return at.call<{ id: string }>('POST /v1/tickets', { token, body, key: crypto.randomUUID() })
}

/** An anonymous player and one by mail, with all that they hold when the secret changes. */
async function playersOf(at: RelayFixture) {
  const anonymous = await at.signIn()
  const challenge = async () => (await at.call<Challenge>('POST /v1/challenges', { token: anonymous.token })).body
  const { body: ticket } = await openWith(at, anonymous.token, await challenge())
  const byMail = await at.signInByMail()
  const mailed = await at.open(byMail.token)
  const { id, url } = await begin(at, byMail.token, pngOf(file.length))
  await send(`${at.url}${new URL(url).pathname}`, byMail.token, file)
  const link = createLinks({ secrets: [old], publicUrl, clock: Date.now })
    .sign(id, 3_600)
    .replace(publicUrl, '')
  return { anonymous, ticket, byMail, mailed, link, mailLink: await at.askForLink(), unspent: await challenge() }
}

it('With the old secret in the list everything it signed goes on', async () => {
  const players = await playersOf(await startWith(old))
  const at = await startWith(fresh, old)
  expect(await list(at, players.anonymous.token)).toEqual([players.ticket.id])
  expect(await list(at, players.byMail.token)).toEqual([players.mailed.id])
  expect((await fetch(`${at.url}${players.link}`)).status).toBe(200)
  expect((await openWith(at, players.anonymous.token, players.unspent)).status).toBe(201)
  const { body } = await redeem(at, players.mailLink)
  expect(await list(at, body.token)).toEqual([players.mailed.id])
})

it('Without it tokens, challenges and links to files are dead, and what signs nobody in by itself brings them back', async () => {
  const players = await playersOf(await startWith(old))
  const at = await startWith(fresh)
  expect(await list(at, players.anonymous.token)).toBe('token_bad_signature')
  expect(await list(at, players.byMail.token)).toBe('token_bad_signature')
  expect((await fetch(`${at.url}${players.link}`)).status).toBe(404)
  const recovered = await recover(at, players.anonymous.recoveryKey)
  expect(await list(at, recovered.body.token)).toEqual([players.ticket.id])
  expect((await openWith(at, recovered.body.token, players.unspent)).status).toBe(422)
  const signedIn = await redeem(at, players.mailLink)
  expect(await list(at, signedIn.body.token)).toEqual([players.mailed.id])
})

it('What is signed while both are in the list outlives the old one', async () => {
  await startWith(old)
  const { token } = await (await startWith(fresh, old)).signIn()
  expect(await list(await startWith(fresh), token)).toEqual([])
})

it('Nobody gets another name at a vendor, known to the ledger or not', async () => {
  const before = createPseudonyms(deriveKey(old, 'pseudonym'))
  const seenAs = async (at: RelayFixture, sub: string) => {
    const known = new Set((await at.desk.list()).map(({ id }) => id))
    await at.open(at.verified({ sub }))
    const opened = await until(
      async () => (await at.desk.list()).find(({ id }) => !known.has(id)),
      'the desk has the ticket',
    )
    return (await at.desk.read(opened.id)).ticket
  }
  expect(await seenAs(await startWith(old), 'ada')).toMatchObject({ pseudonym: before('star-harbor', 'ada') })
  const later: RelaySecrets[] = [[fresh, old], [fresh]]
  for (const secrets of later) {
    const at = await startWith(...secrets)
    expect(await seenAs(at, 'ada')).toMatchObject({ pseudonym: before('star-harbor', 'ada') })
    const stranger = `grace-${secrets.length}`
    expect(await seenAs(at, stranger)).toMatchObject({ pseudonym: before('star-harbor', stranger) })
  }
})
