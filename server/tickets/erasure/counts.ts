/** Counts what an erasure takes, for its receipt: numbers and nothing else. Each of these runs inside a transaction. */
import type { AtVendor, HeldThen } from '../../contract/receipt.ts'
import type { DeletionRow } from '../../store/deletions.ts'
import type { ErasureRow } from '../../store/erasures.ts'
import type { Ledger } from '../../store/store.ts'
import type { ErasureState } from '../../store/tables.ts'
import { instant } from '../present.ts'
import { studioMark } from './studio-request.ts'

/** Before anything goes, and once: what is counted after that is not all there was. */
export async function noteHeld(ledger: Ledger, { id, player }: DeletionRow, now: Date): Promise<void> {
  const tickets = await ledger.tickets.ofPlayer(player)
  // Of one that was refused the relay has no bytes.
  const files = (await ledger.attachments.ofPlayer(player)).filter(({ state }) => state !== 'refused')
  const held: HeldThen = {
    countedAt: instant(now.getTime()),
    // Whoever never wrote is not in the ledger, and is one all the same.
    selves: Math.max(1, (await ledger.players.selvesOf(player)).length),
    tickets: tickets.length,
    messages: await ledger.messages.count(tickets.map(({ id }) => id)),
    files: files.length,
    fileBytes: files.reduce((sum, { file_size }) => sum + Number(file_size), 0),
    vendorTickets: (await ledger.tickets.chainsOf(player)).length,
  }
  await ledger.deletions.noteHeld(id, JSON.stringify(held), player)
}

/** With what it says of, before that is forgotten. */
export async function noteAtVendor(ledger: Ledger, { id }: DeletionRow): Promise<void> {
  const items = await ledger.erasures.list(id)
  await ledger.deletions.noteAtVendor(id, JSON.stringify(outcomeOf(id, items)))
}

function outcomeOf(id: DeletionRow['id'], items: readonly ErasureRow[]): AtVendor {
  const count = (state: ErasureState) => items.filter((item) => item.state === state).length
  const told = new Set(items.flatMap(({ told_by }) => told_by ?? []))
  return {
    erased: count('erased'),
    studioAsked: count('asked'),
    // By the relay's own name for them: a vendor's ids are not for players.
    studioTickets: Array.from(told, (_, index) => studioMark(id, index + 1)),
    operatorTold: count('unasked'),
  }
}
