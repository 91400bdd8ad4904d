/** What the players of the stampede have written before: two closed tickets each, with an answer on both. */
import { sql } from 'kysely'
import { openDatabase } from '../../server/store/database.ts'
import { playerKey } from '../../server/store/players.ts'

const ticketsEach = 2
const dayMs = 86_400_000

/** @param path - of a ledger that no relay has opened yet */
export async function writeHistory(path: string, { game, players }: { game: string; players: number }): Promise<void> {
  const database = await openDatabase(`sqlite:${path}`)
  const { db } = database
  const at = Date.now() - dayMs
  await db.transaction().execute(async (ledger) => {
    for (let n = 0; n < players; n += 1) {
      const player = playerKey(game, `anon:${n}`)
      const pseudonym = n.toString(16).padStart(32, '0')
      await sql`insert into players (player, game, subject, kind, pseudonym, signed, created_at, seen_at)
        values (${player}, ${game}, ${`anon:${n}`}, 'anonymous', ${pseudonym}, '{}', ${at}, ${at})`.execute(ledger)
      for (let one = 0; one < ticketsEach; one += 1) {
        const id = `t${n * ticketsEach + one}`.padEnd(22, '_')
        await sql`insert into tickets (id, game, player, number, subject, status, language, fields, claimed, signed, created_at,
          updated_at, heard_at, must_read, message_count, said_position, read_position, follow_up)
          values (${id}, ${game}, ${player}, ${`OLD-${n}-${one}`}, 'My shield is gone', 'closed', 'en', '{}', '{}', '{}', ${at},
          ${at}, ${at}, 0, 2, 2, 2, 0)`.execute(ledger)
        for (const [position, author] of [
          [1, 'player'],
          [2, 'agent'],
        ])
          await sql`insert into messages (id, ticket_id, position, author, text, sent_at, delivery, chain_position)
            values (${`${id.slice(0, 20)}m${position}`}, ${id}, ${position}, ${author},
            'A word that is as long as an answer of an agent that a player waits for.', ${at}, 'delivered', 1)`.execute(
            ledger,
          )
      }
    }
  })
  await database.close()
}
