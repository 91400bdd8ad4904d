/** A Zaia adapter over its simulator, for the tests of what is peculiar to it. */
import { expect, onTestFinished } from 'vitest'
import { ZaiaConfig } from '../../../server/vendors/zaia/wire.ts'
import { createZaia } from '../../../server/vendors/zaia/zaia.ts'
import { having, refOf, startVendorRelay } from '../../server/vendors/suite/parts.ts'
import { startZaiaSimulator, type ZaiaSimulator, type ZaiaSimulatorOptions } from './simulator.ts'
import type { ChatRow } from './state.ts'

/** Whoever is seen has a chat, unless the options say otherwise. */
export async function begin(options: ZaiaSimulatorOptions = {}, config: Record<string, unknown> = {}) {
  let started: ZaiaSimulator | undefined
  const fixture = await startVendorRelay(async (parts) => {
    const simulator = await startZaiaSimulator({ chatOnSight: true, ...options })
    started = simulator
    return { vendor: createZaia(ZaiaConfig.parse({ ...simulator.config, ...config }), parts), simulator }
  })
  onTestFinished(async () => {
    await fixture.end()
    expect(fixture.simulator.violations).toEqual([])
  })
  const simulator = having(started)
  const { state } = simulator
  return {
    vendor: fixture.vendor,
    drift: fixture.drift,
    simulator,
    state,
    calls: (name: string) => simulator.received.filter((request) => request.call === name),
    /** The player's first chat, made where there is none. */
    chatOf: (player = refOf('').player): ChatRow => {
      const owner = state.userOf(player.id)
      return state.chats.find((chat) => chat.owner === owner) ?? state.addChat(owner)
    },
  }
}
