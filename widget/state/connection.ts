/** Whether the relay can be heard, and when listening is worth a connection: somebody is known, and the page is seen. */

import { effect, type ReadonlySignal, signal } from '@preact/signals-core'
import type { PlayerEvent } from '../../server/contract/event.ts'
import { lazyImport } from '../lazy-import.ts'
import type { Call } from '../relay/call.ts'
import type { LiveState } from '../relay/live.ts'
import { listen } from './listen.ts'
import type { Owner } from './owner.ts'
import { startLater } from './start-later.ts'
import type { Storage } from './storage.ts'

const fetchShare = lazyImport(() => import('../relay/shared-stream.ts'))

export interface ConnectionParts {
  /** The relay and the game. */
  name: string
  call: Call
  storage: Storage
  /** Somebody is signed in, and their session holds. */
  known: ReadonlySignal<boolean>
  /** The stream of one player is not the next one's; tabs of the same one share it. */
  session: { person: ReadonlySignal<unknown>; owner: ReadonlySignal<Owner> }
  onEvent(event: PlayerEvent): void
  /** The line is there again. */
  onConnected(): void
}

export interface Connection {
  offline: ReadonlySignal<boolean>
  /** The page can be seen. */
  visible: ReadonlySignal<boolean>
  destroy(): void
}

export function createConnection(parts: ConnectionParts): Connection {
  const { name, call, storage, known, session, onEvent, onConnected } = parts
  const offline = signal(!navigator.onLine)
  const visible = signal(!document.hidden)
  const look = () => {
    visible.value = !document.hidden
  }
  const change = () => {
    offline.value = !navigator.onLine
    if (navigator.onLine) onConnected()
  }
  // Not every browser says `hidden` to a page that it puts away to come back to.
  const leave = () => {
    visible.value = false
  }

  const onState = (state: LiveState) => {
    offline.value = state === 'offline'
    if (state === 'live') onConnected()
  }

  // What came while the page was hidden is told when it is seen again. Whose events they are, the token says.
  const place = {}
  const follow = () => {
    session.person.value
    const whose = session.owner.value && `medkit:${name}:${session.owner.value}`
    // A hidden tab gives its connection back: browsers allow six to a host, and a player may have ten tabs.
    if (!known.value || !visible.value) return
    return startLater(
      fetchShare().then((share) => () => share.listen({ name: whose ?? '', storage, call, onEvent, onState, place })),
    )
  }
  const stops = [
    listen(document, { visibilitychange: look }),
    listen(globalThis, { pagehide: leave, pageshow: look, online: change, offline: change }),
    effect(follow),
  ]
  return {
    offline,
    visible,
    destroy() {
      for (const stop of stops) stop()
    },
  }
}
