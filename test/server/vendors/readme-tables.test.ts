/** Every cell of README's two tables, shown by doing what it says at a simulator. */

import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { VendorConfig } from '../../../server/vendors/registry.ts'
import type { Vendor } from '../../../server/vendors/vendor.ts'
import { columns, guarantees, told } from '../../fixtures/capabilities.ts'
import { onceOpened, onceReplied, type Trial, tries } from '../../fixtures/tried-capabilities.ts'
import { vendorOf } from '../../fixtures/vendor-of.ts'
import { startDesk } from '../../simulators/desk/simulator.ts'
import type { VendorSimulator } from '../../simulators/simulator.ts'
import { type SimulatorName, simulators } from '../../simulators/simulators.ts'
import { tagOf } from './suite/parts.ts'

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')

/** A table's cells, by row and column. */
function cellsOf(name: string): [row: string, column: string, cell: string][] {
  const text = new RegExp(`<!-- ${name} -->\\n+([\\s\\S]*?)\\n+<!-- /${name} -->`).exec(readme)?.[1] ?? ''
  const [[, ...titles] = [], , ...rows] = text.split('\n').map((line) => line.slice(2, -2).split(' | '))
  return rows
    .flatMap(([row = '', ...cells]) => cells.map((cell, at) => [row, titles[at] ?? '', cell] as const))
    .map(([row, column, cell]) => [row, column, cell])
}

const running: VendorSimulator[] = []

afterEach(async () => {
  for (const simulator of running.splice(0)) await simulator.close()
})

async function desk(): Promise<Trial> {
  const nothing = () => undefined
  const { simulator, vendor } = await startDesk({
    clock: { now: () => new Date() },
    onDrift: nothing,
    tagOf,
    onHidden: nothing,
  })
  running.push(simulator)
  return { simulator, vendor, elsewhere: vendor }
}

/** With every path configured, or with nothing but what must be. */
async function trialOf(name: SimulatorName, isWhole: boolean): Promise<Trial> {
  const simulator = await simulators[name]()
  running.push(simulator)
  const { paths: _, ...needed } = simulator.config
  const elsewhere: Vendor = vendorOf(VendorConfig.parse(simulator.config))
  return { simulator, vendor: isWhole ? elsewhere : vendorOf(VendorConfig.parse(needed)), elsewhere }
}

/** What is seen at a vendor as it usually is, and with all its paths. */
async function seenIn(column: string, look: (trial: Trial) => Promise<string>): Promise<string> {
  if (column === 'Built-in desk') return look(await desk())
  const [usual, whole] = columns.find(([, , title]) => title === column) ?? []
  if (!usual || !whole) throw new Error(`no vendor is called ${column}`)
  return told(await look(await trialOf(usual, false)), await look(await trialOf(whole, true)))
}

describe('README’s table of what each vendor can', () => {
  const cells = cellsOf('capabilities')

  it('has every row that is tried here, and no other', () => {
    expect(new Set(cells.map(([row]) => row))).toEqual(new Set(Object.keys(tries)))
    expect(cells).toHaveLength(Object.keys(tries).length * (columns.length + 1))
  })

  it.each(cells)('is right: %s, %s: %s', async (row, column, cell) => {
    const attempt = tries[row]
    if (!attempt) throw new Error(`nobody has tried to ${row}`)
    expect(await seenIn(column, attempt)).toBe(cell)
  })
})

describe('README’s table of how often a message arrives', () => {
  const counts = { 'A new ticket': onceOpened, 'A reply': onceReplied }
  const cells = cellsOf('once')

  it('has a row for a ticket and for a reply', () => {
    expect([...new Set(cells.map(([row]) => row))]).toEqual(Object.keys(counts))
  })

  it.each(cells)('is right: %s, %s: %s', async (row, column, cell) => {
    const count = row === 'A reply' ? onceReplied : onceOpened
    const look = async (trial: Trial) => {
      const once = await count(trial)
      return once === 'never' ? 'not at all' : guarantees[once]
    }
    expect(await seenIn(column, look)).toBe(cell)
  })
})
