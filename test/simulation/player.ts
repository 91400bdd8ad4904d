/** A player of a history: writes, closes, opens again, presses "send again", and waits for each answer before the next. */

import type { LiveGame } from '../../server/config/games.ts'
import type { MessageId } from '../../server/contract/ids.ts'
import type { Message } from '../../server/contract/message.ts'
import type { Identity } from '../../server/players/identity.ts'
import { Refusal } from '../../server/runtime/refusal.ts'
import { playerKey } from '../../server/store/players.ts'
import { createErasing } from './erasing.ts'
import type { Fleet } from './fleet.ts'
import { nameOfPoison, type Poison } from './poison.ts'
import type { Chance } from './random.ts'
import type { History, Written, WrittenTicket } from './record.ts'
import type { SimulatedRelay } from './relay.ts'
import type { Sweeps } from './sweeps.ts'
import type { World } from './world.ts'

export interface PlayerParts {
  world: World
  fleet: Fleet
  chance: Chance
  history: History
  game: string
  name: string
  /** Most milliseconds between one thing and the next. */
  restMs: number
  /** Things done in all. */
  deeds: number
  mostTickets: number
  /** Whether the next message is one that the vendor does not take, and how. */
  nextPoison: () => Poison | undefined
  isHealed: () => boolean
  /** Where text is forgotten: when, so that somebody writes just then. */
  sweeps?: Sweeps | undefined
  /** What a player who asks to be erased draws from; absent where this one does not. */
  erasure?: Chance | undefined
}

/** For about as long as text is kept, and mostly until it is just being forgotten. */
async function beSilent({ world, chance, restMs }: PlayerParts, sweeps: Sweeps): Promise<void> {
  await world.sleep(chance.between(restMs / 2, restMs))
  if (chance.happens(0.8)) await Promise.race([sweeps.next(), world.sleep(longestWaitMs)])
}

const fairOnceErased: readonly string[] = ['erasure_under_way', 'not_found', 'idempotency_key_reused']
const deedsAfterwards = 4
const lookEveryMs = 5_000
const longestWaitMs = 60_000

/** Resolves when the player has done everything, and has pressed "send again" once more when all was well. */
export async function play(parts: PlayerParts): Promise<void> {
  const { world, chance } = parts
  const player = createPlayer(parts)
  const asksAt = parts.erasure?.between(1, parts.deeds)
  let asking: Promise<void> | undefined
  // Whoever has asked goes on writing for a while.
  for (let deed = 0; deed < parts.deeds + (parts.erasure ? deedsAfterwards : 0); deed++) {
    if (parts.sweeps) await beSilent(parts, parts.sweeps)
    else await world.sleep(chance.skewed(10, parts.restMs))
    if (deed === asksAt) asking = player.askForErasure()
    await player.act()
  }
  await asking
  while (!parts.isHealed()) await world.sleep(lookEveryMs)
  await player.waitForErasure()
  await player.sendAllFailedAgain()
}

export function createPlayer(parts: PlayerParts) {
  const { world, fleet, chance, history, game: key, name } = parts
  const tickets: WrittenTicket[] = []
  const messages = new Map<WrittenTicket, Written[]>()
  const identity = identityOf(key, name)
  const erasing = createErasing({ world, fleet, chance: parts.erasure ?? chance, history, identity, name })
  let named = 0

  function nextName(): string {
    named++
    const poison = parts.nextPoison()
    return poison ? nameOfPoison(`${name}-${named}`, poison) : `${name}-${named}`
  }

  /** The same key however often it is asked, so that it is done once. */
  function asking(relay: SimulatedRelay, idempotencyKey: string) {
    return { player: identity, game: gameOf(relay, key), idempotencyKey }
  }

  function noteWritten(ticket: WrittenTicket, text: string, { id }: Pick<Message, 'id'>): void {
    const place = ticket.places++
    const written = { game: key, name: text, ticket, id, acknowledgedAt: world.now(), place, sentAgainAt: [] }
    history.messages.push(written)
    messages.get(ticket)?.push(written)
    world.tell(name, () => `has written ${text} on ${ticket.name}`)
  }

  const everClosed = new Set<WrittenTicket>()

  async function open(): Promise<void> {
    const text = nextName()
    const body = { message: text, language: 'en' as const, email: 'ada@players.example' }
    const answer = await fleet.ask((relay) => relay.accept.opening(asking(relay, text), body))
    const ticket: WrittenTicket = { game: key, player: name, name: text, id: answer.id, wish: 'open', places: 0 }
    tickets.push(ticket)
    history.tickets.push(ticket)
    messages.set(ticket, [])
    for (const message of answer.messages) noteWritten(ticket, text, message)
  }

  async function reply(ticket: WrittenTicket): Promise<void> {
    const text = nextName()
    const body = { message: text }
    const answer = await fleet
      .ask((relay) => relay.accept.reply(asking(relay, text), ticket.id, body))
      .catch((error: unknown) => {
        // The same player, on another device, had just closed it: refused is not lost.
        if (error instanceof Refusal && error.code === 'ticket_closed' && everClosed.has(ticket)) return undefined
        throw error
      })
    if (answer) noteWritten(ticket, text, answer)
  }

  async function turn(ticket: WrittenTicket, wish: WrittenTicket['wish']): Promise<void> {
    if (wish === 'closed') everClosed.add(ticket)
    await fleet.ask((relay) =>
      relay.change[wish === 'open' ? 'reopen' : 'close'](identity, gameOf(relay, key), ticket.id),
    )
    ticket.wish = wish
    world.tell(name, () => `has ${wish === 'open' ? 'reopened' : 'closed'} ${ticket.name}`)
  }

  /** Looks at a ticket, and presses "send again" at what has failed: once, or several times at once. */
  async function sendFailedAgain(ticket: WrittenTicket): Promise<void> {
    const rows = await fleet.ask(({ store }) => store.messages.all(ticket.id))
    const failed = rows.filter(({ delivery }) => delivery === 'failed')
    for (const { id, text } of failed.slice(0, 1)) {
      const presses = chance.pick([1, 1, 2, 4])
      world.tell(name, () => `presses "send again" at ${text}, ${presses} times`)
      const press = () =>
        fleet.ask(({ change }) => change.sendAgain(identity, ticket.id, id)).catch(unlessForgotten(id))
      await Promise.all(Array.from({ length: presses }, press))
      const written = messages.get(ticket)?.find((one) => one.id === id)
      if (!written) continue
      written.place = ticket.places++
      written.sentAgainAt.push(world.now())
    }
  }

  /** What failed goes with all that has outlived its retention, perhaps just as its player presses "send again". */
  function unlessForgotten(id: MessageId) {
    return async (error: unknown) => {
      const isGone = !(await fleet.ask(({ store }) => store.messages.find(id)))
      if (!(error instanceof Refusal) || error.code !== 'not_found' || !isGone) throw error
    }
  }

  async function change(ticket: WrittenTicket): Promise<void> {
    const [relay] = fleet.alive()
    const can = relay && gameOf(relay, key).can
    if (ticket.wish === 'closed') return can?.reopen ? turn(ticket, 'open') : open()
    if (chance.happens(0.15) && can?.close) return turn(ticket, 'closed')
    if (chance.happens(0.2)) return sendFailedAgain(ticket)
    return reply(ticket)
  }

  const allWritten = () => [...messages.values()].flat()

  /**
   * Whoever is being erased is told so, and finds nothing of theirs afterwards. What was taken without their hearing of it,
   * and then erased, is not taken once more.
   */
  const isFair = ({ code }: Refusal) => erasing.hasAsked() && fairOnceErased.includes(code)

  /** @param last - what was taken since it was last looked: nobody can say whether that was before or after */
  async function noticeErasure(last: readonly Written[] = []): Promise<void> {
    if (!erasing.hasAsked() || !(await erasing.hasJustEnded())) return
    for (const one of allWritten()) {
      one.fate = last.includes(one) ? 'unsure' : 'erased'
      one.erasedAt = world.now()
    }
    messages.clear()
    tickets.length = 0
  }

  async function act(): Promise<void> {
    await noticeErasure()
    const before = new Set(allWritten())
    const wasUnderWay = erasing.wasUnderWay()
    await write()
    const taken = allWritten().filter((one) => !before.has(one))
    await noticeErasure(taken)
    if (wasUnderWay && erasing.wasUnderWay())
      for (const one of taken) history.violations.push(`${one.name} was taken while its player was being erased`)
  }

  async function write(): Promise<void> {
    const [first, ...others] = tickets
    const opens = !first || (tickets.length < parts.mostTickets && chance.happens(0.3))
    try {
      if (opens) await open()
      else await change(chance.pick([first, ...others]))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (isFair(error)) return world.tell(name, () => `is refused: ${error.code}`)
      history.violations.push(`${name} was refused: ${error.code}`)
    }
  }

  async function sendAllFailedAgain(): Promise<void> {
    for (const ticket of tickets) await sendFailedAgain(ticket)
  }

  async function waitForErasure(): Promise<void> {
    if (!erasing.hasAsked()) return
    while (!(await erasing.isSettled())) await world.sleep(lookEveryMs)
    await noticeErasure()
  }

  return { act, open, sendAllFailedAgain, askForErasure: erasing.ask, waitForErasure }
}

function gameOf(relay: SimulatedRelay, key: string): LiveGame {
  const game = relay.games.get(key)
  if (!game) throw new Error('there is no such game')
  return game
}

function identityOf(game: string, name: string): Identity {
  return {
    key: playerKey(game, `anon:${name}`),
    game,
    subject: `anon:${name}`,
    kind: 'anonymous',
    signed: {},
    expiresAt: new Date(Date.UTC(2027, 0, 1)),
    isRemembered: false,
  }
}
