/** One ticket: what was said, live, and what can be done next. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { MessageId, TicketId } from '../../server/contract/ids.ts'
import type { Ticket } from '../../server/contract/ticket.ts'
import { Composer } from './composer.tsx'
import { Icon } from './icons.tsx'
import { lazy } from './lazy.tsx'
import { Messages } from './message.tsx'
import { Problem } from './notice.tsx'
import { Screen } from './screen.tsx'
import { Status } from './ticket-list.tsx'
import { useWhole } from './use-whole.ts'
import { useWriting } from './use-writing.ts'

const Rating = lazy(() => import('./rating.tsx').then((file) => file.Rating))

/** The vendor was not heard for so long that the player should know. */
const staleMs = 15 * 60_000

export function Conversation({ id, fresh = false }: { id: TicketId; fresh?: boolean }) {
  const { speech, clock, tickets, threads, outbox } = useWriting()
  const words = speech.words.value
  const ticket = tickets.list.value?.find((one) => one.id === id)
  const thread = threads.all.value[id]
  const outgoing = outbox.items.value.filter(
    ({ ticketId, twin, state }) => ticketId === id && (!twin || state === 'failed'),
  )
  const said = thread?.messages.filter(({ author }) => author !== 'system').pop()
  const failure = threads.failure.value
  return (
    <Screen
      class="talk"
      title={ticket?.number ?? words.loading}
      focus={!fresh}
      aside={ticket && <Status status={ticket.status} />}
      foot={ticket && <Next ticket={ticket} />}
    >
      {fresh && ticket?.status === 'open' && thread?.messages.length === 1 && <Received ticket={ticket} />}
      {failure && <Problem code={failure} again={() => threads.look(id)} />}
      <Log count={(thread?.messages.length ?? 0) + outgoing.length} said={said?.id}>
        {ticket?.subject && (
          <p class="topic" dir="auto">
            {ticket.subject}
          </p>
        )}
        {ticket && clock.now() - Date.parse(ticket.asOf) > staleMs && (
          <p class="hint">{speech.say(words.asOf, { time: speech.ago(ticket.asOf, clock.now()) })}</p>
        )}
        {thread?.earlier && (
          <button type="button" class="plain" onClick={() => threads.lookBack(id)}>
            {words.earlier}
          </button>
        )}
        <Messages id={id} messages={thread?.messages ?? []} outgoing={outgoing} />
      </Log>
    </Screen>
  )
}

/** A first message that the relay does not have yet. */
export function OutgoingTicket({ itemKey }: { itemKey: string }) {
  const { speech, outbox } = useWriting()
  const words = speech.words.value
  const outgoing = outbox.items.value.filter(({ key }) => key === itemKey)
  return (
    <Screen class="talk" title={words.newTicket}>
      {outgoing[0]?.state === 'waiting' && outgoing[0].code && <p class="card">{words.kept}</p>}
      <Log count={outgoing.length}>
        <Messages messages={[]} outgoing={outgoing} />
      </Log>
    </Screen>
  )
}

/** Says that it has arrived, where the eyes and the focus are; below the fold, people press again. */
function Received({ ticket }: { ticket: Ticket }) {
  const { speech, game } = useWhole()
  const { words, say } = speech
  const result = useRef<HTMLDivElement>(null)
  useEffect(() => result.current?.focus(), [])
  return (
    <div class="card done" tabIndex={-1} ref={result}>
      <Icon name="check" />
      <p>
        <b>{say(words.value.received, { number: ticket.number })}</b>
        {game.value?.can.answers === 'email' ? words.value.receivedByEmail : words.value.receivedHint}
      </p>
    </div>
  )
}

interface LogProps {
  count: number
  /** The newest that somebody said. */
  said?: MessageId | undefined
  children: preact.ComponentChildren
}

/** Keeps the newest in view, unless the player has scrolled up to read. */
function Log({ count, said, children }: LogProps) {
  const { speech } = useWhole()
  const words = speech.words.value
  const log = useRef<HTMLDivElement>(null)
  const following = useRef(true)
  const [behind, setBehind] = useState(false)
  const toEnd = () => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight
    setBehind(false)
  }
  const onScroll = () => {
    if (!log.current) return
    const { scrollHeight, scrollTop, clientHeight } = log.current
    following.current = scrollHeight - scrollTop - clientHeight < 60
    if (following.current) setBehind(false)
  }
  useLayoutEffect(() => {
    if (following.current) toEnd()
  }, [count])
  useLayoutEffect(() => {
    if (!following.current) setBehind(true)
  }, [said])
  return (
    <>
      <div
        role="log"
        aria-label={words.conversation}
        class="log"
        ref={log}
        onScroll={onScroll}
        // A picture that comes in later pushes the newest out of view.
        onLoadCapture={() => following.current && toEnd()}
      >
        {children}
      </div>
      {behind && (
        <button type="button" class="newest" onClick={toEnd}>
          <Icon name="down" />
          {words.newAnswer}
        </button>
      )}
    </>
  )
}

function Next({ ticket }: { ticket: Ticket }) {
  const { speech, turn, game } = useWriting()
  const words = speech.words.value
  const { id, can, status, rating } = ticket
  if (status !== 'closed') {
    return (
      <>
        {can.close && (
          <p class="foot solved">
            <button type="button" class="link" onClick={() => turn(id, 'close')}>
              {words.solved}
            </button>
          </p>
        )}
        {can.reply && <Composer id={id} />}
      </>
    )
  }
  return (
    <div class="foot closed">
      <p>{words.isClosed}</p>
      {(can.rate || rating) && game.value?.can.rating && <Rating ticket={ticket} />}
      {can.reopen && (
        <button type="button" class="plain" onClick={() => turn(id, 'reopen')}>
          {words.stillNotSolved}
        </button>
      )}
    </div>
  )
}
