/**
 * Writing at every step of an erasure, by everybody its player was: each thing that is written is refused or handled, and in
 * the end nothing of theirs is at the vendor that was not erased there or named, and none of their words in the ledger.
 */
import { afterEach, describe, expect, it } from 'vitest'
import type { Identity } from '../../../../server/players/identity.ts'
import { Refusal } from '../../../../server/runtime/refusal.ts'
import { playerKey } from '../../../../server/store/players.ts'
import type { Tables } from '../../../../server/store/tables.ts'
import type { Opening, Vendor, VendorTicketId } from '../../../../server/vendors/vendor.ts'
import { type Erasing, openErasing } from '../../../fixtures/erasure.ts'
import { gameOf, playerOf } from '../../../fixtures/game.ts'

const anonymous = playerOf(1)
const mailed: Identity = { ...playerOf(3), subject: 'email:3', key: playerKey('star-harbor', 'email:3'), kind: 'email' }
const ada: Identity = { ...playerOf(4), subject: 'ada', key: playerKey('star-harbor', 'ada'), kind: 'verified' }
const selves = [ada, anonymous, mailed]
const words = 'Nobody may read this'
const tables = ['messages', 'tickets', 'deliveries', 'idempotency', 'events', 'attachments'] satisfies (keyof Tables)[]

/** Takes everything, and keeps what it has by ticket. */
function keepingVendor({ forgets, atStep }: { forgets: boolean; atStep: () => Promise<void> }) {
  const openings: Opening[] = []
  const forgotten = new Set<string>()
  const idOf = (n: number) => `vendor-${n}` as VendorTicketId
  const vendor: Vendor = {
    kind: 'keeping',
    can: { ...gameOf.can, rating: 'native', deletion: forgets ? 'vendor' : 'request' },
    once: { open: 'relay', reply: 'vendor' },
    async open(opening) {
      if (opening.purpose !== 'ticket') await atStep()
      return { vendorTicketId: idOf(openings.push(opening) - 1) }
    },
    reply: async () => ({}),
    close: async () => undefined,
    reopen: async () => undefined,
    rate: async () => undefined,
    findOpened: async ({ mark, linked }) => {
      const n = openings.findIndex((one, at) => one.mark === mark && !linked?.has(idOf(at)))
      return n < 0 ? undefined : { vendorTicketId: idOf(n) }
    },
    ...(forgets && {
      forget: async ({ id }) => {
        await atStep()
        for (const [n, { player }] of openings.entries()) if (player.id === id) forgotten.add(idOf(n))
      },
    }),
  }
  const left = () => {
    const named = openings.filter(({ purpose }) => purpose !== 'ticket').map(({ message }) => message)
    const isNamed = (id: string, mark: string) =>
      named.some((said) => said.includes(`: ${id} here`) || said.includes(mark))
    return openings.filter(
      ({ purpose, mark }, n) => purpose === 'ticket' && !forgotten.has(idOf(n)) && !isNamed(idOf(n), mark),
    )
  }
  return { vendor, left }
}

/** Lets everything through but the n-th, which waits until it is let go. */
function createGate(n: number) {
  let count = 0
  const reached = Promise.withResolvers<void>()
  const going = Promise.withResolvers<void>()
  return {
    reached: reached.promise,
    count: () => count,
    letGo: () => going.resolve(),
    async atStep() {
      if (++count !== n) return
      reached.resolve()
      await going.promise
    },
  }
}

let fixture: Erasing
afterEach(() => fixture.close())

describe.each([
  ['sqlite', 'without a call of its own', false],
  ['sqlite', 'with one', true],
  ['postgres', 'without a call of its own', false],
  ['postgres', 'with one', true],
] as const)('On %s, at a vendor %s', (engine, _, forgets) => {
  it('whatever is written at any step of an erasure is refused or erased with the rest', {
    timeout: 240_000,
  }, async () => {
    let steps = 1
    const outcomes = new Set<string>()
    for (let n = 1; n <= steps; n++) {
      const { count, seen } = await eraseStoppingAt(n)
      steps = Math.max(steps, Math.min(count, 60))
      for (const outcome of seen) outcomes.add(outcome)
      await fixture.close()
    }
    expect(steps).toBeGreaterThan(10)
    expect(outcomes).toContain('erasure_under_way')
    await openAnew()
  })

  const openAnew = async () => {
    fixture = await openErasing('sqlite', {})
  }

  /** @returns how many steps there were, and what became of what was written at that one */
  async function eraseStoppingAt(n: number): Promise<{ count: number; seen: string[] }> {
    const gate = createGate(n)
    const { vendor, left } = keepingVendor({ forgets, atStep: gate.atStep })
    fixture = await openErasing(engine, { 'star-harbor': vendor }, undefined, gate.atStep)
    const tickets = []
    for (const self of selves) tickets.push(await fixture.write(self, words))
    while ((await fixture.delivery.deliverDue()) > 0);
    for (const { key } of selves.slice(1))
      await fixture.store.transaction(async (ledger) => {
        await ledger.players.mergeInto(key, ada.key, fixture.time.clock.now())
        await ledger.merges.add({ anonymous: key, verified: ada.key, merged_at: fixture.time.clock.now().getTime() })
        await ledger.merges.move({ anonymous: key, verified: ada.key })
      })
    fixture.time.pass(3_600_000)
    await fixture.deletions.ask(ada)
    const going = fixture.untilDone(ada)
    await Promise.race([gate.reached, going])
    const isDone = (await fixture.requestOf(ada)).status === 'done'
    const seen = isDone ? [] : await writeAll(tickets.map(({ id }) => id))
    await fixture.delivery.deliverDue()
    const wasDone = (await fixture.requestOf(ada)).status === 'done'
    gate.letGo()
    await going
    while ((await fixture.delivery.deliverDue()) > 0);
    if (!wasDone) {
      expect(left(), `at step ${n}`).toEqual([])
      for (const table of tables)
        expect(JSON.stringify(await fixture.db.selectFrom(table).selectAll().execute()), `step ${n}`).not.toContain(
          words,
        )
    }
    return { count: gate.count(), seen }
  }

  /** By every self, on every ticket. @returns what became of each */
  async function writeAll(ids: Parameters<Erasing['reply']>[1][]): Promise<string[]> {
    const [game] = fixture.games.values()
    if (!game) throw new Error('there is no game')
    const seen: string[] = []
    const attempt = (act: () => Promise<unknown>) =>
      act().then(
        () => seen.push('taken'),
        (error: unknown) => {
          if (!(error instanceof Refusal)) throw error
          seen.push(error.code)
        },
      )
    const file = { fileName: `${words}.png`, fileType: 'image/png', fileSize: 10 }
    const taking = { ...game, can: { ...game.can, attachments: { types: ['image/png'], maxBytes: 100, maxCount: 3 } } }
    // Once the ledger has forgotten who they were, those are nobody any more, and new players.
    const isForgotten = !(await fixture.store.players.find(anonymous.key))
    for (const self of isForgotten ? [ada] : selves) {
      await attempt(() => fixture.write(self, words))
      await attempt(() => fixture.announce({ player: self, game: taking, file, base: 'https://relay.example' }))
      for (const id of ids) {
        const [message] = await fixture.store.messages.all(id)
        await attempt(() => fixture.reply(self, id, words))
        if (message) await attempt(() => fixture.change.sendAgain(self, id, message.id))
        await attempt(() => fixture.change.close(self, game, id))
        await attempt(() => fixture.change.rate(self, game, id, { score: 1, comment: words }))
        await attempt(() => fixture.change.reopen(self, game, id))
      }
    }
    return seen
  }
})
