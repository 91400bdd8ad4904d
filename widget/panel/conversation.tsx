/** One ticket: what was said, live, and what can be done next. */

import { signal } from '@preact/signals-core'
import type { ComponentChildren } from 'preact'
import type { MessageId, TicketId } from '../../server/contract/ids.ts'
import type { Message } from '../../server/contract/message.ts'
import type { Ticket } from '../../server/contract/ticket.ts'
import { lazyImport } from '../lazy-import.ts'
import { Composer } from './composer.tsx'
import { useKept, useWhole } from './context.ts'
import { Icon } from './icons.tsx'
import { lazy } from './lazy.tsx'
import { Messages } from './message.tsx'
import { morePaths } from './more-icons.ts'
import { Problem } from './notice.tsx'
import { SentAlong } from './sent-along.tsx'
import { useMessaging } from './use-messaging.ts'

const Rating = lazy(lazyImport(() => import('./rating.tsx')))((file) => file.Rating)

/** The vendor was not heard for so long that the player should know. */
const staleMs = 15 * 60_000

export function Conversation({ id }: { id: TicketId }) {
  const { speech, clock, tickets, threads, outbox } = useMessaging()
  const words = speech.words.value
  const ticket = tickets.list.value?.find((one) => one.id === id)
  const thread = threads.all.value[id]
  const outgoing = outbox.items.value.filter(
    ({ ticketId, twin, state }) => ticketId === id && (!twin || state === 'failed'),
  )
  const said = thread?.messages.filter(({ author }) => author !== 'system').pop()
  const failure = threads.failure.value
  return (
    <>
      {failure && <Problem code={failure} again={() => threads.look(id)} />}
      {/* What was said before is no news: a log that comes with it does not announce it. */}
      <Log key={thread ? 'there' : 'coming'} count={(thread?.messages.length ?? 0) + outgoing.length} said={said?.id}>
        {ticket && thread && !isSaid(ticket.subject, thread.messages) && (
          <p class="topic" dir="auto">
            {ticket.subject}
          </p>
        )}
        {ticket && clock.now() - Date.parse(ticket.asOf) > staleMs && (
          <p class="hint">{speech.say(words.asOf, { time: speech.ago(ticket.asOf, clock.now()) })}</p>
        )}
        {thread && thread.sentAlong.length > 0 && <SentAlong lines={thread.sentAlong} />}
        {thread?.earlier && (
          <button type="button" class="plain" onClick={() => threads.lookBack(id)}>
            {words.earlier}
          </button>
        )}
        <Messages id={id} messages={thread?.messages ?? []} outgoing={outgoing} />
      </Log>
    </>
  )
}

/** Where a player gave no subject it is the first words of the message, cut with an ellipsis. */
function isSaid(subject: string, messages: readonly Message[]): boolean {
  const words = oneLine(subject).replace(/…$/, '')
  return messages.some(({ text }) => oneLine(text).startsWith(words))
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** A first message that the relay does not have yet. */
export function Outgoing({ itemKey }: { itemKey: string }) {
  const outgoing = useWhole().outbox.items.value.filter(({ key }) => key === itemKey)
  return (
    <Log count={outgoing.length}>
      <Messages messages={[]} outgoing={outgoing} />
    </Log>
  )
}

interface LogProps {
  count: number
  /** The newest that somebody said. */
  said?: MessageId | undefined
  children: ComponentChildren
}

function Log({ count, said, children }: LogProps) {
  const { speech } = useWhole()
  const words = speech.words.value
  const { behind, drawn, onScroll, onLoad, toEnd } = useKept(createFollowing)
  return (
    <>
      <div
        role="log"
        aria-label={words.conversation}
        class="log"
        // A function of its own each time, so that it is called each time.
        ref={(log) => drawn(log, count, said)}
        onScroll={onScroll}
        onLoadCapture={onLoad}
      >
        {children}
      </div>
      {behind.value && (
        <button type="button" class="newest" onClick={toEnd}>
          <Icon path={morePaths.down} />
          {words.newAnswer}
        </button>
      )}
    </>
  )
}

/** Keeps the newest in view, unless the player has scrolled up to read. */
function createFollowing() {
  let log: HTMLElement | null = null
  let following = true
  let top = 0
  let last: { count: number; said: MessageId | undefined } | undefined
  let watched: HTMLElement | undefined
  const behind = signal(false)
  const toEnd = () => {
    behind.value = false
    if (!log) return
    log.scrollTop = log.scrollHeight
    top = log.scrollTop
  }
  const follow = () => {
    if (following) toEnd()
  }
  // A keyboard, or a foot that grows when the ticket is closed, leaves less room to see the newest in.
  const resized = new ResizeObserver(follow)
  return {
    behind,
    toEnd,
    drawn(element: HTMLElement | null, count: number, said: MessageId | undefined) {
      log = element
      if (!log) return
      if (log !== watched) resized.observe(log)
      watched = log
      if (following && last?.count !== count) toEnd()
      if (!following && last?.said !== said) behind.value = true
      last = { count, said }
    },
    onScroll() {
      if (!log) return
      const isNearEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60
      // Only the player scrolls up; that the end is far may also be because there is more, or less room.
      if (isNearEnd || log.scrollTop < top) following = isNearEnd
      if (following) behind.value = false
      top = log.scrollTop
    },
    // A picture that comes in later pushes the newest out of view.
    onLoad: follow,
  }
}

/** What can be done about a ticket. */
export function Next({ ticket }: { ticket: Ticket }) {
  const { speech, turn, game, threads } = useMessaging()
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
      {(can.rate || rating) && game.value?.can.rating && (
        <Rating ticket={ticket} rate={(rating) => threads.rate(id, rating)} />
      )}
      {can.reopen && (
        <button type="button" class="plain" onClick={() => turn(id, 'reopen')}>
          {words.stillNotSolved}
        </button>
      )}
    </div>
  )
}
