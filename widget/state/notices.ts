/** One short word to the player at a time, sometimes with a way back; it goes by itself. */

import { type ReadonlySignal, signal } from '@preact/signals-core'
import type { Clock } from './clock.ts'

export interface Notice {
  text: string
  undo?: () => void
}

export interface Notices {
  current: ReadonlySignal<Notice | undefined>
  show(notice: Notice): void
  clear(): void
}

/** Long enough to read it, find the button and press it with a game pad. */
const shownMs = 12_000

export function createNotices(clock: Clock): Notices {
  const current = signal<Notice | undefined>()
  let callOff = () => {}
  const clear = () => {
    callOff()
    current.value = undefined
  }
  return {
    current,
    show(notice) {
      clear()
      current.value = notice
      callOff = clock.after(shownMs, clear)
    },
    clear,
  }
}
