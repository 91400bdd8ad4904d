/** Once a ticket is closed: how was it? */

import { signal } from '@preact/signals-core'
import type { NewRating, Ticket } from '../../server/contract/ticket.ts'
import { useKept } from './context.ts'
import { Cut } from './field-hints.tsx'
import { Icon } from './icons.tsx'
import { useMessaging } from './use-messaging.ts'

const maxCommentLength = 2_000
const scores = [1, 2, 3, 4, 5]
const star = 'M12 3.500l2.6 5.4 5.9.8-4.3 4.1 1 5.900L12 16.900l-5.2 2.8 1-5.900L3.5 9.700l5.9-.800z'

export interface RatingProps {
  ticket: Ticket
  rate(rating: NewRating): Promise<void>
}

export function Rating({ ticket, rate }: RatingProps) {
  const { speech, act, truncation } = useMessaging()
  const { words, say } = speech
  const given = useKept(() => ({ score: signal(0), comment: signal('') }))
  const score = given.score.value
  const comment = given.comment.value
  if (ticket.rating) return <p>{say(words.value.rated, { n: ticket.rating.score })}</p>
  const write = (text: string) => {
    given.comment.value = text
  }
  const send = (event: Event) => {
    event.preventDefault()
    act(() => rate({ score, ...(comment.trim() && { comment }) }))
  }
  return (
    <form class="rating" onSubmit={send}>
      <fieldset>
        <legend>{words.value.rate}</legend>
        {scores.map((value) => (
          <label key={value} class={value <= score ? 'star on' : 'star'}>
            <input
              type="radio"
              name="score"
              class="hidden"
              checked={value === score}
              onChange={() => {
                given.score.value = value
              }}
            />
            <Icon path={star} />
            <span class="hidden">{say(words.value.rateScore, { n: value })}</span>
          </label>
        ))}
      </fieldset>
      {score > 0 && (
        <>
          <label for="comment">{words.value.rateComment}</label>
          <textarea
            id="comment"
            rows={2}
            dir="auto"
            value={comment}
            {...truncation.listeners({ id: 'comment', value: comment, max: maxCommentLength, write })}
          />
          <Cut id="comment" value={comment} />
          <button type="submit" class="main">
            {words.value.send}
          </button>
        </>
      )}
    </form>
  )
}
