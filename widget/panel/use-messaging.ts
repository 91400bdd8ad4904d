/** How the views that come later reach what comes with them. */
import { untracked } from '@preact/signals-core'
import { type Messaging, messagingOf } from '../state/messaging.ts'
import { useWhole, type Whole } from './context.ts'

export function useMessaging(): Whole & Messaging {
  const support = useWhole()
  return { ...support, ...untracked(() => messagingOf(support)) }
}
