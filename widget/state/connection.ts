/** Whether the relay can be heard, and when listening is worth a connection: somebody is known, and the page is seen. */

import { effect, type ReadonlySignal, signal } from '@preact/signals-core'
import type { PlayerEvent } from '../../server/contract/event.ts'
import { part } from '../part.ts'
import type { Call } from '../relay/call.ts'
import type { LiveState } from '../relay/live.ts'
import { startLater } from './start-later.ts'

const fetchLive = part(() => import('../relay/live.ts'))

export interface ConnectionParts {
  call: Call
  /** Somebody is signed in, and their session holds. */
  known: ReadonlySignal<boolean>
  /** Changes with the player: the stream of one is not the next one's. */
  person: ReadonlySignal<unknown>
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

export function createConnection({ call, known, person, onEvent, onConnected }: ConnectionParts): Connection {
  const offline = signal(!navigator.onLine)
  const visible = signal(!document.hidden)
  const look = () => {
    visible.value = !document.hidden
  }
  const change = () => {
    offline.value = !navigator.onLine
    if (navigator.onLine) onConnected()
  }
  document.addEventListener('visibilitychange', look)
  addEventListener('online', change)
  addEventListener('offline', change)

  const onState = (state: LiveState) => {
    offline.value = state === 'offline'
    if (state === 'live') onConnected()
  }

  // What came while the page was hidden is told when it is seen again. Whose events they are, the token says.
  const place = {}
  const stop = effect(() => {
    person.value
    // A hidden tab gives its connection back: browsers allow six to a host, and a player may have ten tabs.
    if (!known.value || !visible.value) return
    return startLater(
      fetchLive().then(
        ({ follow }) =>
          () =>
            follow({ call, onEvent, onState, place }),
      ),
    )
  })
  return {
    offline,
    visible,
    destroy() {
      stop()
      document.removeEventListener('visibilitychange', look)
      removeEventListener('online', change)
      removeEventListener('offline', change)
    },
  }
}
