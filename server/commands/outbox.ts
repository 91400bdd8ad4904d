/** `medkit outbox`: what is promised and not yet delivered, and what an operator can do about what is stuck. */

import { openDatabase } from '../store/database.ts'
import type { DeliveryRow } from '../store/deliveries.ts'
import { createStore, type Store } from '../store/store.ts'
import { giveUp, putBack } from '../tickets/delivery/resend.ts'
import { type Command, UsageMistake } from './command.ts'

const usage = `medkit outbox                    lists what waits and what is stuck
medkit outbox retry <number>…   puts deliveries back in line at once
medkit outbox retry --stuck     the same for everything that is stuck
medkit outbox drop <number>…    gives deliveries up: the vendor never gets them`

const listed = 1_000

export const outbox: Command = async ({ args, loadConfig, print }) => {
  const [action = 'list', ...numbers] = args
  const database = await openDatabase(loadConfig().config.store)
  const store = createStore(database)
  try {
    if (action === 'list') print(await list(store))
    else if (action === 'retry') print(await act(store, numbers, (row) => retry(store, row)))
    else if (action === 'drop') print(await act(store, numbers, (row) => drop(store, row)))
    else throw new UsageMistake(usage)
  } finally {
    await database.close()
  }
}

async function list(store: Store): Promise<string> {
  const rows = await store.deliveries.list(listed)
  if (rows.length === 0) return 'Nothing waits: the vendors have everything.\n'
  const lines = rows.map((row) => [
    String(row.sequence),
    row.game,
    row.operation,
    row.state,
    `${row.attempts} tries`,
    `since ${new Date(Number(row.created_at)).toISOString()}`,
    row.problem_code ?? '',
  ])
  if (rows.length === listed)
    lines.push([`the first ${listed}; \`medkit_outbox_waiting\` and \`_stuck\` count them all`])
  return `${lines.map((line) => line.join('  ').trimEnd()).join('\n')}\n`
}

async function act(
  store: Store,
  numbers: readonly string[],
  change: (row: DeliveryRow) => Promise<string>,
): Promise<string> {
  const rows = numbers.includes('--stuck')
    ? await everyStuck(store)
    : await Promise.all(numbers.map((number) => find(store, number)))
  if (rows.length === 0 && numbers.includes('--stuck')) return 'Nothing is stuck.\n'
  if (rows.length === 0) throw new UsageMistake(usage)
  const said: string[] = []
  for (const row of rows) said.push(await change(row))
  return `${said.join('\n')}\n`
}

/** Gathered before anything is changed: what is put back may be stuck again while the rest is read. */
async function everyStuck({ deliveries }: Store): Promise<DeliveryRow[]> {
  const rows: DeliveryRow[] = []
  for (let page = await deliveries.list(listed, { state: 'stuck' }); page.length > 0; ) {
    rows.push(...page)
    page = await deliveries.list(listed, { state: 'stuck', after: page.at(-1)?.sequence ?? 0 })
  }
  return rows
}

async function find(store: Store, number: string): Promise<DeliveryRow> {
  const row = /^\d+$/.test(number) ? await store.deliveries.find(Number(number)) : undefined
  if (!row) throw new UsageMistake(`There is no delivery ${number}.\n\n${usage}`)
  return row
}

async function retry(store: Store, row: DeliveryRow): Promise<string> {
  await store.transaction((ledger) => putBack(ledger, row, new Date()))
  return `${row.sequence} is back in line`
}

async function drop(store: Store, row: DeliveryRow): Promise<string> {
  await store.transaction((ledger) => giveUp(ledger, row, new Date()))
  return `${row.sequence} is dropped`
}
