/** Wakes, within this relay, whoever waits for news. It carries no data: the ledger does. */
import type { TicketId } from '../contract/ids.ts'
import type { PlayerKey } from './tables.ts'

export interface Notifier {
  /** Something was put into the outbox of this game. */
  outbox: Topic<string>
  /** Something of this ticket has reached its vendor. */
  delivered: Topic<TicketId>
  /** Something of this player changed. */
  player: Topic<PlayerKey>
  /** This player asked to be erased, and it may begin. */
  erasure: Topic<PlayerKey>
}

export interface Topic<T> {
  notify: (what: T) => void
  /** @returns what takes the listener off again. */
  listen: (listener: (what: T) => void) => () => void
}

export function createNotifier(): Notifier {
  return { outbox: createTopic(), delivered: createTopic(), player: createTopic(), erasure: createTopic() }
}

function createTopic<T>(): Topic<T> {
  const listeners = new Set<(what: T) => void>()
  return {
    notify: (what) => {
      for (const listener of listeners) listener(what)
    },
    listen: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
