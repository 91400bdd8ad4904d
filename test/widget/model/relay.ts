/** A relay of the contract's answers, from memory. It keeps its players apart; whether the widget does is another's to judge. */

import type { NewAttachment } from '../../../server/contract/attachment.ts'
import type { PlayerEvent } from '../../../server/contract/event.ts'
import type { Message } from '../../../server/contract/message.ts'
import type { NewSession, Session } from '../../../server/contract/player.ts'
import type { ProblemCode } from '../../../server/contract/problem-code.ts'
import { type RouteName, routes } from '../../../server/contract/routes.ts'
import type { Person } from './marks.ts'
import {
  addTo,
  type Case,
  caseOf,
  game,
  kindOf,
  linesOf,
  messageOf,
  summaryOf,
  type Told,
  thousandsOf,
} from './relay-data.ts'
import { readToken, tokenFor } from './tokens.ts'

export interface Asked {
  method: string
  /** Behind `/v1`. */
  path: string
  query: URLSearchParams
  headers: Headers
  body: string | undefined
}

export interface Answer {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

export interface Relay {
  answer(asked: Asked): Answer
  cases: ReadonlyMap<string, Case>
  /** Whose a file is, by its id or the path of its upload. */
  uploader(path: string): Person | undefined
  /** An agent writes, on a ticket. */
  say(ticketId: string, text: string): void
  /** Events from now on, and those after `lastEventId`. @returns ends it */
  follow(person: Person, lastEventId: string | null, push: (chunk: string) => void): () => void
  /** Whom it has made a session for, and when. */
  guests: ReadonlyMap<Person, number>
}

/** @param id what the address names */
type Respond = (asked: Asked, person: Person, id: string) => Answer

/** Mailed to a player, and good as often as they like. */
export const mailCode = (person: Person) => `code-of-${person}`

export function createRelay(now: () => number): Relay {
  const cases = new Map<string, Case>()
  const files = new Map<string, { owner: Person; size: number; offset: number }>()
  const answered = new Map<string, Answer>()
  const ended = new Set<string>()
  const guests = new Map<Person, number>()
  const events: Told[] = []
  const followers = new Set<{ person: Person; push(chunk: string): void }>()
  let ids = 0

  const instant = () => new Date(now()).toISOString()
  const nextId = () => {
    ids += 1
    return String(ids).padStart(22, '0')
  }
  const tell = (person: Person, event: PlayerEvent) => {
    const one = { id: events.length + 1, person, event }
    events.push(one)
    for (const follower of followers) if (follower.person === person) follower.push(linesOf(one))
  }
  const tellOfChange = ({ owner, conversation }: Case, message?: Message) => {
    if (message) tell(owner, { type: 'message-added', data: { ticketId: conversation.id, message } })
    tell(owner, { type: 'ticket-changed', data: { ticket: summaryOf(conversation) } })
    const unread = [...cases.values()].filter((one) => one.owner === owner && one.conversation.unread > 0)
    const count = thousandsOf(owner) + unread.length
    tell(owner, { type: 'unread', data: { count, unanswered: count } })
  }
  const add = (one: Case, author: 'player' | 'agent', text: string): Message => {
    const message = messageOf(author, nextId(), text, instant())
    addTo(one.conversation, message, now())
    tellOfChange(one, message)
    return message
  }
  const grant = (person: Person, kind: Session['kind']): Answer => {
    const expiresAt = now() + 30 * 86_400_000
    const session = { token: tokenFor(person, expiresAt), kind, expiresAt: new Date(expiresAt).toISOString() }
    return created({ ...session, ...(kind === 'anonymous' && { recoveryKey: `KEY-${person}` }) })
  }
  const enter = (body: NewSession): Answer => {
    if (body.kind === 'recover') return grant(body.recoveryKey.slice('KEY-'.length), 'anonymous')
    if (body.kind === 'email')
      return body.code ? grant(body.code.slice(mailCode('').length), 'email') : refusal(422, 'invalid')
    const person = `anon:g${guests.size + 1}`
    guests.set(person, now())
    return grant(person, 'anonymous')
  }
  /** The same key is the same message, for this player. */
  const once =
    (respond: Respond): Respond =>
    (asked, person, id) => {
      const key = `${person} ${asked.headers.get('Idempotency-Key')}`
      const answer = answered.get(key) ?? respond(asked, person, id)
      answered.set(key, answer)
      return answer
    }
  const onCase =
    (respond: (one: Case, asked: Asked, person: Person) => Answer): Respond =>
    (asked, person, id) => {
      const one = cases.get(id)
      return one?.owner === person ? respond(one, asked, person) : refusal(404, 'not_found')
    }
  const ownsAll = (ids: string[] = [], person: Person) => ids.every((id) => files.get(id)?.owner === person)
  const write = (one: Case, { body }: Asked, person: Person): Message | undefined => {
    const { message, attachments } = JSON.parse(body ?? '')
    return ownsAll(attachments, person) ? add(one, 'player', message) : undefined
  }

  const responses: Partial<Record<RouteName, Respond>> = {
    'GET /games/:game': () => found(game),
    'POST /sessions': ({ body }) => enter(JSON.parse(body ?? '')),
    'GET /session': (_asked, person) => found({ kind: kindOf(person), subject: person, name: `Player ${person}` }),
    'DELETE /session': ({ headers }) => {
      ended.add(bearerOf(headers))
      return { status: 204 }
    },
    'GET /tickets': (_asked, person) => {
      const own = [...cases.values()].filter(({ owner }) => owner === person)
      return found({ items: own.map(({ conversation }) => summaryOf(conversation)), cursor: null })
    },
    'POST /tickets': once((asked, person) => {
      const one = caseOf(person, nextId(), JSON.parse(asked.body ?? '').message, instant())
      cases.set(one.conversation.id, one)
      if (write(one, asked, person)) return created(structuredClone(one.conversation))
      cases.delete(one.conversation.id)
      return refusal(404, 'not_found')
    }),
    'GET /tickets/:ticketId': onCase(({ conversation }) => found(structuredClone(conversation))),
    'POST /tickets/:ticketId/messages': once(
      onCase((one, asked, person) => {
        const message = write(one, asked, person)
        return message ? created(message) : refusal(404, 'not_found')
      }),
    ),
    'POST /tickets/:ticketId/read': onCase((one) => {
      one.conversation.unread = 0
      tellOfChange(one)
      return found(summaryOf(one.conversation))
    }),
    'POST /attachments': ({ body }, person) => {
      const { fileSize }: NewAttachment = JSON.parse(body ?? '')
      const id = nextId()
      files.set(id, { owner: person, size: fileSize, offset: 0 })
      return created({ id, upload: { protocol: 'tus', url: `/v1/uploads/${id}` } })
    },
    'DELETE /attachments/:attachmentId': () => ({ status: 204 }),
    'GET /events': () => found({ events: [], lastEventId: String(events.length), nextPollSeconds: 30 }),
  }
  /** As tus has it. */
  const upload: Respond = ({ method, body }, person, id) => {
    const file = files.get(id)
    if (file?.owner !== person) return refusal(404, 'not_found')
    if (method === 'PATCH') file.offset = Math.min(file.size, file.offset + Number(body ?? 0))
    const headers = { 'Upload-Offset': String(file.offset), 'Upload-Length': String(file.size) }
    return { status: method === 'PATCH' ? 204 : 200, headers }
  }
  const patterns = Object.entries(responses).map(([name, respond]) => ({ ...matcherOf(name), respond }))
  const refusalOf = (token: string): Answer | undefined => {
    const bearer = readToken(token)
    if (!bearer) return refusal(401, 'token_missing')
    if (ended.has(token)) return refusal(401, 'session_ended')
    return bearer.expiresAt <= now() ? refusal(401, 'token_expired') : undefined
  }

  return {
    cases,
    guests,
    uploader: (path) => files.get(path.replace('/uploads/', ''))?.owner,
    answer(asked) {
      const line = `${asked.method} ${asked.path}`
      const token = bearerOf(asked.headers)
      const person = readToken(token)?.person ?? ''
      const [, uploadId] = /^(?:HEAD|PATCH) \/uploads\/(\w+)$/.exec(line) ?? []
      if (uploadId) return refusalOf(token) ?? upload(asked, person, uploadId)
      const route = patterns.find(({ pattern }) => pattern.test(line))
      if (!route) return refusal(404, 'not_found')
      const refused = route.isPublic ? undefined : refusalOf(token)
      return refused ?? route.checked(route.respond(asked, person, route.pattern.exec(line)?.[1] ?? ''))
    },
    say(ticketId, text) {
      const one = cases.get(ticketId)
      if (one) add(one, 'agent', text)
    },
    follow(person, lastEventId, push) {
      push(`id: ${events.length}\n: welcome\n\n`)
      const missed = lastEventId === null ? [] : events.slice(Number(lastEventId))
      for (const one of missed) if (one.person === person) push(linesOf(one))
      const follower = { person, push }
      followers.add(follower)
      return () => followers.delete(follower)
    },
  }
}

/** The contract says how it is reached, and what it may answer. */
function matcherOf(name: string) {
  const [, spec] = Object.entries(routes).find(([route]) => route === name) ?? []
  if (!spec) throw Error(`the contract knows no ${name}`)
  const answers: Record<number, unknown> = spec.answers
  return {
    pattern: RegExp(`^${name.replaceAll(/:\w+/g, '([\\w-]+)')}$`),
    isPublic: spec.access !== 'player',
    checked(answer: Answer): Answer {
      const shape = answers[answer.status]
      if (isSchema(shape)) shape.parse(answer.body)
      return answer
    },
  }
}

function isSchema(shape: unknown): shape is { parse(value: unknown): unknown } {
  return typeof shape === 'object' && shape !== null && 'parse' in shape
}

export function bearerOf(headers: Headers): string {
  return headers.get('Authorization')?.replace('Bearer ', '') ?? ''
}

export function refusal(status: number, code: ProblemCode): Answer {
  return { status, body: { type: 'about:blank', title: code, status, code } }
}

const found = (body: unknown): Answer => ({ status: 200, body })
const created = (body: unknown): Answer => ({ status: 201, body })
