/**
 * README's tables of what each vendor gives a player, made from `can`, `once` and one real opening at each simulator:
 * `node test/vendors/capabilities.ts` prints them.
 */
import { VendorConfig } from '../../server/vendors/registry.ts'
import type { Once, Vendor } from '../../server/vendors/vendor.ts'
import type { VendorSimulator } from './simulator.ts'
import { type SimulatorName, simulators } from './simulators.ts'
import { call, openingOf } from './suite-parts.ts'
import { vendorOf } from './vendor-of.ts'

interface Column {
  title: string
  /** With nothing configured but what must be. */
  usual: Vendor
  /** With every path configured that the vendor's document leaves out. */
  whole: Vendor
  opens: boolean
}

export const columns: readonly [SimulatorName, SimulatorName, string][] = [
  ['theymes', 'theymes', 'Theymes'],
  ['zaia', 'zaia', 'Zaia'],
  ['thena', 'thena', 'Thena'],
  ['threada', 'threada-private', 'Threada'],
  ['i3d', 'i3d', 'i3D.net'],
]

/** `opens`: as configured, a ticket can be opened at all. */
type Cell = (vendor: Vendor, opens: boolean) => string

const yesOrNo = (has: unknown) => (has ? 'yes' : 'no')
const followUp = 'as a follow-up ticket'

const wishes: readonly [string, Cell][] = [
  ['Write on', ({ can }, opens) => (opens ? { thread: 'on the ticket', 'follow-up': followUp }[can.reply] : 'no')],
  ['Read the answers here', ({ can }) => (can.answers === 'thread' ? 'yes' : 'no, by e-mail')],
  ['Close', ({ can }) => yesOrNo(can.close)],
  ['Reopen', ({ can }) => ({ native: 'yes', 'follow-up': followUp, no: 'no' })[can.reopen || 'no']],
  ['Attach files', ({ can }) => (can.attachments ? `${can.attachments.maxBytes / 1024 / 1024} MB each` : 'no')],
  ['Get an agent’s files', (vendor) => yesOrNo(vendor.download)],
  ['See tickets opened elsewhere', ({ can }) => yesOrNo(can.history === 'vendor')],
  [
    'Be forgotten',
    ({ can }, opens) => (can.deletion === 'vendor' ? 'by the vendor’s own call' : opens ? 'the studio is asked' : 'no'),
  ],
  [
    'Rate the help',
    ({ can }) => ({ native: 'yes', note: 'yes, as a note to the agents', no: 'no' })[can.rating || 'no'],
  ],
  ['Hear of news', newsOf],
]

function newsOf({ can, needsNoHook }: Vendor): string {
  if (can.answers === 'email') return 'by e-mail'
  if (needsNoHook) return 'at once'
  return can.push === 'hook' ? 'at once with its hook, else within 15 seconds' : 'within 15 seconds'
}

export const guarantees: Record<Once, string> = {
  vendor: 'once: the vendor de-duplicates',
  relay: 'once, if it shows in time',
  marked: 'at least once, marked',
}

/** A reply that becomes a follow-up ticket is delivered as an opening is. */
const promises: readonly [string, Cell][] = [
  ['A new ticket', ({ once }, opens) => (opens ? guarantees[once.open] : 'not at all')],
  [
    'A reply',
    ({ can, once }, opens) => (opens ? guarantees[can.reply === 'thread' ? once.reply : once.open] : 'not at all'),
  ],
]

export async function capabilityTable(): Promise<string> {
  const columns = await everyColumn()
  const opening = ['Open a ticket', ...columns.map(({ opens, whole }) => told(yesOrNo(opens), forWhom(whole)))]
  return table('A player wants to', columns, [opening, ...wishes.map(([wish, cell]) => rowOf(wish, columns, cell))])
}

export async function onceTable(): Promise<string> {
  const columns = await everyColumn()
  const rows = promises.map(([what, cell]) => rowOf(what, columns, cell))
  return table('Delivered', columns, rows)
}

/** A vendor that has to be asked of each player opens nothing for some. */
const forWhom = ({ canOpen }: Vendor) => (canOpen ? 'yes, for players who have a chat there' : 'yes')

function rowOf(label: string, columns: readonly Column[], cell: Cell): string[] {
  return [label, ...columns.map(({ usual, whole, opens }) => told(cell(usual, opens), cell(whole, true)))]
}

/** What is so from the start, and what it becomes once the vendor's unpublished paths are configured. */
export function told(usual: string, whole: string): string {
  return usual === whole ? usual : `${usual}; with \`paths\` ${whole}`
}

function table(corner: string, columns: readonly Column[], rows: readonly string[][]): string {
  const head = [corner, ...columns.map(({ title }) => title)]
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return lines.join('\n')
}

let ready: Promise<Column[]> | undefined

function everyColumn(): Promise<Column[]> {
  ready ??= makeColumns()
  return ready
}

async function makeColumns(): Promise<Column[]> {
  const desk = vendorOf({ kind: 'desk', token: 'a token nobody uses', settleSeconds: 0 })
  const made: Column[] = [{ title: 'Built-in desk', usual: desk, whole: desk, opens: true }]
  for (const [usual, whole, title] of columns) made.push(await columnOf(title, usual, whole))
  return made
}

async function columnOf(title: string, name: SimulatorName, wholeName: SimulatorName): Promise<Column> {
  const [simulator, wholeSimulator] = [await simulators[name](), await simulators[wholeName]()]
  try {
    const { paths: _, ...needed } = simulator.config
    const usual = vendorOf(VendorConfig.parse(needed))
    return {
      title,
      usual,
      whole: vendorOf(VendorConfig.parse(wholeSimulator.config)),
      opens: await opens(usual, simulator),
    }
  } finally {
    await simulator.close()
    await wholeSimulator.close()
  }
}

async function opens(vendor: Vendor, simulator: VendorSimulator): Promise<boolean> {
  const before = simulator.tickets().length
  await vendor.open(openingOf(), call()).catch(() => undefined)
  return simulator.tickets().length > before
}

if (import.meta.main) console.log([await capabilityTable(), await onceTable()].join('\n\n'))
