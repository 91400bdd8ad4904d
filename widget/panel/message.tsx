/** What was said, by day and by author, and under the player's own newest message where it is. */
import type { ComponentChildren } from 'preact'
import type { Delivery, Message } from '../../server/contract/message.ts'
import type { DeliveryProblemCode } from '../../server/contract/problem-code.ts'
import type { FailureCode } from '../handle.ts'
import type { Outgoing } from '../state/outbox.ts'
import type { Words } from '../words/en.ts'
import { Attached } from './attachment.tsx'
import { useWhole } from './use-whole.ts'
import { useWriting } from './use-writing.ts'

/** One on the relay, or one still in the outbox. */
export function Messages({ messages, outgoing }: { messages: readonly Message[]; outgoing: readonly Outgoing[] }) {
  const { speech } = useWhole()
  const newestOwn = outgoing.length ? undefined : messages.filter(({ author }) => author === 'player').pop()
  return (
    <>
      {messages.map((message, index) => {
        const before = messages[index - 1]
        const newDay = speech.day(message.sentAt) !== (before && speech.day(before.sentAt))
        return (
          <>
            {newDay && <h3 class="day">{speech.day(message.sentAt)}</h3>}
            <Said message={message} led={!newDay && before?.author === message.author} newest={message === newestOwn} />
          </>
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

/** @param led the one above is by the same author, so the name need not be said again. */
function Said({ message, led, newest }: { message: Message; led: boolean; newest: boolean }) {
  const { speech } = useWhole()
  const words = speech.words.value
  const { author, authorName, text, language, delivery, problem, sentAt, attachments } = message
  if (author === 'system') {
    return (
      <p class="event" dir="auto">
        {text}
      </p>
    )
  }
  const own = author === 'player'
  const failed = own && delivery === 'failed'
  return (
    <Bubble own={own} name={led ? undefined : own ? words.you : (authorName ?? words.agent)} sentAt={sentAt}>
      <p class="said-text" dir="auto" {...(language && { lang: language })}>
        {text}
      </p>
      {attachments.map((attachment) => (
        <Attached key={attachment.id} attachment={attachment} />
      ))}
      {(failed || (newest && own)) && (
        <Truth word={words[deliveryWords[delivery]]} code={failed ? problem?.code : undefined} />
      )}
    </Bubble>
  )
}

function Bubble(props: { own: boolean; name: string | undefined; sentAt: string; children: ComponentChildren }) {
  const { speech } = useWhole()
  const { own, name, sentAt, children } = props
  return (
    <article class={own ? 'message own' : 'message'}>
      <h4 class={name ? 'author' : 'hidden'}>
        <bdi>{name ?? (own ? speech.words.value.you : speech.words.value.agent)}</bdi>
        <time dateTime={sentAt}>{speech.time(sentAt)}</time>
      </h4>
      {children}
    </article>
  )
}

function Truth({ word, code }: { word: string; code?: DeliveryProblemCode | FailureCode | undefined }) {
  const { speech } = useWhole()
  return (
    <p class={code ? 'truth wrong' : 'truth'}>
      {word}
      {code && `. ${speech.problem(code)}`}
    </p>
  )
}

function OutgoingMessage({ item }: { item: Outgoing }) {
  const { speech, outbox } = useWriting()
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
      <Truth
        word={failed ? words.deliveryFailed : state === 'sending' ? words.sending : words.onDevice}
        code={failed ? code : undefined}
      />
      {failed && (
        <p class="truth">
          <button type="button" class="link" onClick={() => outbox.retry(key)}>
            {words.tryAgain}
          </button>
          <TakeBack item={item} />
        </p>
      )}
    </Bubble>
  )
}

function TakeBack({ item }: { item: Outgoing }) {
  const { speech, takeBack } = useWriting()
  return (
    <button type="button" class="link" onClick={() => takeBack(item.key)}>
      {speech.words.value.takeBack}
    </button>
  )
}
