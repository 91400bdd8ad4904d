/**
 * What a studio would write by itself, as lean as it can be: the token checked by jose with each request, the list read from
 * the same SQLite ledger by one prepared statement. No limits, no ownership beyond the query, no schema.
 */
import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { jwtVerify } from 'jose'
import { playerKey } from '../../server/store/players.ts'
import type { PlayerKey } from '../../server/store/tables.ts'

export interface OwnReads {
  /** Rejects where the token is not good. */
  playerOf: (authorization: string | undefined) => Promise<PlayerKey>
  list: (player: PlayerKey) => unknown
  one: (id: string, player: PlayerKey) => unknown
}

/** @param argv - the ledger, the file of the studio's public key, and the game */
export function createOwnReads([path = '', keyFile = '', game = '']: readonly string[]): OwnReads {
  const key = createPublicKey(readFileSync(keyFile))
  const sqlite = new DatabaseSync(path, { readOnly: true })
  const list = sqlite.prepare(`
    select tickets.id, number, subject, status, tickets.language, created_at, updated_at, heard_at, newest.author,
      newest.text, newest.sent_at, (select count(*) from messages where messages.ticket_id = tickets.id
        and messages.position > tickets.read_position and messages.author = 'agent') as unread
    from tickets left join messages as newest
      on newest.ticket_id = tickets.id and newest.position = tickets.said_position
    where player = ? order by updated_at desc, tickets.id desc limit 20`)
  const ticket = sqlite.prepare('select * from tickets where id = ? and player = ?')
  const messages = sqlite.prepare('select * from messages where ticket_id = ? order by position limit 20')

  return {
    async playerOf(authorization = '') {
      const token = authorization.slice('Bearer '.length)
      const { payload } = await jwtVerify(token, key, { algorithms: ['RS256'], audience: game })
      return playerKey(game, payload.sub ?? '')
    },
    list: (player) => ({ items: list.all(player).map(shown) }),
    one: (id, player) => ({ ...ticket.get(id, player), messages: messages.all(id) }),
  }
}

function shown({ text, ...row }: Record<string, unknown>) {
  return { ...row, text: String(text).slice(0, 140) }
}
