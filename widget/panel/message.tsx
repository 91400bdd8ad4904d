/** What was said, by day and by author, and under the player's own newest message where it is. */

import { type ComponentChildren, Fragment } from 'preact'
import type { MessageId, TicketId } from '../../server/contract/ids.ts'
import type { Delivery, Message } from '../../server/contract/message.ts'
import type { DeliveryProblemCode } from '../../server/contract/problem-code.ts'
import type { FailureCode } from '../handle.ts'
import type { Outgoing } from '../state/outbox.ts'
import type { Words } from '../words/en.ts'
import { Attached } from './attachment.tsx'
import { useWhole } from './context.ts'
import { Heading } from './screen.tsx'
import { useMessaging } from './use-messaging.ts'

export interface MessagesProps {
  /** The ticket, once there is one. */
  id?: TicketId
  messages: readonly Message[]
  outgoing: readonly Outgoing[]
}

/** Those on the relay, then those still in the outbox. */
export function Messages({ id, messages, outgoing }: MessagesProps) {
  const { speech } = useWhole()
  const newestOwn = outgoing.length ? undefined : messages.filter(({ author }) => author === 'player').pop()
  return (
    <>
      {messages.map((message, index) => {
        const before = messages[index - 1]
        const newDay = speech.day(message.sentAt) !== (before && speech.day(before.sentAt))
        return (
          <Fragment key={message.id}>
            {newDay && <Heading class="day">{speech.day(message.sentAt)}</Heading>}
            <Said
              id={id}
              message={message}
              led={!newDay && before?.author === message.author}
              newest={message === newestOwn}
            />
          </Fragment>
        )
      })}
      {outgoing.map((item) => (
        <OutgoingMessage key={item.key} item={item} />
      ))}
    </>
  )
}

const deliveryWords: Record<Delivery, keyof Words & `delivery${string}`> = {
  received: 'deliveryReceived',
  delivered: 'deliveryDelivered',
  read: 'deliveryRead',
  failed: 'deliveryFailed',
}

interface SaidProps {
  id: TicketId | undefined
  message: Message
  /** The one above is by the same author, so the name need not be said again. */
  led: boolean
  /** The player's own newest. */
  newest: boolean
}

function Said({ id, message, led, newest }: SaidProps) {
  const { speech } = useWhole()
  const words = speech.words.value
  const { author, authorName, text, language, delivery, problem, sentAt, attachments, event, by } = message
  if (author === 'system') {
    return (
      // Whoever did it hears so from the word after the act.
      <p class="event" dir="auto" aria-live={by === 'player' ? 'off' : undefined}>
        {(event && by && words.turned[event]?.[by]) ?? text} <time dateTime={sentAt}>{speech.time(sentAt)}</time>
      </p>
    )
  }
  const own = author === 'player'
  return (
    <Bubble own={own} name={led ? undefined : own ? words.you : (authorName ?? words.agent)} sentAt={sentAt}>
      <p class="said-text" dir="auto" {...(language && { lang: language })}>
        {text}
      </p>
      {attachments.map((attachment) => (
        <Attached key={attachment.id} attachment={attachment} />
      ))}
      {own && delivery === 'failed' ? (
        <Failed id={id} messageId={message.id} code={problem?.code} />
      ) : (
        newest && <p class="truth">{words[deliveryWords[delivery]]}</p>
      )}
    </Bubble>
  )
}

function Bubble(props: { own: boolean; name: string | undefined; sentAt: string; children: ComponentChildren }) {
  const { speech } = useWhole()
  const { own, name, sentAt, children } = props
  return (
    <article class={own ? 'message own' : 'message'}>
      <p class={name ? 'author' : 'hidden'}>
        <bdi>{name ?? (own ? speech.words.value.you : speech.words.value.agent)}</bdi>
        <time dateTime={sentAt}>{speech.time(sentAt)}</time>
      </p>
      {children}
    </article>
  )
}

/** Safe with the relay, but the vendor did not take it. */
function Failed(props: { id: TicketId | undefined; messageId: MessageId; code: DeliveryProblemCode | undefined }) {
  const { speech, threads, act } = useMessaging()
  const { id, messageId, code } = props
  const again = () => id && act(() => threads.retry(id, messageId))
  return (
    <p class="truth">
      <Why code={code} />
      <button type="button" class="link" onClick={again}>
        {speech.words.value.tryAgain}
      </button>
    </p>
  )
}

function Why({ code }: { code: DeliveryProblemCode | FailureCode | undefined }) {
  const { speech } = useWhole()
  return (
    <span class="wrong">
      {speech.words.value.deliveryFailed}. {code && speech.problem(code)}
    </span>
  )
}

function OutgoingMessage({ item }: { item: Outgoing }) {
  const { speech, outbox, takeBack } = useMessaging()
  const words = speech.words.value
  const { key, state, code, body, attachments, writtenAt } = item
  const failed = state === 'failed'
  return (
    <Bubble own name={words.you} sentAt={new Date(writtenAt).toISOString()}>
      <p class="said-text" dir="auto">
        {body.message}
      </p>
      {attachments.map((attachment) => (
        <Attached key={attachment.id} attachment={attachment} />
      ))}
      {failed ? (
        <p class="truth">
          <Why code={code} />
          <button type="button" class="link" onClick={() => outbox.retry(key)}>
            {words.tryAgain}
          </button>
          <button type="button" class="link" onClick={() => takeBack(key)}>
            {words.takeBack}
          </button>
        </p>
      ) : (
        <p class="truth">{state === 'sending' ? words.sending : words.onDevice}</p>
      )}
    </Bubble>
  )
}
