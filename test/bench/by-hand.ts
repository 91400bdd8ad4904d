/**
 * What a studio would write by itself, as lean as it can be: `node:http`, the token checked by jose with each request, the
 * list read from the same SQLite ledger by one prepared statement, and sent as JSON. No limits, no ownership beyond the query, no
 * schema, no pages.
 */
import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { jwtVerify } from 'jose'
import { playerKey } from '../../server/store/players.ts'

const [path = '', keyFile = '', game = ''] = process.argv.slice(2)
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

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.writeHead(401).end())
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
})
process.once('SIGTERM', () => process.exit(0))

async function answer({ headers, url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
  const token = (headers.authorization ?? '').slice('Bearer '.length)
  const { payload } = await jwtVerify(token, key, { algorithms: ['RS256'], audience: game })
  const player = playerKey(game, payload.sub ?? '')
  const id = /^\/v1\/tickets\/([\w-]+)$/.exec(url)?.[1]
  const body = JSON.stringify(id === undefined ? { items: list.all(player).map(shown) } : one(id, player))
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

function one(id: string, player: string) {
  return { ...ticket.get(id, player), messages: messages.all(id) }
}

function shown({ text, ...row }: Record<string, unknown>) {
  return { ...row, text: String(text).slice(0, 140) }
}
