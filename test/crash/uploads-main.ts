/** `npm run test:uploads`: breaks off uploads for longer than the suite has time for. ROUNDS sets for how long. */
import { breakUploads } from './uploads.ts'

const result = await breakUploads(Number(process.env.ROUNDS ?? 40))
const { cuts, inTheMiddle, files, ...faults } = result
console.log(
  `${files} files; cut: relay ${cuts.relay}, player's line ${cuts.network}, vendor ${cuts.vendor}; ${inTheMiddle} in the middle of bytes`,
)
for (const [name, found] of Object.entries(faults))
  console.log(`  ${name.padEnd(12)} ${found.length === 0 ? 'none' : found.join(', ')}`)
process.exit(Object.values(faults).some((found) => found.length > 0) ? 1 : 0)
