/** The form of a new ticket: category, that category's fields, the message, files, and what else is sent. */
import { useEffect, useRef } from 'preact/hooks'
import { AlsoSent } from './also-sent.tsx'
import { CameraPicker, FileList, FilePicker } from './attachment.tsx'
import { CategoryFields, Place } from './fields.tsx'
import { Screen } from './screen.tsx'
import { useWriting } from './use-writing.ts'

export const maxMessageLength = 10_000

export function NewTicket() {
  const { speech, form, game } = useWriting()
  const words = speech.words.value
  const element = useRef<HTMLFormElement>(null)
  useEffect(form.refresh, [])
  const send = useSend(element)
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send(event)
  }
  const byEmail = game.value?.can.answers === 'email'
  return (
    <Screen title={words.newTicket}>
      <form ref={element} noValidate onSubmit={send} onKeyDown={onKeyDown}>
        <Categories />
        <CategoryFields />
        <Message />
        <FileList uploads={form.uploads} />
        <FilePicker uploads={form.uploads} label={words.addFiles} />
        <CameraPicker uploads={form.uploads} />
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
        {form.sending.value && (
          <p class="hint" role="status">
            {words.sendAfterFiles}
          </p>
        )}
      </form>
    </Screen>
  )
}

/** Sends and goes on to the result, or moves the focus to the first place that is wrong. */
function useSend(element: { current: HTMLFormElement | null }) {
  const { form, router } = useWriting()
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
  const { speech, form, game } = useWriting()
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
  const { speech, form } = useWriting()
  const { words, say } = speech
  const { message } = form.answers.value
  const left = maxMessageLength - message.length
  return (
    <Place id="message" label={words.value.message} hint={words.value.messageHint} required>
      {(props) => (
        <>
          <textarea
            {...props}
            rows={5}
            dir="auto"
            maxLength={maxMessageLength}
            value={message}
            onInput={(event) => form.change({ message: event.currentTarget.value })}
          />
          {left < 500 && (
            <p class="hint" role="status">
              {say(words.value.charactersLeft, { n: left })}
            </p>
          )}
        </>
      )}
    </Place>
  )
}

function TicketLanguage() {
  const { speech, form, game } = useWriting()
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
