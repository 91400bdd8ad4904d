/** Once a ticket is closed: how was it? */
import type { Ticket } from '../../server/contract/ticket.ts'
import { signal } from '../state/signal.ts'
import { useKept } from './context.ts'
import { Icon } from './icons.tsx'
import { morePaths } from './more-icons.ts'
import { useTalk } from './use-talk.ts'

const scores = [1, 2, 3, 4, 5]

export function Rating({ ticket }: { ticket: Ticket }) {
  const { speech, threads, act } = useTalk()
  const { words, say } = speech
  const given = useKept(() => ({ score: signal(0), comment: signal('') }))
  const score = given.score.value
  const comment = given.comment.value
  if (ticket.rating) return <p>{say(words.value.rated, { n: ticket.rating.score })}</p>
  const send = (event: Event) => {
    event.preventDefault()
    act(() => threads.rate(ticket.id, { score, ...(comment.trim() && { comment }) }))
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
            <Icon path={morePaths.star} />
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
            maxLength={2_000}
            value={comment}
            onInput={(event) => {
              given.comment.value = event.currentTarget.value
            }}
          />
          <button type="submit" class="main">
            {words.value.send}
          </button>
        </>
      )}
    </form>
  )
}
