/** How the views that come later reach what comes with them. */
import { untracked } from '@preact/signals'
import type { Support } from '../state/support.ts'
import { type Writing, writingOf } from '../state/writing.ts'
import { useSupport } from './context.ts'

export function useWriting(): Support & Writing {
  const support = useSupport()
  return { ...support, ...untracked(() => writingOf(support)) }
}
