/** Vendor accounts: the games that share one key, and with it one budget and one reader. */
import type { Games, LiveGame } from '../../config/games.ts'
import { unlimitedByDocument } from '../../vendors/call-budget.ts'
import type { ChangeList } from '../../vendors/vendor.ts'
import { keyOf } from '../delivery/circuit-breakers.ts'

/** One list of an account, and the games whose tickets it shows. */
export interface AccountList {
  list: ChangeList
  games: readonly string[]
}

export interface Account {
  /** The first of its games by name: nothing that follows from a key is written down. */
  name: string
  games: readonly LiveGame[]
  callsPerMinute: number
  lists: readonly AccountList[]
  /** Within the relay: it says itself what changes, and asking it costs nothing. */
  isLocal: boolean
}

/** Those whose tickets can be read at all. */
export function accountsOf(games: Games): Account[] {
  const readable = [...games.values()].filter(({ vendor }) => vendor.read !== undefined)
  readable.sort((one, other) => (one.key < other.key ? -1 : 1))
  return [...Map.groupBy(readable, ({ key }) => keyOf(key, games)).values()].map(accountWith)
}

function accountWith(games: readonly LiveGame[]): Account {
  const isLocal = games.some(({ vendor }) => vendor.needsNoHook)
  return {
    name: games[0]?.key ?? '',
    games,
    isLocal,
    // Where they name several, the studio has meant the least to be kept.
    callsPerMinute: isLocal ? mostOfAll : Math.min(...games.map(budgetOf)),
    lists: listsOf(games),
  }
}

const mostOfAll = 1_000_000

function budgetOf({ config: { vendor } }: LiveGame): number {
  return 'callsPerMinute' in vendor ? vendor.callsPerMinute : unlimitedByDocument
}

function listsOf(games: readonly LiveGame[]): AccountList[] {
  const listed = games.flatMap(({ key, vendor: { changes } }) => (changes ? [{ key, list: changes }] : []))
  return [...Map.groupBy(listed, ({ list }) => list.name).values()].flatMap(([first, ...others]) =>
    first ? [{ list: first.list, games: [first, ...others].map(({ key }) => key) }] : [],
  )
}
