/** Holds the widget to its word: no byte of one player's is sent, shown, kept or announced under another's name. */
import type { Row } from './database.ts'
import { isBy, type Mark, type Marks, type Person } from './marks.ts'
import type { People, Truth } from './people.ts'
import { type Asked, bearerOf, type Relay } from './relay.ts'
import { thousandsOf } from './relay-data.ts'
import { type Shown, shownOn } from './shown.ts'
import type { Tab } from './tab.ts'
import { readToken } from './tokens.ts'

export interface JudgeParts {
  marks: Marks
  people: People
  relay: Relay
  tabs(): Tab[]
  onViolation(violation: string): void
}

export interface Judge {
  /** In the order they came. */
  violations: string[]
  /** A request, at the moment it leaves its page. */
  leaves(tab: Tab, asked: Asked): void
  /** Something is kept in the browser. @param owner as it is marked there; `unknown` where it is not */
  keeps(tab: Tab, text: string, owner: unknown): void
  keepsRow(tab: Tab, row: Row): void
  announces(tab: Tab, event: string, detail: unknown): void
  /** All there is to be seen. */
  looks(): void
  says(violation: string): void
}

export function createJudge({ marks, people, relay, tabs, onViolation }: JudgeParts): Judge {
  const violations: string[] = []
  const says = (violation: string) => {
    if (violations.includes(violation)) return
    violations.push(violation)
    onViolation(violation)
  }
  const ownerOf = (ticketId: string) => relay.cases.get(ticketId)?.owner
  const isNobodys = ({ by }: Mark, { past }: Truth) => typeof by !== 'string' && !past.has(by)
  /** What is on the page may be theirs, or of the hands that are at it. */
  const mayShow = (tab: Tab, mark: Mark, allowed: ReadonlySet<Person>) => {
    if (mark.by === tab.truth.hand) return true
    if ([...allowed].some((person) => isBy(mark, person))) return true
    return isNobodys(mark, tab.truth) && tab.truth.said === undefined
  }
  const personsOf = ({ text, tickets }: Shown) => {
    const named = marks.in(text).flatMap(({ by }) => (typeof by === 'string' ? by : []))
    return new Set([...named, ...tickets.flatMap((id) => ownerOf(id) ?? [])])
  }

  /** Somebody's own, by what its address or its body names. */
  const ownersIn = (path: string, body: string) => {
    const files: string[] = body.startsWith('{') ? (JSON.parse(body).attachments ?? []) : []
    return [ownerOf(path.split('/')[2] ?? ''), ...[path, ...files].map(relay.uploader)].filter(
      (owner) => owner !== undefined,
    )
  }
  const leavesAs = (tab: Tab, bearer: Person, { method, path, body = '' }: Asked) => {
    const at = `${tab.name}: ${method} ${path}`
    const allowed = people.allowed(tab.truth)
    if (!allowed.has(bearer)) says(`${at}: as ${bearer}, who is not here, but ${listed(allowed)}`)
    for (const mark of marks.in(body)) {
      if (!isBy(mark, bearer)) says(`${at}: ${body} goes out as ${bearer}`)
      else mark.bound = bearer
    }
    for (const owner of ownersIn(path, body)) if (owner !== bearer) says(`${at}: of ${owner}, goes out as ${bearer}`)
    const others = tab.truth.before.size ? [] : [...personsOf(shownOn(tab))].filter((other) => other !== bearer)
    if (others.length) says(`${at}: as ${bearer}, while the page shows ${others.join(' and ')}`)
  }
  const leaves = (tab: Tab, asked: Asked) => {
    const { path, headers, body = '' } = asked
    const bearer = readToken(bearerOf(headers))?.person
    // Whose a token is, may be asked of any; and a session is ended by itself.
    if (bearer !== undefined && path !== '/session') leavesAs(tab, bearer, asked)
    const key: string | undefined = path === '/sessions' ? JSON.parse(body).recoveryKey : undefined
    const recovered = key?.slice('KEY-'.length)
    if (recovered && !people.allowed(tab.truth).has(recovered))
      says(`${tab.name}: brings back ${recovered}, who is not here`)
  }
  /** In the browser, beside what others have left: marked as theirs, or as nobody's. */
  const mayKeep = (tab: Tab, mark: Mark, owner: unknown) => {
    const allowed = people.allowed(tab.truth)
    const isGone = (by: Mark['by']) => tab.truth.left.has(by) && !(typeof by === 'string' && allowed.has(by))
    if (isGone(mark.by)) return false
    // Whose it is, no name says: no other page shows it to anybody but a guest.
    if (!owner) return typeof mark.by !== 'string' || allowed.has(mark.by)
    // While it stands open who it is, nobody is named.
    if (typeof owner === 'string' && owner !== '' && owner !== 'email:?') return isBy(mark, owner) && !isGone(owner)
    return mark.by === tab.truth.hand || [...allowed].some((person) => isBy(mark, person))
  }
  const keeps = (tab: Tab, text: string, owner: unknown) => {
    for (const mark of marks.in(text))
      if (!mayKeep(tab, mark, owner))
        says(`${tab.name}: keeps ${text} as ${owner}'s, where it is ${listed(people.allowed(tab.truth))}`)
  }
  /** Nobody who was signed in is lost, but for what another page has done. */
  const lookWho = ({ name, truth, support: { session } }: Tab) => {
    const kind = session.kind.peek()
    if (truth.said !== undefined && kind !== 'verified' && !truth.asked) {
      if (!truth.mayGiveUp && !truth.gone) says(`${name}: has forgotten ${truth.said}`)
      people.forget(truth)
    }
    const allowed = people.allowed(truth)
    const owner = session.owner.peek()
    if (kind && owner && !allowed.has(owner)) says(`${name}: holds it is ${owner}, where it is ${listed(allowed)}`)
    if (session.earlier.peek() && truth.byLink) says(`${name}: offers a guest's tickets to who came by a link`)
  }
  const lookWhat = (tab: Tab) => {
    const { name, truth } = tab
    const allowed = people.allowed(truth)
    const shown = shownOn(tab)
    const persons = personsOf(shown)
    for (const person of persons)
      if (!allowed.has(person)) says(`${name}: shows ${person}, where it is ${listed(allowed)}`)
    for (const mark of marks.in(shown.text))
      if (!mayShow(tab, mark, allowed)) says(`${name}: shows text ${mark.number}, where it is ${listed(allowed)}`)
    if (persons.size > 1 && !truth.before.size) says(`${name}: mixes ${listed(persons)}`)
  }
  return {
    violations,
    says,
    leaves,
    keeps,
    keepsRow: (tab, row) => keeps(tab, JSON.stringify(row), row.owner),
    announces(tab, event, detail) {
      const allowed = people.allowed(tab.truth)
      const { id, count = 0 } = Object(detail)
      const owner = event === 'ticket-opened' ? ownerOf(id) : undefined
      if (owner !== undefined && !allowed.has(owner)) says(`${tab.name}: announces a ticket of ${owner}`)
      // Below a thousand, it is counted on the page itself.
      const isTheirs = [...allowed].some((person) => Math.floor(count / 1000) === thousandsOf(person) / 1000)
      if (event === 'unread' && count >= 1000 && !isTheirs) says(`${tab.name}: announces what another has not read`)
    },
    looks() {
      for (const tab of tabs()) {
        if (tab.state !== 'awake') continue
        lookWho(tab)
        lookWhat(tab)
      }
    },
  }
}

function listed(persons: ReadonlySet<Person>): string {
  return persons.size ? [...persons].join(' or ') : 'nobody'
}
