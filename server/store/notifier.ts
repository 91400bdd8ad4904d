/** Wakes, within this relay, whoever waits for news. A bell carries no data: the ledger does. */
import type { TicketId } from '../contract/ids.ts'
import type { PlayerKey } from './tables.ts'

export interface Bells {
  /** Something was put into the outbox of this game. */
  outbox: Bell<string>
  /** Something of this ticket has reached its vendor. */
  delivered: Bell<TicketId>
  /** Something of this player changed. */
  player: Bell<PlayerKey>
  /** This player asked to be erased, and it may begin. */
  erasure: Bell<PlayerKey>
}

export interface Bell<T> {
  ring: (what: T) => void
  /** @returns what takes the listener off again. */
  listen: (listener: (what: T) => void) => () => void
}

export function createBells(): Bells {
  return { outbox: createBell(), delivered: createBell(), player: createBell(), erasure: createBell() }
}

function createBell<T>(): Bell<T> {
  const listeners = new Set<(what: T) => void>()
  return {
    ring: (what) => {
      for (const listener of listeners) listener(what)
    },
    listen: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
