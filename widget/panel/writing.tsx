/** The second half of the panel, fetched once the first one stands: everything with words of the player's own. */

import { writingOf } from '../state/writing.ts'
import writingStyles from '../style/writing.css?inline'
import { useSupport } from './context.ts'
import { Conversation, OutgoingTicket } from './conversation.tsx'
import { NewTicket } from './new-ticket.tsx'

/** Makes what the views below stand on. */
export const prepare = writingOf
export const styles = writingStyles

export function WritingView() {
  const route = useSupport().router.current.value
  if (route.view === 'ticket') return <Conversation key={route.id} id={route.id} fresh={!!route.fresh} />
  if (route.view === 'outgoing') return <OutgoingTicket key={route.key} itemKey={route.key} />
  return <NewTicket />
}
