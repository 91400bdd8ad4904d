/** The form of a new ticket: category, that category's fields, the message, files, and what else is sent. */
import { createRef } from 'preact'
import { useKept, useSupport } from './context.ts'
import { CategoryFields, Cut, listenersOf, Place } from './fields.tsx'
import { isComposing } from './keys.ts'
import { inMessaging } from './lazy.tsx'
import { Screen } from './screen.tsx'

const NewFiles = inMessaging(({ views }) => views.NewFiles)
const WaitsForFiles = inMessaging(({ views }) => views.WaitsForFiles, true)
const Room = inMessaging(({ views }) => views.Room, true)
const AlsoSent = inMessaging(({ views }) => views.AlsoSent, true)

export const maxMessageLength = 10_000

export function NewTicket() {
  const { speech, opens, game } = useSupport()
  const words = speech.words.value
  const why = opens.value === false ? game.value && words.cannotWrite : words.loading
  return <Screen title={words.newTicket}>{opens.value ? <Form /> : <p class="hint">{why}</p>}</Screen>
}

function Form() {
  const { speech, form, game, messaging } = useSupport()
  const words = speech.words.value
  const element = useKept(createRef<HTMLFormElement>)
  const send = useSend(element)
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !isComposing(event)) send(event)
  }
  const byEmail = game.value?.can.answers === 'email'
  return (
    <form ref={element} noValidate onSubmit={send} onKeyDown={onKeyDown}>
      <Categories />
      <CategoryFields />
      <Message />
      <NewFiles />
      {byEmail && (
        <Place id="email" label={words.email} hint={words.emailHint} required>
          {(props) => (
            <input
              {...props}
              type="email"
              autocomplete="email"
              value={form.answers.value.email}
              onInput={(event) => form.change({ email: event.currentTarget.value })}
            />
          )}
        </Place>
      )}
      <TicketLanguage />
      <AlsoSent />
      <button type="submit" class="main" aria-disabled={form.sending.value}>
        {words.send}
      </button>
      <WaitsForFiles sending={form.sending} uploads={messaging.value?.newFiles} />
    </form>
  )
}

/** Sends and goes on to the result, or moves the focus to the first place that is wrong. */
function useSend(element: { current: HTMLFormElement | null }) {
  const { form, router } = useSupport()
  return async (event: Event) => {
    event.preventDefault()
    const key = await form.send()
    if (key) router.go({ view: 'outgoing', key })
    else
      requestAnimationFrame(() =>
        element.current?.querySelector<HTMLElement>('[aria-invalid=true], .undecided')?.focus(),
      )
  }
}

function Categories() {
  const { speech, form, game } = useSupport()
  const categories = game.value?.form.categories ?? []
  const wrong = form.mistakes.value.category
  if (!categories.length) return null
  return (
    <fieldset class="chips" aria-describedby={wrong && 'category-wrong'}>
      <legend>{speech.words.value.about}</legend>
      {categories.map(({ id, label }) => (
        <label key={id} class="chip">
          <input
            type="radio"
            name="category"
            aria-invalid={!!wrong}
            checked={form.answers.value.category === id}
            onChange={() => form.change({ category: id })}
          />
          <span dir="auto">{speech.label(label, game.value?.languages)}</span>
        </label>
      ))}
      {wrong && (
        <p class="wrong" id="category-wrong">
          {speech.words.value[wrong]}
        </p>
      )}
    </fieldset>
  )
}

function Message() {
  const support = useSupport()
  const { speech, form } = support
  const words = speech.words.value
  const { message } = form.answers.value
  const left = maxMessageLength - message.length
  const write = (message: string) => form.change({ message })
  return (
    <Place id="message" label={words.message} hint={words.messageHint} required>
      {(props) => (
        <>
          <textarea
            {...props}
            rows={5}
            dir="auto"
            value={message}
            {...listenersOf({ id: 'message', value: message, max: maxMessageLength, write }, support)}
          />
          <Cut id="message" value={message} />
          {left < 500 && <Room left={left} />}
        </>
      )}
    </Place>
  )
}

function TicketLanguage() {
  const { speech, form, game } = useSupport()
  const languages = game.value?.languages ?? []
  if (languages.length < 2) return null
  return (
    <Place id="language" label={speech.words.value.ticketLanguage} required>
      {(props) => (
        <select
          {...props}
          value={form.language.value}
          onChange={(event) => form.change({ language: event.currentTarget.value })}
        >
          {languages.map((code) => (
            <option key={code} value={code} lang={code}>
              {speech.languageName(code)}
            </option>
          ))}
        </select>
      )}
    </Place>
  )
}
