/** Listens for several events of one thing. */

type Listeners<Events> = { [Type in keyof Events]?: (event: Events[Type]) => void }
type Page = Pick<typeof globalThis, 'addEventListener' | 'removeEventListener'>

/** @returns takes them off */
export function listen(target: Page, listeners: Listeners<WindowEventMap>): () => void
export function listen(target: Document, listeners: Listeners<DocumentEventMap>): () => void
export function listen(target: VisualViewport, listeners: Listeners<VisualViewportEventMap>): () => void
export function listen(target: Pick<EventTarget, keyof Page>, listeners: object): () => void {
  const all = Object.entries(listeners)
  for (const [type, listener] of all) target.addEventListener(type, listener)
  return () => {
    for (const [type, listener] of all) target.removeEventListener(type, listener)
  }
}
