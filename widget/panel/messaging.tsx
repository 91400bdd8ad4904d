/** The second half of the panel, fetched once the first one stands: everything around the words a player writes. */

import { otherGame } from '../host.ts'
import { type Messaging, messagingOf } from '../state/messaging.ts'
import type { Support } from '../state/support.ts'
import messagingStyles from '../style/messaging.css?inline'
import { AlsoSent } from './also-sent.tsx'
import { NewFiles } from './attachment.tsx'
import { Conversation, Next, Outgoing } from './conversation.tsx'
import { Cut, Room, WaitsForFiles } from './field-hints.tsx'
import { NotKept } from './not-kept.tsx'
import { Toast } from './toast.tsx'

/** Makes what the views below stand on. */
export function prepare(support: Support): Messaging {
  // Whoever put it there is to know why it does nothing. Looked for here, because the first half has no room for it.
  if (!support.messaging.peek() && otherGame(support.options.game) !== undefined) support.report('second_game')
  return messagingOf(support)
}
export const styles = messagingStyles
export const views = { Conversation, Next, Outgoing, NewFiles, AlsoSent, Cut, Room, WaitsForFiles, NotKept, Toast }
