/** What the ledger knows of itself: a few lines by name, each written once and the same for every relay on it. */
import type { Kysely } from 'kysely'
import { insertRows } from './statement.ts'
import type { FactName, Tables } from './tables.ts'

export function factRows(db: Kysely<Tables>) {
  async function find(name: FactName): Promise<string | undefined> {
    const row = await db.selectFrom('ledger_facts').select('value').where('name', '=', name).executeTakeFirst()
    return row?.value
  }

  return {
    find,

    /** What stands under a name; the first time what `make` makes of it. Of relays that start at once, the first counts. */
    async keep(name: FactName, make: () => string): Promise<string> {
      const known = await find(name)
      if (known !== undefined) return known
      const value = make()
      await insertRows(db, 'ledger_facts', [{ name, value }], { orNothing: true })
      return (await find(name)) ?? value
    },
  }
}
