/** What README says a vendor can do is what its adapter says. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { capabilityTable, onceTable } from './vendors/capabilities.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** `node test/vendors/capabilities.ts` prints what belongs there. */
function between(name: string): string | undefined {
  return new RegExp(`<!-- ${name} -->\\n+([\\s\\S]*?)\\n+<!-- /${name} -->`).exec(readme)?.[1]
}

it('shows exactly what each vendor can', async () => {
  expect(between('capabilities')).toBe(await capabilityTable())
})

it('shows exactly how often a message arrives', async () => {
  expect(between('once')).toBe(await onceTable())
})
