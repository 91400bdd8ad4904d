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
  const send = findSender(scheme)
  const listeners = new Set<(message: FromGame) => void>()
  addEventListener('message', (event) => {
    const message = fromGame(event)
    if (message) for (const listener of listeners) listener(message)
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

function findSender(scheme: string | null): ((message: object) => void) | undefined {
  const { webkit, medkitHost, ReactNativeWebView, Unity } = window
  const handler = webkit?.messageHandlers?.medkit
  if (handler) return (message) => handler.postMessage(message)
  if (medkitHost) return (message) => medkitHost.postMessage(JSON.stringify(message))
  if (ReactNativeWebView) return (message) => ReactNativeWebView.postMessage(JSON.stringify(message))
  if (Unity) return (message) => Unity.call(JSON.stringify(message))
  if (scheme === 'unity' || scheme === 'uniwebview') {
    return (message) => location.assign(`${scheme}://medkit?message=${encodeURIComponent(JSON.stringify(message))}`)
  }
  const origin = parentOrigin()
  return origin ? (message) => parent.postMessage(message, origin) : undefined
}

/** Only the studio's own pages may frame this one: the relay's `frame-ancestors` sees to it. */
function parentOrigin(): string | undefined {
  if (parent === window) return undefined
  const [nearest] = location.ancestorOrigins ?? []
  return nearest ?? (document.referrer ? new URL(document.referrer).origin : undefined)
}

/** From the frame around us, or from this very window, where a native game runs its script. */
function fromGame({ data, source, origin }: MessageEvent<unknown>): FromGame | undefined {
  const own = source === window || source === null
  if (!own && (source !== parent || origin !== parentOrigin())) return undefined
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
