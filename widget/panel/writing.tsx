/** The second half of the panel, fetched once the first one stands: everything with words of the player's own. */

import type { Route } from '../state/route.ts'
import { writingOf } from '../state/writing.ts'
import writingStyles from '../style/writing.css?inline'
import { useSupport } from './context.ts'
import { Conversation, OutgoingTicket } from './conversation.tsx'
import { NewTicket } from './new-ticket.tsx'
import { useTaking } from './use-taking.ts'

/** Makes what the views below stand on. */
export const prepare = writingOf
export const styles = writingStyles

/** A file may be pasted or dropped anywhere on what is being written. */
export function WritingView() {
  const support = useSupport()
  const taking = useTaking(support)
  return (
    <div {...taking}>
      <Written route={support.router.current.value} />
    </div>
  )
}

function Written({ route }: { route: Route }) {
  if (route.view === 'ticket') return <Conversation key={route.id} id={route.id} fresh={!!route.fresh} />
  if (route.view === 'outgoing') return <OutgoingTicket key={route.key} itemKey={route.key} />
  return <NewTicket />
}
