/** Recovery keys in use: each is good once, and never lost with an answer, on both engines. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Session } from '../../../server/contract/player.ts'
import type { Ticket } from '../../../server/contract/ticket.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { createStudio } from '../../fixtures/studio.ts'

const studio = createStudio()

describe.each(['sqlite', 'postgres'])('On %s', (engine) => {
  let relay: TestRelay
  let session: Session
  let ticket: Ticket

  beforeEach(async () => {
    const config = engine === 'postgres' ? { store: await freshDatabase() } : {}
    relay = await startRelay({ config, game: { players: { anonymous: true, jwt: studio.config } } })
    session = await relay.signIn()
    ticket = await relay.open(session.token)
  })
  afterEach(() => relay.close())

  const recover = async ({ recoveryKey }: { recoveryKey?: string | undefined }) => {
    const { status, body } = await relay.call<Session>('POST /v1/sessions', {
      body: { game: 'star-harbor', kind: 'recover', recoveryKey },
    })
    return status === 201 ? body : undefined
  }
  const recovered = async (key: { recoveryKey?: string | undefined }) => {
    const given = await recover(key)
    if (!given) throw new Error('the key is dead')
    return given
  }
  const list = async ({ token }: Session) =>
    (await relay.call<{ items: Ticket[] }>('GET /v1/tickets', { token })).body.items.map(({ id }) => id)
  const writeDown = async ({ token }: Session) =>
    (await relay.call<{ recoveryKey: string }>('POST /v1/recovery-keys', { token })).body
  const signOut = ({ token }: Session) => relay.call('DELETE /v1/session', { token })

  it('a key gives another, and is dead as soon as that one’s session is used', async () => {
    const next = await recovered(session)
    expect(next.recoveryKey).not.toBe(session.recoveryKey)
    expect(await list(next)).toEqual([ticket.id])
    expect(await recover(session)).toBeUndefined()
    expect(await list(await recovered(next))).toEqual([ticket.id])
  })

  it('it is as good as before while the answer may have been lost, however often', async () => {
    for (let lost = 0; lost < 30; lost += 1) await recovered(session)
    const next = await recovered(session)
    expect(await list(next)).toEqual([ticket.id])
    expect(await recover(session)).toBeUndefined()
    expect(await list(await recovered(next))).toEqual([ticket.id])
  })

  it('it is dead as well once the next key is used in turn', async () => {
    const next = await recovered(session)
    const third = await recovered(next)
    expect(await recover(session)).toBeUndefined()
    expect(await list(third)).toEqual([ticket.id])
  })

  it('two pages that renew at once both go on, whichever keeps its answer', async () => {
    const [one, other] = await Promise.all([recovered(session), recovered(session)])
    expect([await list(one), await list(other)]).toEqual([[ticket.id], [ticket.id]])
    expect(await list(await recovered(one))).toEqual([ticket.id])
    expect(await list(await recovered(other))).toEqual([ticket.id])
  })

  it('what lay on a device is worthless once it has signed out, and what was written down is not', async () => {
    const paper = await writeDown(session)
    const next = await recovered(session)
    await signOut(next)
    expect([await recover(session), await recover(next)]).toEqual([undefined, undefined])
    const elsewhere = await recovered(paper)
    expect(await list(elsewhere)).toEqual([ticket.id])
    expect(await recover(paper)).toBeUndefined()
  })

  it('a device that renews leaves the written key as it is, and a further written one replaces it', async () => {
    const first = await writeDown(session)
    const next = await recovered(session)
    await list(next)
    const second = await writeDown(next)
    expect(await recover(first)).toBeUndefined()
    expect(await list(await recovered(second))).toEqual([ticket.id])
    expect(await list(await recovered(next))).toEqual([ticket.id])
  })

  it('a key may be written down before anything is written', async () => {
    const early = await relay.signIn()
    const paper = await writeDown(early)
    const { id } = await relay.open(early.token)
    expect(await list(await recovered(paper))).toEqual([id])
    expect(await list(await recovered(early))).toEqual([id])
  })

  it('a verified player has none, and the keys of whom they were are dead', async () => {
    const paper = await writeDown(session)
    const now = Math.floor(Date.now() / 1_000)
    const ada = { token: studio.sign({ sub: 'ada', iat: now, exp: now + 600 }) }
    const refused = await relay.call('POST /v1/recovery-keys', ada)
    expect(refused).toMatchObject({ status: 422, body: { code: 'unsupported' } })
    const merge = { ...ada, body: { anonymousToken: session.token } }
    expect(await relay.call('POST /v1/sessions/merge', merge)).toMatchObject({ body: { tickets: 1 } })
    expect([await recover(session), await recover(paper)]).toEqual([undefined, undefined])
  })
})
