/** Every simulator by its vendor's name, for whoever runs something on all of them. */
import { startI3dSimulator } from './i3d/simulator.ts'
import type { Received, VendorSimulator } from './simulator.ts'
import { startThenaSimulator } from './thena/simulator.ts'
import { startTheymesSimulator } from './theymes/simulator.ts'
import { startThreadaSimulator } from './threada/simulator.ts'
import { startZaiaSimulator } from './zaia/simulator.ts'

export interface StartOptions {
  port?: number
  onReceived?: (request: Received) => void
}

export type StartSimulator = (options?: StartOptions) => Promise<VendorSimulator>

export const simulatorNames = ['theymes', 'zaia', 'thena', 'threada', 'threada-private', 'i3d'] as const
export type SimulatorName = (typeof simulatorNames)[number]

/** `threada-private`: Threada with the calls that its scopes speak of and nobody publishes. */
export const simulators: Record<SimulatorName, StartSimulator> = {
  theymes: startTheymesSimulator,
  zaia: startZaiaSimulator,
  thena: startThenaSimulator,
  threada: startThreadaSimulator,
  'threada-private': (options) => startThreadaSimulator({ ...options, privateCalls: true }),
  i3d: startI3dSimulator,
}
