/**
 * Who may see the agents' pages. A token opens the games that have it: sent as a bearer by scripts, or traded once for a
 * session that the relay keeps, so that signing out ends it. Guessing is slow, and seen.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../runtime/clock.ts'
import type { DeskLedger } from './ledger.ts'

export interface DeskSignInParts {
  /** Each game's token. */
  tokens: ReadonlyMap<string, string>
  ledger: Pick<DeskLedger, 'findSession' | 'addSession' | 'endSession'>
  clock: Clock
  guesses: DeskGuesses
}

/** Wrong tokens, counted by where they come from. */
export interface DeskGuesses {
  /** Counts one. */
  wrong: (address: string | undefined) => Promise<void>
  /** @returns for how many seconds no token from there is looked at; 0 where it may be */
  waitSeconds: (address: string | undefined) => Promise<number>
}

export interface DeskSignIn {
  /** The games that a bearer opens. */
  byToken: (token: string, address: string | undefined) => Promise<Entry>
  /** The games that a session opens; none once it has ended. */
  bySession: (id: string) => Promise<readonly string[]>
  /** A session for whoever has just shown a token. @returns its id, known to nobody else */
  open: (token: string) => Promise<string>
  end: (id: string) => Promise<void>
}

export type Entry = { games: readonly string[] } | { waitSeconds: number }

/** How long an agent stays signed in. */
export const sessionSeconds = 43_200

export function createDeskSignIn({ tokens, ledger, clock, guesses }: DeskSignInParts): DeskSignIn {
  const games = [...tokens].map(([game, token]) => ({ game, tokenHash: hashOf(token) }))
  const openedBy = (tokenHash: string) =>
    games.filter((known) => isSame(known.tokenHash, tokenHash)).map(({ game }) => game)

  async function look(token: string, address: string | undefined): Promise<Entry> {
    // Looked at before the token is: otherwise the one right guess would get through among any number of wrong ones.
    const waitSeconds = await guesses.waitSeconds(address)
    if (waitSeconds > 0) return { waitSeconds }
    const opened = openedBy(hashOf(token))
    if (opened.length === 0) await guesses.wrong(address)
    return { games: opened }
  }

  /** One after another: of many guesses at the same moment, each has to see those before it. */
  let turn: Promise<unknown> = Promise.resolve()

  return {
    byToken(token, address) {
      const looked = turn.then(() => look(token, address))
      turn = looked.catch(() => {})
      return looked
    },

    async bySession(id) {
      const session = await ledger.findSession(hashOf(id), clock.now())
      // By the token and not by the game: a token that is replaced ends the sessions it opened.
      return session ? openedBy(session.token_hash) : []
    },

    async open(token) {
      const id = randomBytes(32).toString('base64url')
      const expires_at = clock.now().getTime() + sessionSeconds * 1_000
      await ledger.addSession({ id_hash: hashOf(id), token_hash: hashOf(token), expires_at }, clock.now())
      return id
    },

    end: (id) => ledger.endSession(hashOf(id)),
  }
}

/** Whoever reads the ledger can sign in with none of these. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(one), Buffer.from(other))
}
