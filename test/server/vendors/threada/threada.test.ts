/** Threada, by the suite for all vendors and by what is peculiar to it. */
import type { VendorParts } from '../../../../server/vendors/parts.ts'
import { createThreada } from '../../../../server/vendors/threada/threada.ts'
import { ThreadaConfig } from '../../../../server/vendors/threada/wire.ts'
import { startThreadaSimulator, type ThreadaOptions } from '../../../simulators/threada/simulator.ts'
import type { Started } from '../suite/parts.ts'
import { vendorSuite } from '../suite/suite.ts'

function starting(options: ThreadaOptions = {}) {
  return async (parts: VendorParts): Promise<Started> => {
    const simulator = await startThreadaSimulator(options)
    return { simulator, vendor: createThreada(ThreadaConfig.parse(simulator.config), parts) }
  }
}

vendorSuite('Threada', starting(), { knowsOwners: false })
vendorSuite('Threada with the calls its scopes speak of', starting({ privateCalls: true }), { knowsOwners: false })
