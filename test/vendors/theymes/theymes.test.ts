/** Theymes: what every vendor must do, and what its page warns of. */
import { createTheymes } from '../../../server/vendors/theymes/theymes.ts'
import { TheymesConfig } from '../../../server/vendors/theymes/wire.ts'
import { vendorSuite } from '../suite.ts'
import { startTheymesSimulator } from './simulator.ts'

vendorSuite(
  'Theymes',
  async (parts) => {
    const simulator = await startTheymesSimulator()
    return { vendor: createTheymes(TheymesConfig.parse(simulator.config), parts), simulator }
  },
  { knowsOwners: true },
)
