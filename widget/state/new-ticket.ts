/** The form of a new ticket: a draft from the first key, checked before it goes, and then the outbox's. */

import { computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals-core'
import type { Attachment } from '../../server/contract/attachment.ts'
import type { FormCategory, FormField, Game } from '../../server/contract/game.ts'
import type { Draft } from '../handle.ts'
import type { Drafts } from './drafts.ts'
import type { Outbox } from './outbox.ts'
import type { Uploads } from './uploads.ts'

export interface Answers {
  message: string
  category: string
  fields: Readonly<Record<string, string>>
  email: string
  language: string
}

/** What is wrong with one place of the form, by the name of its sentence. */
export type Mistake = 'needed' | 'needNumber' | 'needEmail'

/** `masked`: that there is such a detail is told, and not what it says. */
export type Choice = 'masked' | 'withheld'

/** Goes in place of a value, which then never leaves the page, nor is kept on the device. */
export const mask = '••••'

export interface NewTicketForm {
  answers: ReadonlySignal<Answers>
  category: ReadonlySignal<FormCategory | undefined>
  /** By field id; `message` and `email` are the form's own. Empty until the player tried to send. */
  mistakes: ReadonlySignal<Readonly<Record<string, Mistake>>>
  /** What the ticket will be in. */
  language: ReadonlySignal<string>
  /** What goes along, as the player has been shown it. */
  details: Signal<Readonly<Record<string, string>>>
  /** What of them does not go as it is, by name. Kept on the device, without any value. */
  choices: ReadonlySignal<Readonly<Record<string, Choice>>>
  choose(next: Readonly<Record<string, Choice>>): void
  sending: ReadonlySignal<boolean>
  change(values: Partial<Answers>): void
  begin(draft?: Draft): void
  /** @returns the outbox's key, or undefined when something is missing. */
  send(): Promise<string | undefined>
  /** Out of memory; the draft stays for who wrote it. */
  forget(): void
  destroy(): void
}

export interface NewTicketParts {
  game: ReadonlySignal<Game | undefined>
  drafts: Drafts
  /** What an earlier page left is shown only to who wrote it. */
  owner: ReadonlySignal<unknown>
  outbox: Outbox
  language: ReadonlySignal<string>
  /** Undefined where none can have been chosen. */
  files(): Promise<Uploads | undefined>
}

const empty: Answers = { message: '', category: '', fields: {}, email: '', language: '' }

export function createNewTicket(parts: NewTicketParts): NewTicketForm {
  const { game, drafts, owner, outbox, language, files } = parts
  const answers = signal<Answers>(empty)
  /** By whoever sits here now, who may say later who they are. */
  let touched = false
  const details = signal<Readonly<Record<string, string>>>({})
  const choices = signal<Readonly<Record<string, Choice>>>({})
  const tried = signal(false)
  const sending = signal(false)
  /** Counts whoever has begun here: what waits for a file goes out in no other's name, nor with another's words. */
  let turn = 0
  const category = computed(() => game.value?.form.categories.find(({ id }) => id === answers.value.category))
  const wrong = computed(() => mistakesIn(answers.value, category.value, game.value))

  const change = (values: Partial<Answers>) => {
    answers.value = { ...answers.value, ...values }
    touched = true
    drafts.set('draft', answers.value)
  }
  const choose = (next: Readonly<Record<string, Choice>>) => {
    choices.value = next
    touched = true
    drafts.set('choices', next)
  }
  const clear = () => {
    answers.value = empty
    details.value = {}
    tried.value = sending.value = touched = false
    turn += 1
  }
  const stop = effect(() => {
    owner.value
    drafts.claim()
    if (touched) return
    answers.value = { ...empty, ...drafts.get<Answers>('draft') }
    choices.value = drafts.get('choices') ?? {}
  })
  const written = (attachments: Attachment[]) => {
    const { message, category: chosen, fields, email, language: own } = answers.value
    const asked = category.value?.fields.map(({ id }) => id) ?? []
    const filled = Object.entries(fields).filter(([id, value]) => asked.includes(id) && value.trim())
    const told = Object.entries(details.value)
      .filter(([name]) => choices.value[name] !== 'withheld')
      .map(([name, value]) => [name, choices.value[name] ? mask : value])
    return outbox.open(
      {
        message,
        language: own || language.value,
        ...(chosen && { category: chosen }),
        ...(filled.length && { fields: Object.fromEntries(filled) }),
        ...(told.length && { metadata: Object.fromEntries(told) }),
        ...(attachments.length && { attachments: attachments.map(({ id }) => id) }),
        ...(game.value?.can.answers === 'email' && { email: email.trim() }),
      },
      attachments,
      drafts.send('draft', message),
    )
  }

  return {
    answers,
    category,
    mistakes: computed(() => (tried.value ? wrong.value : {})),
    language: computed(() => answers.value.language || language.value),
    details,
    choices,
    choose,
    sending,
    change,
    begin(draft) {
      if (draft) change({ ...draft, fields: { ...answers.value.fields, ...draft.fields } })
    },
    async send() {
      tried.value = true
      if (sending.value || Object.keys(wrong.value).length) return undefined
      sending.value = true
      const mine = turn
      const uploads = await files()
      const arrived = !uploads || (await uploads.settled())
      // Whoever wrote it may have gone in the meantime.
      if (turn !== mine) return undefined
      sending.value = false
      if (!arrived) return undefined
      const key = written(uploads?.attachments() ?? [])
      uploads?.clear()
      clear()
      return key
    },
    forget() {
      clear()
      choices.value = {}
    },
    destroy: stop,
  }
}

function mistakesIn(
  answers: Answers,
  category: FormCategory | undefined,
  game: Game | undefined,
): Record<string, Mistake> {
  const found: Record<string, Mistake> = {}
  if (game?.form.categories.length && !category) found.category = 'needed'
  for (const field of category?.fields ?? []) {
    const mistake = mistakeIn(field, answers.fields[field.id]?.trim() ?? '')
    if (mistake) found[field.id] = mistake
  }
  if (!answers.message.trim()) found.message = 'needed'
  if (game?.can.answers === 'email' && !/^\S+@\S+\.\S+$/.test(answers.email.trim())) found.email = 'needEmail'
  return found
}

function mistakeIn({ type, required }: FormField, value: string): Mistake | undefined {
  if (!value) return required ? 'needed' : undefined
  return type === 'number' && Number.isNaN(Number(value)) ? 'needNumber' : undefined
}

/** Among the game's languages, the one nearest to how the player's browser speaks. */
export function ticketLanguage(game: Game | undefined, locale: string): string {
  const languages: readonly string[] = game?.languages ?? []
  const wanted = [locale, locale.replace(/-.*/, ''), ...languages]
  return wanted.find((code) => languages.includes(code)) ?? locale
}
