/** What has been sent, as the player has seen it: each arrives once, or stays, or is said to have failed. */
import type { Databases } from './database.ts'
import type { Judge } from './judge.ts'
import type { Marks } from './marks.ts'
import type { Answer, Asked, Relay } from './relay.ts'
import { bearerOf } from './relay.ts'
import { shownOn } from './shown.ts'
import type { Tab } from './tab.ts'
import type { Time } from './time.ts'
import { readToken } from './tokens.ts'

interface Post {
  mark: number
  tab: Tab
  at: number
  /** By the hand that wrote it, or by a sign-out. */
  over: boolean
}

export interface PostsParts {
  time: Time
  marks: Marks
  relay: Relay
  judge: Judge
  databases: Databases
  storage: object
  tabs(): Tab[]
}

export interface Posts {
  /** The player has pressed send. */
  pressed(tab: Tab, text: string): void
  /** The player has it back. */
  takenBack(text: string): void
  /** All that was written until now is to be gone. */
  wiped(): void
  /** Its page goes on after it was put away. */
  woke(tab: Tab): void
  /** Its page is gone. */
  died(tab: Tab): void
  arrived(asked: Asked, answer: Answer): void
  /** Once everything has had its time. */
  atEnd(): void
}

/** Until then the browser may not have written it down, or be still about to wipe what another page has told it to. */
const writtenDownMs = 5_000

export function createPosts({ time, marks, relay, judge, databases, storage, tabs }: PostsParts): Posts {
  const posts: Post[] = []
  /** By the mark of what was taken: under which keys. */
  const taken = new Map<number, Set<string>>()
  let wipedAt = 0
  const finish = (text: string) => {
    for (const { number } of marks.in(text)) for (const post of posts) if (post.mark === number) post.over = true
  }
  const lookForLost = () => {
    const kept = JSON.stringify([databases.rows(), Object.values(storage), tabs().map((tab) => shownOn(tab).text)])
    const left = new Set(marks.in(kept).map(({ number }) => number))
    for (const { mark, over } of posts)
      if (!over && !taken.has(mark) && !left.has(mark)) judge.says(`text ${mark} is lost without a word`)
  }
  const lookForStuck = ({ name, support, truth, hangs }: Tab) => {
    const items = support.outbox.items.peek()
    // The first tells why, and the others wait for it. For how long a studio is waited for, is no question here.
    const isTold = items.some(({ code }) => code) || hangs
    if (items.length && truth.named && !isTold) judge.says(`${name}: something waits for nothing`)
  }
  /** Two pages that write at once as nobody become one player, or the one's tickets could not be found again. */
  const lookForUnreachable = () => {
    const session = Object.entries(storage).find(([key]) => key.endsWith(':session'))?.[1] ?? '{}'
    const guest = readToken(JSON.parse(session).token)?.person
    for (const { owner } of relay.cases.values())
      if (owner !== guest && (relay.guests.get(owner) ?? 0) > wipedAt)
        judge.says(`a ticket of ${owner} is out of reach`)
  }
  return {
    pressed(tab, text) {
      for (const { number } of marks.in(text))
        posts.push({ mark: number, tab, at: time.now(), over: time.now() < wipedAt + writtenDownMs })
    },
    takenBack: finish,
    wiped() {
      wipedAt = time.now()
      for (const post of posts) post.over = true
    },
    woke(tab) {
      for (const post of posts) if (post.tab === tab) post.at = time.now()
    },
    died(tab) {
      for (const post of posts) if (post.tab === tab && post.at > time.now() - writtenDownMs) post.over = true
    },
    arrived({ path, headers, body = '' }, { status }) {
      if (status !== 201 || !/^\/tickets/.test(path)) return
      const key = `${readToken(bearerOf(headers))?.person} ${headers.get('Idempotency-Key')}`
      for (const { number } of marks.in(JSON.parse(body).message)) {
        const keys = taken.get(number) ?? new Set()
        taken.set(number, keys.add(key))
        if (keys.size > 1) judge.says(`text ${number} arrives twice: ${[...keys].join(', ')}`)
      }
    },
    atEnd() {
      lookForLost()
      for (const tab of tabs()) lookForStuck(tab)
      lookForUnreachable()
    },
  }
}
