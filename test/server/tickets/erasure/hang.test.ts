/**
 * Erasure at every vendor as it really speaks, while that vendor takes calls and never answers: it ends, and what it says of
 * itself is what the vendor's side shows.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../../../server/config/config.ts'
import type { Identity } from '../../../../server/players/identity.ts'
import { playerKey } from '../../../../server/store/players.ts'
import type { VendorConfig } from '../../../../server/vendors/registry.ts'
import type { Vendor } from '../../../../server/vendors/vendor.ts'
import { dayMs, type Erasing, openErasing } from '../../../fixtures/erasure.ts'
import { playerOf } from '../../../fixtures/game.ts'
import { vendorOf } from '../../../fixtures/vendor-of.ts'
import type { VendorSimulator } from '../../../simulators/simulator.ts'
import { simulatorNames, simulators } from '../../../simulators/simulators.ts'
import { call, ada as known, openingOf } from '../../vendors/suite/parts.ts'

const ada: Identity = {
  ...playerOf(1),
  subject: known.id,
  key: playerKey('star-harbor', known.id),
  kind: 'verified',
  email: known.email,
}

let fixture: Erasing
let simulator: VendorSimulator

afterEach(async () => {
  await fixture.close()
  await simulator.close()
})

/** @param isPlain - the studio has configured no call by which the vendor erases */
function configured(vendor: Record<string, unknown>, isPlain: boolean): VendorConfig {
  const { deletion: _, ...paths } = { ...(vendor.paths ?? {}) } as Record<string, unknown>
  const spoken = isPlain && 'paths' in vendor ? { ...vendor, paths } : vendor
  const games = { game: { name: 'Star Harbor', players: { anonymous: true }, attachments: false, vendor: spoken } }
  const { game } = readConfig(JSON.stringify({ games }), {}).config.games
  if (!game) throw new Error('it cannot be configured')
  return game.vendor
}

describe.each(simulatorNames)('At %s that hangs', (name) => {
  /** @returns the id of the one ticket that its player has there */
  async function begin(isPlain: boolean): Promise<{ id: string; vendor: Vendor }> {
    simulator = await simulators[name]({})
    const vendor = vendorOf(configured(simulator.config, isPlain))
    fixture = await openErasing('sqlite', { 'star-harbor': vendor }, () => known.pseudonym)
    const { vendorTicketId: id } = await vendor.open(openingOf(), call())
    await fixture.open(ada, id)
    fixture.time.pass(dayMs)
    simulator.misbehave('hang', Number.POSITIVE_INFINITY)
    await fixture.deletions.ask(ada)
    return { id, vendor }
  }

  const requests = () =>
    simulator.tickets().filter(({ lines }) => lines.join('\n').includes('asks for everything held'))

  it.each([false, true])(
    'for ever it ends by its date, says that the operator was told, and tells them (no call configured: %s)',
    async (isPlain) => {
      const { id } = await begin(isPlain)
      const before = simulator.received.length
      expect(await fixture.untilDone(ada)).toBeLessThanOrEqual(31 * dayMs)
      expect(simulator.received.length).toBeGreaterThan(before)
      expect(await fixture.steps(ada)).toEqual(['asked', 'operator-told', 'relay-erased'])
      expect(fixture.lines.some((line) => line.includes('erase them there') && line.includes(id))).toBe(true)
      expect(simulator.forgotten?.() ?? []).toEqual([])
      expect(requests()).toEqual([])
      expect(await fixture.db.selectFrom('messages').select('id').execute()).toEqual([])
    },
  )

  it.each([false, true])(
    'for a while it is carried out once the vendor answers, once (no call configured: %s)',
    async (isPlain) => {
      const { id, vendor } = await begin(isPlain)
      for (let rounds = 0; rounds < 3; rounds++) {
        await fixture.round()
        fixture.time.pass(dayMs / 4)
      }
      expect(await fixture.steps(ada)).toEqual(['asked'])
      simulator.behave()
      await fixture.untilDone(ada)
      if (vendor.forget) {
        expect(await fixture.steps(ada)).toEqual(['asked', 'vendor-asked', 'relay-erased'])
        expect(simulator.forgotten?.()).toEqual([ada.subject])
        expect(requests()).toEqual([])
        return
      }
      expect(await fixture.steps(ada)).toEqual(['asked', 'studio-asked', 'relay-erased'])
      expect(requests()).toHaveLength(1)
      expect(requests()[0]?.lines.join('\n')).toContain(`${id} here`)
      expect(simulator.violations).toEqual([])
    },
  )
})
