/** How the views that come later reach what comes with them. */
import { untracked } from '@preact/signals-core'
import { type Writing, writingOf } from '../state/writing.ts'
import { useWhole, type Whole } from './use-whole.ts'

export function useWriting(): Whole & Writing {
  const support = useWhole()
  return { ...support, ...untracked(() => writingOf(support)) }
}
