/** Every simulator by its vendor's name, for whoever runs something on all of them. */
import { startI3dSimulator } from './i3d/simulator.ts'
import type { Naming } from './inventions.ts'
import type { Received, VendorSimulator } from './simulator.ts'
import { startThenaSimulator } from './thena/simulator.ts'
import { startTheymesSimulator } from './theymes/simulator.ts'
import { startThreadaSimulator } from './threada/simulator.ts'
import { startZaiaSimulator } from './zaia/simulator.ts'

export interface StartOptions extends Naming {
  port?: number
  onReceived?: (request: Received) => void
  /** Its time passes by itself, for a relay that runs in real time. Otherwise a test lets it pass. */
  realTime?: boolean
}

export type StartSimulator = (options?: StartOptions) => Promise<VendorSimulator>

export const simulatorNames = ['theymes', 'zaia', 'thena', 'threada', 'threada-private', 'i3d'] as const
export type SimulatorName = (typeof simulatorNames)[number]

/**
 * `zaia`: every player has talked to the studio's agent there before, so that they have a chat. `threada-private`: Threada
 * with the calls that its scopes speak of and nobody publishes.
 */
export const simulators: Record<SimulatorName, StartSimulator> = {
  theymes: startTheymesSimulator,
  zaia: (options) => startZaiaSimulator({ ...options, chatOnSight: true }),
  thena: startThenaSimulator,
  threada: startThreadaSimulator,
  'threada-private': (options) => startThreadaSimulator({ ...options, privateCalls: true }),
  i3d: startI3dSimulator,
}
