/** What tells an answer of the relay's from whatever else may answer in its place: a hotel's page, a proxy's word. */
import type { AnswerOf, RouteName } from '../../server/contract/routes.ts'

type Telling =
  | 'can'
  | 'events'
  | 'id'
  | 'items'
  | 'kind'
  | 'parameters'
  | 'receipt'
  | 'recoveryKey'
  | 'sent'
  | 'tickets'
  | 'token'

type TellingIn<T> = T extends object ? keyof T & Telling : never
/** The routes whose answers have none of them. */
type Untold = { [R in RouteName]: TellingIn<AnswerOf<R>> extends never ? R : never }[RouteName]
/** Those whose answers are bytes, or nothing. */
type Bare = Extract<RouteName, 'DELETE /session' | `${'GET' | 'DELETE'} /attachments/${string}`>

/** Does not compile where another route's answer has none of them. */
const telling: Untold extends Bare ? readonly Telling[] : never = [
  'can',
  'events',
  'id',
  'items',
  'kind',
  'parameters',
  'receipt',
  'recoveryKey',
  'sent',
  'tickets',
  'token',
]

/** Whether the relay can have said so. The schemas that could tell for certain are as large as all the rest of the panel. */
export function isAnswer(answer: unknown): boolean {
  return telling.some((name) => (Object(answer)[name] ?? null) !== null)
}
