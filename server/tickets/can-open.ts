/**
 * Whether a player can open a ticket now. Mostly that is a matter of configuration; where it depends on the player, the
 * vendor is asked and the answer kept for a minute. A vendor that cannot be asked just now hides nothing.
 */
import { randomUUID } from 'node:crypto'
import type { LiveGame } from '../config/games.ts'
import type { Identity } from '../players/identity.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { VendorError, type VendorPlayer } from '../vendors/vendor.ts'
import type { AskOfGame } from './sync/ask.ts'

export interface CanOpenParts {
  clock: Clock
  ask: AskOfGame
  log: Log
  /** The keyed name a vendor may know a player by. */
  pseudonymOf: (game: string, subject: string) => string
}

export interface CanOpen {
  /** Resolves after two seconds at the latest, and never rejects. */
  ask: (player: Identity, game: LiveGame) => Promise<boolean>
  /** For whoever has not said who they are: what would be so once they began as an anonymous player. */
  askForNewcomer: (game: LiveGame) => Promise<boolean>
  /** What is known without asking; what is not known counts as open. */
  known: (player: Identity, game: LiveGame) => boolean
}

const keptMs = 60_000
const timeoutMs = 2_000
/** Players remembered; past it the longest ago is forgotten. */
const remembered = 10_000

interface Answer {
  isOpen: boolean
  /** What was signed when it was asked: another signature may name another chat. */
  signed: string
  until: number
}

export function createCanOpen({ clock, ask: askOfGame, log, pseudonymOf }: CanOpenParts): CanOpen {
  const answers = new Map<string, Answer>()
  const underWay = new Map<string, Promise<boolean>>()

  function recall(name: string, player: VendorPlayer): boolean | undefined {
    const answer = answers.get(name)
    const holds = answer && answer.until > clock.now().getTime() && answer.signed === JSON.stringify(player.signed)
    return holds ? answer.isOpen : undefined
  }

  function remember(name: string, player: VendorPlayer, isOpen: boolean): void {
    answers.delete(name)
    answers.set(name, { isOpen, signed: JSON.stringify(player.signed), until: clock.now().getTime() + keptMs })
    const [oldest] = answers.keys()
    if (answers.size > remembered && oldest !== undefined) answers.delete(oldest)
  }

  async function askVendor(name: string, player: VendorPlayer, { key, vendor }: LiveGame): Promise<boolean> {
    const canOpen = async (signal: AbortSignal) => inTime(vendor.canOpen?.(player, signal), signal)
    const asked = await askOfGame(key, canOpen, timeoutMs).catch((error: unknown) => {
      const why = error instanceof VendorError ? { vendor: error.message, code: error.code } : { err: error }
      log.info({ game: key, ...why }, 'whether a player can open a ticket could not be asked')
      return { answer: true }
    })
    if (asked) remember(name, player, asked.answer)
    return asked?.answer ?? true
  }

  /** Everyone who asks about the same player waits for the same answer. */
  async function ask(name: string, player: VendorPlayer, game: LiveGame): Promise<boolean> {
    if (!game.can.open || !game.vendor.canOpen) return game.can.open
    const known = recall(name, player)
    if (known !== undefined) return known
    const asking = underWay.get(name) ?? askVendor(name, player, game).finally(() => underWay.delete(name))
    underWay.set(name, asking)
    return asking
  }

  function playerOf({ game, subject: id, kind, name, email, locale, signed }: Identity): VendorPlayer {
    return { id, kind, pseudonym: pseudonymOf(game, id), name, email, locale, signed }
  }

  return {
    ask: (player, game) => ask(player.key, playerOf(player), game),

    async askForNewcomer(game) {
      if (!game.config.players.anonymous) return game.can.open
      const id = `anon:${randomUUID()}`
      const newcomer: VendorPlayer = { id, kind: 'anonymous', pseudonym: pseudonymOf(game.key, id), signed: {} }
      return ask(`newcomer ${game.key}`, newcomer, game)
    },

    known(player, game) {
      return game.can.open && (recall(player.key, playerOf(player)) ?? true)
    },
  }
}

/** An adapter may not listen to being called off. */
function inTime(asking: Promise<boolean> | undefined, signal: AbortSignal): Promise<boolean> {
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new VendorError('unreachable', 'no answer in time')), { once: true })
  })
  return Promise.race([asking ?? true, late])
}
