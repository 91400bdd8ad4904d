/** Home: the one button, and the player's tickets by newest activity. */
import type { Ticket, TicketStatus } from '../../server/contract/ticket.ts'
import type { Words } from '../words/en.ts'
import { useSupport } from './context.ts'
import { HomeFoot } from './home-foot.tsx'
import { Icon, paths } from './icons.tsx'
import { lazy } from './lazy.tsx'
import { Problem } from './notice.tsx'
import { Heading, Screen } from './screen.tsx'

const Earlier = lazy(() => import('./earlier.tsx'))((file) => file.Earlier)

export function Home() {
  const { speech, game, router, tickets, session, mustSignIn } = useSupport()
  const { words, say } = speech
  const name = game.value?.name
  return (
    <Screen class="home" title={name ? say(words.value.support, { game: name }) : ''} back={false} foot={<HomeFoot />}>
      <p class="intro">{mustSignIn.value ? words.value.noSignIn : words.value.intro}</p>
      {!mustSignIn.value && (
        <button type="button" class="main" onClick={() => router.go({ view: 'new' })}>
          {words.value.getHelp}
        </button>
      )}
      {session.earlier.value && <Earlier />}
      {tickets.failure.value && <Problem code={tickets.failure.value} again={tickets.load} />}
      {tickets.list.value?.length ? <Heading>{words.value.yourTickets}</Heading> : null}
      <ul class="tickets" onKeyDown={moveByArrows}>
        <Unsent />
        {tickets.list.value?.map((ticket) => (
          <TicketRow key={ticket.id} ticket={ticket} />
        ))}
      </ul>
      <Empty />
      {tickets.hasMore.value && (
        <button type="button" class="plain" onClick={tickets.more}>
          {words.value.olderTickets}
        </button>
      )}
    </Screen>
  )
}

function Empty() {
  const { speech, session, tickets, outbox } = useSupport()
  const words = speech.words.value
  if (outbox.items.value.length || tickets.list.value?.length || tickets.failure.value) return null
  return (
    <div class="empty">
      <Icon path={paths.talk} />
      <p>{session.kind.value && !tickets.list.value ? words.loading : words.noTickets}</p>
    </div>
  )
}

function TicketRow({ ticket }: { ticket: Ticket }) {
  const { speech, router, clock } = useSupport()
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
          <span class="last" dir="auto">
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
  const { speech, router, outbox } = useSupport()
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
              <span class="last">{state === 'failed' ? words.deliveryFailed : words.onDevice}</span>
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
  const { speech } = useSupport()
  return (
    <span class={`status ${status}`}>
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
