/** Thena, by the suite for all vendors and by what is peculiar to it. */

import type { VendorParts } from '../../../../server/vendors/parts.ts'
import { createThena } from '../../../../server/vendors/thena/thena.ts'
import { ThenaConfig } from '../../../../server/vendors/thena/wire.ts'
import { startThenaSimulator, type ThenaOptions } from '../../../simulators/thena/simulator.ts'
import type { Started } from '../suite/parts.ts'
import { vendorSuite } from '../suite/suite.ts'

function starting(options: ThenaOptions = {}) {
  return async (parts: VendorParts): Promise<Started> => {
    const simulator = await startThenaSimulator(options)
    return { simulator, vendor: createThena(ThenaConfig.parse(simulator.config), parts) }
  }
}

vendorSuite('Thena', starting(), { knowsOwners: true })
vendorSuite('Thena, refusing repeats', starting({ repeats: 'refuse' }), { knowsOwners: true })
vendorSuite('Thena, refusing repeats under a 200', starting({ repeats: 'disguise' }), { knowsOwners: true })
vendorSuite('Thena, without the call that reads one ticket', starting({ withoutTicketCall: true }), {
  knowsOwners: true,
})
