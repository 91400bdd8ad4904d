/** A game pad as a keyboard: the D-pad moves the focus to the nearest control that way, A presses, B goes back. */
import type { Clock } from '../state/clock.ts'

export interface PadParts {
  root: ShadowRoot
  clock: Clock
  /** The pad is the game's while it is busy or the panel is away. */
  mayAct(): boolean
  back(): void
}

type Direction = 'up' | 'down' | 'left' | 'right'
type Act = Direction | 'press' | 'back'

/** The standard mapping of the Gamepad API. */
const buttons: readonly (readonly [index: number, act: Act])[] = [
  [0, 'press'],
  [1, 'back'],
  [12, 'up'],
  [13, 'down'],
  [14, 'left'],
  [15, 'right'],
]
const everyMs = 50

/** @returns gives the pad back. */
export function followPad({ root, clock, mayAct, back }: PadParts): () => void {
  let held: Act | undefined
  let callOff = () => {}
  const act = (what: Act) => {
    const focused = root.activeElement
    if (what === 'back') back()
    else if (what !== 'press') moveFocus(root, what)
    else if (focused instanceof HTMLElement) focused.click()
  }
  const look = () => {
    const pressed = mayAct() ? pressedNow() : undefined
    if (pressed && pressed !== held) act(pressed)
    held = pressed
    callOff = clock.after(everyMs, look)
  }
  look()
  return () => callOff()
}

function pressedNow(): Act | undefined {
  for (const pad of navigator.getGamepads()) {
    const found = buttons.find(([index]) => pad?.buttons[index]?.pressed)
    if (found) return found[1]
    const [x = 0, y = 0] = pad?.axes ?? []
    if (Math.max(Math.abs(x), Math.abs(y)) > 0.6) return directionOf(x, y)
  }
  return undefined
}

function directionOf(x: number, y: number): Direction {
  if (Math.abs(x) > Math.abs(y)) return x > 0 ? 'right' : 'left'
  return y > 0 ? 'down' : 'up'
}

const reachable = 'a[href], button, input:not([disabled]), select, textarea, summary, [role=log]'

function moveFocus(root: ShadowRoot, direction: Direction): void {
  const controls = [...root.querySelectorAll<HTMLElement>(reachable)].filter((one) => one.getClientRects().length)
  const focused = root.activeElement
  // The panel as a whole has the focus when it has just been opened.
  const here = focused?.matches('.panel') ? undefined : focused?.getBoundingClientRect()
  const best = here ? nearest(controls, here, direction) : controls[0]
  best?.focus()
  best?.scrollIntoView({ block: 'nearest' })
}

/** Ahead counts once, aside twice: a column is left only when nothing is ahead. */
function nearest(controls: HTMLElement[], here: DOMRect, direction: Direction): HTMLElement | undefined {
  const sideways = direction === 'left' || direction === 'right'
  const sign = direction === 'down' || direction === 'right' ? 1 : -1
  let best: HTMLElement | undefined
  let shortest = Number.POSITIVE_INFINITY
  for (const control of controls) {
    const there = control.getBoundingClientRect()
    const x = there.left + there.width / 2 - here.left - here.width / 2
    const y = there.top + there.height / 2 - here.top - here.height / 2
    const ahead = (sideways ? x : y) * sign
    const distance = ahead + 2 * Math.abs(sideways ? y : x)
    if (ahead > 1 && distance < shortest) [best, shortest] = [control, distance]
  }
  return best
}
