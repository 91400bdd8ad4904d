/** Where the keyboard is: in the panel once it is open, back with whatever opened it, and not lost with what is taken away. */
import type { Clock } from '../state/clock.ts'

export interface Focus {
  /** Follows it, from now or anew. */
  follow(): void
  /** Before it opens: what has the focus gets it back. */
  remember(): void
  /** Into the panel, once it is drawn. */
  enter(): void
  /** The panel has it, or had it when it was taken off the page. */
  isWithin(): boolean
  giveBack(launcher: HTMLElement | undefined): void
  /** As it was. @param taken from whatever has it now, too */
  restore(taken: boolean): void
  stop(): void
}

export function createFocus(root: ShadowRoot, clock: Clock): Focus {
  let opener: Element | undefined
  let held: Element | undefined
  const panel = () => root.querySelector<HTMLElement>('.panel')
  const isWithin = () => !!panel()?.contains(root.activeElement)
  const enter = () => {
    if (!isWithin()) panel()?.focus({ preventScroll: true })
  }
  const came = () => {
    held = root.activeElement ?? undefined
  }
  const left = () =>
    clock.after(0, () => {
      // Off the page, or where it is not shown: what had it gets it again.
      if (root.activeElement || !root.host.getClientRects().length) return
      // What had it is gone from the view, and would take the keyboard along.
      if (held && !held.isConnected && isFree()) enter()
      held = undefined
    })
  return {
    follow() {
      root.addEventListener('focusin', came)
      root.addEventListener('focusout', left)
    },
    remember() {
      if (!isWithin()) opener = focusedElement()
    },
    enter: () => clock.after(0, enter),
    isWithin,
    giveBack(launcher) {
      moveTo(opener)
      if (opener && focusedElement() !== opener) moveTo(launcher)
      opener = undefined
    },
    restore(taken) {
      if (taken || isFree()) moveTo(held)
    },
    stop() {
      root.removeEventListener('focusin', came)
      root.removeEventListener('focusout', left)
    },
  }
}

function moveTo(element: Element | undefined): void {
  if (element instanceof HTMLElement) element.focus({ preventScroll: true })
}

function isFree(): boolean {
  return !focusedElement()
}

/** Through every shadow root that can be looked into. */
function focusedElement(): Element | undefined {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  return element && element !== document.body && element !== document.documentElement ? element : undefined
}
