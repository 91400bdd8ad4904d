/** One JSON message format both ways, `{medkit: 1, type, …}`, over whichever bridge the game's webview offers. */

export type ToGame = 'ready' | 'open' | 'close' | 'unread' | 'keyboard' | 'pick-file' | 'token-needed'

export interface FromGame {
  type: 'token' | 'locale' | 'metadata' | 'back' | 'file' | 'pad' | 'busy'
  [more: string]: unknown
}

export interface Bridge {
  /** A game listens on the other side. */
  present: boolean
  tell(type: ToGame, more?: Record<string, unknown>): void
  hear(listener: (message: FromGame) => void): void
  /** Tells the game and waits for its answer, for ever if need be: only the game knows when it has one. */
  ask(type: ToGame, answer: FromGame['type']): Promise<FromGame>
}

interface Posts {
  postMessage(message: unknown): void
}

declare global {
  interface Window {
    webkit?: { messageHandlers?: { medkit?: Posts } }
    medkitHost?: Posts
    ReactNativeWebView?: Posts
    Unity?: { call(message: string): void }
  }
}

/** @param scheme `unity` or `uniwebview`, where the only way out of the page is an address the game catches. */
export function createBridge(scheme: string | null): Bridge {
  // Read once: whoever is around us now is who we speak with as long as this page stands.
  const around = parentOrigin()
  const send = findSender(scheme, around)
  const listeners = new Set<(message: FromGame) => void>()
  const take = (event: MessageEvent<unknown>) => {
    const message = mayBeHeard(event, around) ? fromGame(event.data) : undefined
    if (message) for (const listener of listeners) listener(message)
  }
  addEventListener('message', take)
  // React Native's `postMessage` makes its event on the document, on Android; should it rise, the window hears it.
  document.addEventListener('message', (event) => {
    if (event instanceof MessageEvent && !event.bubbles) take(event)
  })
  const tell: Bridge['tell'] = (type, more) => send?.({ medkit: 1, type, ...more })
  return {
    present: !!send,
    tell,
    hear: (listener) => listeners.add(listener),
    ask: (type, answer) =>
      new Promise((resolve) => {
        const listener = (message: FromGame) => {
          if (message.type !== answer) return
          listeners.delete(listener)
          resolve(message)
        }
        listeners.add(listener)
        tell(type)
      }),
  }
}

function findSender(scheme: string | null, around: string | undefined): ((message: object) => void) | undefined {
  const { webkit, medkitHost, ReactNativeWebView, Unity } = window
  const handler = webkit?.messageHandlers?.medkit
  if (handler) return (message) => handler.postMessage(message)
  if (medkitHost) return (message) => medkitHost.postMessage(JSON.stringify(message))
  if (ReactNativeWebView) return (message) => ReactNativeWebView.postMessage(JSON.stringify(message))
  if (Unity) return (message) => Unity.call(JSON.stringify(message))
  if (scheme === 'unity' || scheme === 'uniwebview') {
    return (message) => location.assign(`${scheme}://medkit?message=${encodeURIComponent(JSON.stringify(message))}`)
  }
  return around ? (message) => parent.postMessage(message, around) : undefined
}

/** Only the studio's own pages may frame this one: the relay's `frame-ancestors` sees to it. */
function parentOrigin(): string | undefined {
  if (parent === window) return undefined
  const [nearest] = location.ancestorOrigins ?? []
  const origin = nearest ?? (document.referrer ? new URL(document.referrer).origin : undefined)
  // So every sandboxed frame calls itself: it names nobody.
  return origin === 'null' ? undefined : origin
}

/**
 * From the frame around us, or from this very window, where a native game runs its script.
 *
 * A message has no source when a native app posted it past every page, as Android's `postWebMessage` does (its origin is
 * empty then), or when script of this page made the event itself. It has none, either, when the frame that sent it is
 * gone by now, as an advertisement's can be at will: its origin tells.
 */
function mayBeHeard({ source, origin }: MessageEvent<unknown>, around: string | undefined): boolean {
  if (source === window) return true
  if (source === null) return origin === location.origin || (origin === '' && parent === window)
  return source === parent && origin === around
}

function fromGame(data: unknown): FromGame | undefined {
  const message = typeof data === 'string' ? parsed(data) : data
  const known = typeof message === 'object' && message !== null && 'medkit' in message && message.medkit === 1
  return known ? (message as unknown as FromGame) : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
