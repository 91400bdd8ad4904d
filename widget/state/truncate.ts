/** What is put in where it no longer fits keeps whole characters: its end is left out, and never what stood there. */

import { signal } from '@preact/signals-core'

export interface Truncated {
  text: string
  /** Where the caret belongs. */
  caret: number
  /** Something was left out. */
  cut: boolean
}

/**
 * @param before what stood there
 * @param text what stands there now; what was put in ends at `caret`
 * @param max in UTF-16 units, as `maxlength` counts
 */
export function truncateInto(before: string, text: string, caret: number, max: number): Truncated {
  // Longer already, as a game may hand it over: it may grow no further.
  const room = Math.max(max, before.length) - (text.length - caret)
  if (caret <= room) return { text, caret, cut: false }
  let same = 0
  while (same < room && before[same] === text[same]) same += 1
  const end = Math.max(same, wholeUpTo(text, room))
  return { text: text.slice(0, end) + text.slice(caret), caret: end, cut: true }
}

/** The end of the last character that ends at `index` or before. */
function wholeUpTo(text: string, index: number): number {
  // Younger than the engines we run in. It gives graphemes; without it, no code point at least is cut in two.
  if ('Segmenter' in Intl) return new Intl.Segmenter().segment(text).containing(index)?.index ?? index
  return /^[\udc00-\udfff]/.test(text.slice(index)) ? index - 1 : index
}

type Field = HTMLInputElement | HTMLTextAreaElement

/** What a field does while somebody writes in it. */
export type FieldListeners = Readonly<Record<string, (event: never) => void>>

export interface Truncation {
  /** Of what was put in last the end was left out, and nothing was taken away since. */
  isCut(id: string, value: string): boolean
  /** The listeners of the field that shows `value`. */
  listeners(field: FieldParts): FieldListeners
}

export interface FieldParts {
  /** The same whenever it is drawn. */
  id: string
  value: string
  /** See {@link truncateInto}. */
  max: number
  write(text: string): void
}

export function createTruncation(): Truncation {
  /** How long a text was once its end was left out. */
  const full = signal<Readonly<Record<string, number>>>({})
  /** What stood there when a composition began: cut short in the middle, it would begin anew with each key. */
  let before: string | undefined
  const remember = (id: string, length: number, cut: boolean) => {
    const { [id]: known = Number.POSITIVE_INFINITY, ...others } = full.peek()
    if (cut) full.value = { ...others, [id]: length }
    else if (length < known && known < Number.POSITIVE_INFINITY) full.value = others
  }
  return {
    isCut: (id, { length }) => length >= (full.value[id] ?? Number.POSITIVE_INFINITY),
    listeners({ id, value, max, write }) {
      const take = ({ currentTarget: field, isComposing }: { currentTarget: Field; isComposing?: boolean }) => {
        if (isComposing) return write(field.value)
        const { text, caret, cut } = truncateInto(
          before ?? value,
          field.value,
          field.selectionEnd ?? field.value.length,
          max,
        )
        before = undefined
        remember(id, text.length, cut)
        if (cut) {
          field.value = text
          field.setSelectionRange(caret, caret)
        }
        write(text)
      }
      const onCompositionStart = () => {
        before = value
      }
      return { onInput: take, onCompositionStart, onCompositionEnd: take }
    },
  }
}
