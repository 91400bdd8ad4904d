/** The player's tickets by newest activity. Fetched beside the tickets themselves: whoever has none can do without. */
import type { Ticket, TicketStatus } from '../../server/contract/ticket.ts'
import { lazyImport } from '../lazy-import.ts'
import ticketListStyles from '../style/ticket-list.css?inline'
import type { Words } from '../words/en.ts'
import { drawBadge as badge } from './badge.ts'
import { useWhole } from './context.ts'
import { Icon, paths } from './icons.tsx'
import { lazy } from './lazy.tsx'
import { Heading } from './screen.tsx'

const Earlier = lazy(lazyImport(() => import('./earlier-tickets.tsx')))((file) => file.Earlier)

export const styles = ticketListStyles
export const drawBadge = badge

export function TicketList() {
  const { speech, tickets, session } = useWhole()
  const words = speech.words.value
  return (
    <>
      {session.earlier.value && <Earlier />}
      {tickets.list.value?.length ? <Heading>{words.yourTickets}</Heading> : null}
      <ul class="tickets" onKeyDown={moveByArrows}>
        <Unsent />
        {tickets.list.value?.map((ticket) => (
          <TicketRow key={ticket.id} ticket={ticket} />
        ))}
      </ul>
      {tickets.hasMore.value && (
        <button type="button" class="plain" onClick={tickets.more}>
          {words.olderTickets}
        </button>
      )}
    </>
  )
}

function TicketRow({ ticket }: { ticket: Ticket }) {
  const { speech, router, clock } = useWhole()
  const { words, ago } = speech
  const route = router.current.value
  const { id, unread, lastMessage, subject, status } = ticket
  const here = route.view === 'ticket' && route.id === id
  return (
    <li>
      <button type="button" class="ticket" aria-current={here} onClick={() => router.go({ view: 'ticket', id })}>
        <span>
          <span class="subject" dir="auto">
            {unread > 0 && <span class="dot" />}
            {subject || words.value.untitled}
            {unread > 0 && <span class="hidden"> {words.value.newAnswer}</span>}
          </span>
          <time dateTime={ticket.updatedAt}>{ago(ticket.updatedAt, clock.now())}</time>
          <span class="last hint" dir="auto">
            {lastMessage?.text}
          </span>
          <Status status={status} />
        </span>
      </button>
    </li>
  )
}

/** First messages that the relay does not have yet. */
function Unsent() {
  const { speech, router, outbox } = useWhole()
  const words = speech.words.value
  const opening = outbox.items.value.filter(({ ticketId }) => !ticketId)
  return (
    <>
      {opening.map(({ key, body, state }) => (
        <li key={key}>
          <button type="button" class="ticket" onClick={() => router.go({ view: 'outgoing', key })}>
            <span>
              <span class="subject" dir="auto">
                {body.message}
              </span>
              <span class="last hint">{state === 'failed' ? words.deliveryFailed : words.onDevice}</span>
            </span>
          </button>
        </li>
      ))}
    </>
  )
}

const statusWords: Record<TicketStatus, keyof Words & `status${string}`> = {
  open: 'statusOpen',
  answered: 'statusAnswered',
  closed: 'statusClosed',
}

/** A word with a shape, so that colour never has to say it alone. */
export function Status({ status }: { status: TicketStatus }) {
  const { speech } = useWhole()
  return (
    <span class={`status hint ${status}`}>
      {status === 'closed' ? <Icon path={paths.check} /> : <span class="shape" />}
      {speech.words.value[statusWords[status]]}
    </span>
  )
}

function moveByArrows(event: KeyboardEvent): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  const list = event.currentTarget
  if (!step || !(list instanceof Element) || !(event.target instanceof HTMLElement)) return
  const rows = [...list.querySelectorAll<HTMLElement>('.ticket')]
  const next = rows[rows.indexOf(event.target) + step]
  if (!next) return
  event.preventDefault()
  next.focus()
}
