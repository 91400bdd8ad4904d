/** i3D.net, by the suite for all vendors and by what is peculiar to it. */
import { createI3d } from '../../../../server/vendors/i3d/i3d.ts'
import { I3dConfig } from '../../../../server/vendors/i3d/wire.ts'
import type { VendorParts } from '../../../../server/vendors/parts.ts'
import { type I3dOptions, startI3dSimulator } from '../../../simulators/i3d/simulator.ts'
import type { Started } from '../suite/parts.ts'
import { vendorSuite } from '../suite/suite.ts'

function starting(options: I3dOptions = {}) {
  return async (parts: VendorParts): Promise<Started> => {
    const simulator = await startI3dSimulator(options)
    return { simulator, vendor: createI3d(I3dConfig.parse(simulator.config), parts) }
  }
}

vendorSuite('i3D.net', starting(), { knowsOwners: false })
vendorSuite('i3D.net, answering bare', starting({ answers: 'bare' }), { knowsOwners: false })
