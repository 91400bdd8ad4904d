/** Which view is shown, and the way back. */

import { type ReadonlySignal, signal } from '@preact/signals-core'
import type { TicketId } from '../../server/contract/ids.ts'

export type Route =
  | { view: 'home' | 'new' | 'privacy' | 'sign-in' }
  /** `fresh`: just sent, so say first that it has arrived. */
  | { view: 'ticket'; id: TicketId; fresh?: boolean }
  /** Written, but not with the relay yet. `key` names it in the outbox. */
  | { view: 'outgoing'; key: string }

export interface Router {
  current: ReadonlySignal<Route>
  go(route: Route): void
  home(): void
  /** Somebody has gone anywhere yet: until then the focus is the page's own. */
  moved(): boolean
  /** Closed on the first view, it is as if nobody had gone anywhere. */
  rest(): void
}

export function createRouter(): Router {
  const current = signal<Route>({ view: 'home' })
  let moved = false
  const go = (route: Route) => {
    moved = true
    current.value = route
  }
  return {
    current,
    go,
    home: () => go({ view: 'home' }),
    moved: () => moved,
    rest() {
      moved = current.peek().view !== 'home'
    },
  }
}
