/**
 * `npm run bench:stampede`: 5,000 players who have written before open the panel within ten seconds, each from an address of
 * their own, and 1,000 of them write a ticket within the next minute and a reply to it, while everybody's event stream
 * stands. One relay, SQLite, one simulated vendor. Fails where something is lost, doubled or out of order, where anything but
 * 503 with `Retry-After` is answered from 500 on, and where the last ticket is taken later than two minutes after the first
 * was written.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createSessionTokens } from '../../server/players/session.ts'
import { systemClock } from '../../server/runtime/clock.ts'
import type { Acknowledged } from '../crash/player.ts'
import { judge } from '../crash/vendors.ts'
import { startI3dSimulator } from '../simulators/i3d/simulator.ts'
import type { Received } from '../simulators/simulator.ts'
import { watchHealth } from './health.ts'
import { busyMsOf, watchMemory } from './process-memory.ts'
import { relayFile, type Server, startServer } from './server.ts'
import { writeHistory } from './stampede-history.ts'

const players = Number(process.env.PLAYERS ?? 5_000)
const writers = Math.ceil(players / 5)
const openingMs = 10_000
const writingMs = 60_000
const mostMs = 120_000
/** The vendor takes what it can; what it has not got by then is looked at as it is. */
const deliveringMs = 600_000
const secret = 'a secret of the bench, thirty-two bytes long'
const game = 'i3d'

interface Player {
  token: string
  address: string
  agent: Agent
}

interface Answer {
  status: number
  body: string
  retryAfterMs: number
}

/** How often each status was answered, by the call. */
const answered = new Map<string, number>()
const wrong: string[] = []
/** How long each answer took, by the call. */
const times = new Map<string, number[]>()
const acknowledged: Acknowledged[] = []
/** What the vendor got: by the call and what it answered, and in each second. */
const seen = { calls: new Map<string, number>(), seconds: new Map<number, number>() }
let streams = 0
/** Players who found no room for a stream, and ask now and then instead. */
let askers = 0
let isOver = false

const folder = await mkdtemp(join(tmpdir(), 'medkit-stampede-'))
const vendor = await startI3dSimulator({ realTime: true, onReceived })
await writeHistory(join(folder, 'medkit.db'), { game, players })
const relay = await startRelay()
const memory = watchMemory(relay.pid)
const tokens = createSessionTokens([Buffer.from(secret)], { clock: systemClock })

const health = watchHealth(relay)
const crowd = await Promise.all(Array.from({ length: players }, (_, n) => playerOf(n)))
const opening = performance.now()
await Promise.all(crowd.map((player) => openPanel(player)))
const opened = performance.now()
const openingWorkMs = busyMsOf(relay.pid)
await Promise.all(crowd.slice(0, writers).map((player, n) => write(player, n)))
const written = performance.now()
const writingWorkMs = busyMsOf(relay.pid) - openingWorkMs
const undelivered = await untilDelivered()
const healthMs = await health.end()
isOver = true
report(memory.end())
for (const { agent } of crowd) agent.destroy()
await relay.stop()
await vendor.close()
await rm(folder, { recursive: true, force: true })
process.exit(isGood() ? 0 : 1)

function isGood(): boolean {
  const { lost, doubled, outOfOrder } = judge({ [game]: vendor }, acknowledged)
  const isDelivered = [...lost, ...doubled, ...outOfOrder, ...vendor.violations].length === 0
  return wrong.length === 0 && isDelivered && acknowledged.length === 2 * writers && written - opened < mostMs
}

/** @param growth - of the relay's memory, in bytes */
function report(growth: number): void {
  const { lost, doubled, outOfOrder } = judge({ [game]: vendor }, acknowledged)
  console.log(
    `${players} players opened the panel within ${seconds(opened - opening)}, for which the relay worked ${seconds(openingWorkMs)}`,
  )
  console.log(`${streams} streams stand, and ${askers} players ask now and then instead`)
  console.log(
    `${writers} tickets and as many replies taken within ${seconds(written - opened)}, ${seconds(writingWorkMs)} of work`,
  )
  console.log(`the vendor had all but ${undelivered} after ${seconds(performance.now() - written)} more`)
  console.log(`lost ${lost.length}, doubled ${doubled.length}, out of order ${outOfOrder.length}`)
  for (const [call, taken] of times) {
    taken.sort((a, b) => a - b)
    const at = (share: number) => taken[Math.floor((taken.length - 1) * share)]?.toFixed(0)
    console.log(`${call} took ${at(0.5)} ms (p50), ${at(0.99)} ms (p99), ${at(1)} ms (the longest)`)
  }
  console.log(
    `/healthz took ${healthMs.toFixed(0)} ms at most; ${(growth / 1024 / 1024).toFixed(0)} MB more than at rest`,
  )
  for (const [call, count] of [...answered].sort()) console.log(`  ${call}: ${count}`)
  console.log(`the vendor saw ${Math.max(...seen.seconds.values())} calls in its fullest second`)
  for (const [call, count] of [...seen.calls].sort()) console.log(`  ${call}: ${count}`)
  for (const line of new Set(vendor.violations)) console.log(`  FORBIDDEN ${line}`)
  for (const line of new Set(wrong)) console.log(`  WRONG ${line}`)
}

function onReceived({ call, status }: Received): void {
  const second = Math.floor(performance.now() / 1_000)
  seen.seconds.set(second, (seen.seconds.get(second) ?? 0) + 1)
  seen.calls.set(`${call} ${status}`, (seen.calls.get(`${call} ${status}`) ?? 0) + 1)
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

async function playerOf(n: number): Promise<Player> {
  const subject = `anon:${n}`
  const { token } = await tokens.issue({ game, subject, kind: 'anonymous', lifetimeSeconds: 3_600 })
  const address = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
  return { token, address, agent: new Agent({ keepAlive: true, maxSockets: 6 }) }
}

/** What the widget asks for when it opens for somebody who has written before. */
async function openPanel(player: Player): Promise<void> {
  await setTimeout(Math.random() * openingMs)
  await persist(player, 'GET', `/v1/games/${game}`, 200)
  await persist(player, 'GET', '/v1/tickets?limit=20', 200)
  await followEvents(player)
}

/** As the widget does: whoever finds no room for a stream asks from then on. */
async function followEvents(player: Player): Promise<void> {
  const status = await new Promise<number>((resolve) => {
    const asked = ask(player, 'GET', '/v1/events', { accept: 'text/event-stream' })
    asked.once('error', () => resolve(0))
    asked.once('response', (response: IncomingMessage) => {
      response.resume()
      resolve(response.statusCode ?? 0)
      if (response.statusCode !== 200) return
      streams += 1
      response.once('close', () => {
        streams -= 1
        if (!isOver) void followEvents(player)
      })
    })
    asked.end()
  })
  count('GET /v1/events', status)
  if (status === 429 || status === 503) void askNowAndThen(player)
  else if (status !== 200) {
    wrong.push(`GET /v1/events was answered ${status}`)
    await setTimeout(500 + Math.random() * 500)
    await followEvents(player)
  }
}

async function askNowAndThen(player: Player): Promise<void> {
  askers += 1
  while (!isOver) {
    await persist(player, 'GET', '/v1/events?poll=1', 200)
    await setTimeout(10_000)
  }
}

async function write(player: Player, n: number): Promise<void> {
  await setTimeout((writingMs * n) / writers)
  const opening = `s${n}m0`
  const made = await persist(player, 'POST', '/v1/tickets', 201, { message: textOf(opening), language: 'en' }, opening)
  const { id: ticketId } = JSON.parse(made) as { id: string }
  acknowledged.push({ game, ticketId, word: opening, isOpening: true, token: player.token })
  const reply = `s${n}m1`
  await persist(player, 'POST', `/v1/tickets/${ticketId}/messages`, 201, { message: textOf(reply) }, reply)
  acknowledged.push({ game, ticketId, word: reply, isOpening: false, token: player.token })
}

function textOf(word: string): string {
  return `word:${word}; My sword is gone since the update.`
}

/** Asks until it is answered as it should be; by 429 and 503 it is told when. @returns the body */
async function persist(
  player: Player,
  method: string,
  path: string,
  status: number,
  body?: unknown,
  key?: string,
): Promise<string> {
  const name = `${method} ${path.replace(/(?<=\/tickets\/)[^/?]+/, '…').replace(/\?(?!poll).*/, '')}`
  for (;;) {
    const began = performance.now()
    const answer = await exchange(player, method, path, body, key)
    noteTime(name, performance.now() - began)
    count(name, answer.status)
    if (answer.status === status) return answer.body
    if (![0, 429, 503].includes(answer.status)) wrong.push(`${name} was answered ${answer.status} ${answer.body}`)
    if (answer.status === 503 && answer.retryAfterMs === 0) wrong.push(`${name}: 503 without Retry-After`)
    await setTimeout(waitMs(answer, method))
  }
}

/** The widget sends what was written again at the moment it is told; to read again a player presses a button. */
function waitMs({ retryAfterMs }: Answer, method: string): number {
  return (retryAfterMs || 1_000) * (method === 'GET' ? 1 + Math.random() : 1)
}

function exchange(player: Player, method: string, path: string, body?: unknown, key?: string): Promise<Answer> {
  return new Promise((resolve) => {
    const asked = ask(player, method, path, {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    })
    asked.once('error', (error) => {
      wrong.push(`${method} ${path.slice(0, 12)}: ${error.message}`)
      resolve({ status: 0, body: '', retryAfterMs: 0 })
    })
    asked.once('response', async (response: IncomingMessage) => {
      let text = ''
      for await (const piece of response.setEncoding('utf8')) text += piece
      const retryAfterMs = Number(response.headers['retry-after'] ?? 0) * 1_000
      resolve({ status: response.statusCode ?? 0, body: text, retryAfterMs })
    })
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

function ask({ token, address, agent }: Player, method: string, path: string, headers: Record<string, string>) {
  return request(`${relay.url}${path}`, {
    method,
    agent,
    headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': address, ...headers },
  })
}

function noteTime(name: string, ms: number): void {
  const taken = times.get(name)
  if (taken) taken.push(ms)
  else times.set(name, [ms])
}

function count(name: string, status: number): void {
  const line = `${name} ${status}`
  answered.set(line, (answered.get(line) ?? 0) + 1)
}

/** @returns how many messages the vendor has not got */
async function untilDelivered(): Promise<number> {
  const began = performance.now()
  for (;;) {
    const { lost } = judge({ [game]: vendor }, acknowledged)
    if (lost.length === 0 || performance.now() - began > deliveringMs) return lost.length
    await setTimeout(1_000)
  }
}

async function startRelay(): Promise<Server> {
  const file = join(folder, 'relay.json')
  const config = {
    listen: { port: 0 },
    store: `sqlite:${folder}/medkit.db`,
    files: `file:${folder}/files`,
    secret,
    trustedProxies: ['127.0.0.0/8', '::1/128'],
    games: {
      [game]: { name: 'Stampede', languages: ['en'], players: { anonymous: true }, vendor: vendor.config },
    },
  }
  await writeFile(file, JSON.stringify(config))
  return startServer(relayFile, ['--config', file])
}
