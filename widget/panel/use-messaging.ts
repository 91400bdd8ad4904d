/** How the views that come later reach what comes with them. */
import { untracked } from '@preact/signals-core'
import { type Talk, talkOf } from '../state/messaging.ts'
import { useWhole, type Whole } from './context.ts'

export function useTalk(): Whole & Talk {
  const support = useWhole()
  return { ...support, ...untracked(() => talkOf(support)) }
}
