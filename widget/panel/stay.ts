/** The widget stays: back in its place when the page takes its element away, and in the page's modal dialog while one is open. */
import { effect, type ReadonlySignal } from '@preact/signals-core'
import { raise } from '../host.ts'
import type { Clock } from '../state/clock.ts'

export interface StayParts {
  root: ShadowRoot
  /** Where it belongs, if not to the page as a whole. */
  target: Element | undefined
  /** Over the page, and not in it. */
  docked: boolean
  open: ReadonlySignal<boolean>
  clock: Clock
  /** @param hidden it has come from where nothing is shown any more */
  onMoved(hidden: boolean): void
  /** A new document was written, which takes every listener off. */
  onErased(): void
  /** The page takes it away again and again, and it is left at that. */
  onGivenUp(): void
}

export interface Stay {
  /** Puts it where it belongs; what was given up is tried again after a while. */
  settle(): void
  /** Before all that the page has shown since. */
  toFront(): void
  stop(): void
}

/** A page that picks it out this often means it. */
const mostTimes = 8
const withinMs = 60_000
const presses = ['click', 'mousedown', 'pointerdown']

export function createStay({ root, target, docked, open, clock, onMoved, onErased, onGivenUp }: StayParts): Stay {
  // Ours is no SVG.
  const host = root.host as HTMLElement
  let place: Element | undefined
  let taken: number[] = []
  let stopped = false
  const mayGoBack = () => {
    // Where all that was around it went as well, the page is only going on to another.
    if (!place?.isConnected) return true
    const now = clock.now()
    taken = [...taken.filter((at) => at > now - withinMs), now]
    return taken.length <= mostTimes
  }
  let scrolled: Element | undefined
  let top = 0
  const noteScroll = ({ target }: Event) => {
    if (!(target instanceof Element)) return
    scrolled = target
    top = target.scrollTop
  }
  /** What is pressed in it is not to close the game's own dialog, which it may stand in. */
  const keepFromDialog = (event: Event) => {
    if (host.parentElement?.localName === 'dialog') event.stopPropagation()
  }
  const listen = () => {
    for (const type of presses) root.addEventListener(type, keepFromDialog)
    root.addEventListener('scroll', noteScroll, true)
    // Never called: it is gone once every listener is.
    host.onabort = () => {}
  }
  const watch = () => {
    taking.disconnect()
    for (const parent of [document, document.documentElement, place]) {
      if (parent) taking.observe(parent, { childList: true })
    }
  }
  const placeNow = (): Element | null =>
    target ?? (open.peek() ? modalDialog() : undefined) ?? document.body ?? document.documentElement
  const move = (next: Element) => {
    const hidden = place?.localName === 'dialog' && !(place.isConnected && place.hasAttribute('open'))
    next.append(host)
    place = next
    watch()
    if (docked) raise(root)
    if (host.onabort) {
      if (scrolled) scrolled.scrollTop = top
      onMoved(hidden)
    } else {
      onErased()
      listen()
    }
  }
  const keep = () => {
    const next = placeNow()
    // What it stood in has gone: that is the studio's to say. A document that is being written may have nothing at all.
    if (!next?.isConnected || host.parentNode === next) return
    if (host.isConnected || mayGoBack()) return move(next)
    taking.disconnect()
    onGivenUp()
  }
  const settle = () => {
    keep()
    if (docked && host.isConnected) raise(root)
  }
  listen()
  const taking = new MutationObserver(keep)
  const dialogs = new MutationObserver(keep)
  // Its size changes, too, when a dialog that it stands in goes. Later, or the browser would tell the page of a loop.
  const sized = new ResizeObserver(() => clock.after(0, () => stopped || settle()))
  sized.observe(host)
  const stopFollowing = effect(() => {
    if (open.value && docked) dialogs.observe(document, { attributeFilter: ['open'], subtree: true })
    else dialogs.disconnect()
    settle()
  })
  return {
    settle,
    toFront() {
      settle()
      if (!docked || !host.isConnected) return
      host.togglePopover?.(false)
      raise(root)
    },
    stop() {
      stopped = true
      for (const type of presses) root.removeEventListener(type, keepFromDialog)
      root.removeEventListener('scroll', noteScroll, true)
      stopFollowing()
      sized.disconnect()
      dialogs.disconnect()
      taking.disconnect()
    },
  }
}

/** Outside of it nothing can be reached. The one on top has the focus, else it is the last. */
function modalDialog(): Element | undefined {
  try {
    return document.activeElement?.closest('dialog:modal') ?? [...document.querySelectorAll('dialog:modal')].pop()
  } catch {
    // Engines before 2022 cannot tell a modal one from others.
    return undefined
  }
}
