/** Players who come and go: what a session leaves behind, and what a recovery key is good for meanwhile. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { DeletionRequest } from '../../../server/contract/deletion.ts'
import type { Session } from '../../../server/contract/player.ts'
import type { Ticket } from '../../../server/contract/ticket.ts'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay
beforeEach(async () => {
  relay = await startRelay({ config: { deletionGraceHours: 0 } })
})
afterEach(() => relay.close())

function players(): string[] {
  const ledger = new DatabaseSync(join(relay.folder, 'medkit.db'), { readOnly: true })
  try {
    return ledger
      .prepare('select subject from players')
      .all()
      .map(({ subject }) => String(subject))
  } finally {
    ledger.close()
  }
}

const recover = ({ recoveryKey }: Session) =>
  relay.call<Session>('POST /v1/sessions', { body: { game: 'star-harbor', kind: 'recover', recoveryKey } })
const list = async ({ token }: Session) =>
  (await relay.call<{ items: Ticket[] }>('GET /v1/tickets', { token })).body.items.map(({ id }) => id)

it('Three hundred sessions in which nobody writes leave nothing', async () => {
  const sessions = await Promise.all(Array.from({ length: 300 }, () => relay.signIn()))
  expect(await list(sessions[0] as Session)).toEqual([])
  expect(players()).toEqual([])
})

it('With the first that is written the key gives it back elsewhere, and not before', async () => {
  const session = await relay.signIn()
  expect((await recover(session)).status).toBe(404)
  const { id } = await relay.open(session.token)
  const elsewhere = await recover(session)
  expect(elsewhere.status).toBe(201)
  expect(await list(elsewhere.body)).toEqual([id])
})

it('After an erasure the same device begins anew, and its key is good for what it writes then', async () => {
  const session = await relay.signIn()
  await relay.open(session.token)
  await relay.call('POST /v1/deletion-requests', { token: session.token, body: { confirm: true } })
  await until(async () => {
    const { body } = await relay.call<{ items: DeletionRequest[] }>('GET /v1/deletion-requests', {
      token: session.token,
    })
    return body.items[0]?.status === 'done'
  }, 'it is erased')
  expect(players()).toEqual([])
  expect((await recover(session)).status).toBe(404)
  await relay.open(session.token)
  const { body } = await recover(session)
  expect(await list(body)).toEqual(await list(session))
})
