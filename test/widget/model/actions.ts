/** What players, games, agents and the browser itself do, each in one breath. */
import { subjectOf } from '../../../widget/state/owner.ts'
import { mailCode } from './relay.ts'
import type { Tab } from './tab.ts'
import { tokenFor } from './tokens.ts'
import type { World } from './world.ts'

/** How a studio hands over its token. */
export type Manner = 'string' | 'expired' | 'function' | 'late' | 'fails' | 'hangs' | 'short'

const hour = 3_600_000
const lastsMs: Record<Manner, number> = {
  string: hour,
  expired: -60_000,
  function: hour,
  late: hour,
  fails: hour,
  hangs: hour,
  short: 75_000,
}
const takesMs: Record<Manner, number> = {
  string: 0,
  expired: 0,
  function: 40,
  late: 1_200,
  fails: 300,
  hangs: 0,
  short: 100,
}

const ignore = () => {}

/** A page that is used by somebody now. */
export function usable(world: World, at: number): Tab | undefined {
  const awake = world.tabs.filter(({ state, truth }) => state === 'awake' && !truth.asked)
  return awake[at % awake.length]
}

/** A page whose turn went to others, because it heard of a sign-out just then, waits until one of them lets go of it. */
const turnWithinMs = 90_000

/** A studio is asked so often only, by all pages of a browser: the first that is handed a way to is to ask at once. */
const hasAsked = new WeakSet<object>()

function tokenSource({ time, people, judge }: World, tab: Tab, person: string, manner: Manner) {
  const token = () => tokenFor(person, time.now() + lastsMs[manner])
  const { turn } = tab.truth
  if (manner === 'string' || manner === 'expired') return token()
  let fails = manner === 'fails' ? 2 : 0
  let isAsked = hasAsked.has(people)
  hasAsked.add(people)
  const look = () => {
    const { name, truth } = tab
    if (!isAsked && truth.turn === turn && truth.before.size) judge.says(`${name}: does not ask who ${person} is`)
  }
  time.after(turnWithinMs, look, tab)
  return () =>
    new Promise<string>((resolve, reject) => {
      isAsked = true
      if (manner === 'hangs') {
        tab.hangs = true
        return
      }
      const answer = () => {
        fails -= 1
        if (fails >= 0) return reject(Error('the studio is down'))
        people.named(tab.truth, turn)
        resolve(token())
      }
      time.after(takesMs[manner], answer, tab)
    })
}

export function signIn(world: World, tab: Tab, person: string, manner: Manner): Promise<void> {
  return world.time.step(tab, () => {
    const { truth, support } = tab
    world.people.signIn(truth, person, {
      byLink: false,
      guest: truth.said === undefined && !!support.session.kind.peek(),
    })
    const source = tokenSource(world, tab, person, manner)
    if (typeof source === 'string') world.people.named(truth, truth.turn)
    support.session.signIn(source)
  })
}

export async function signOut(world: World, tab: Tab): Promise<void> {
  await world.time.step(tab, () => {
    world.people.signOut(tab.truth)
    world.people.catchUp(tab.truth)
    const before = Object.entries(world.storage)
    tab.support.session.signOut()
    world.wipes(tab, before)
  })
}

/** With a code that was mailed. */
export function enterCode({ time }: World, tab: Tab): Promise<void> {
  return time.step(tab, () => {
    tab.entering = tab.truth.turn
    tab.support.session.enter({ kind: 'email', game: 'test', code: mailCode('email:m') }).catch(ignore)
  })
}

/** The full page is opened by a link with a token in it, as `widget/page.ts` does. */
export function followLink(world: World, tab: Tab, person: string, accept: boolean): Promise<void> {
  const { people, time } = world
  const { truth, support } = tab
  const { session } = support
  const token = tokenFor(person, time.now() + hour)
  const enter = () => {
    people.signIn(truth, person, { byLink: true, guest: true })
    people.named(truth, truth.turn)
    session.signInByLink(token)
  }
  return time.step(tab, () => {
    // Of a player whose name never came, nobody can say later what was theirs.
    if (truth.said !== undefined && !truth.named) world.posts.wiped()
    const known = session.known(subjectOf(token))
    if (!known || known.owner === person) {
      // What nobody has written here is not for whoever comes by a link.
      if (!known) session.doubt()
      return enter()
    }
    session.doubt()
    truth.asked = true
    const decide = () => {
      truth.asked = false
      if (accept) return enter()
      session.trust()
    }
    time.after(2_000, decide, tab)
  })
}

function write(world: World, tab: Tab): string {
  tab.fetchRest()
  const { marks, people } = world
  return `Words of ${marks.make(people.writer(tab.truth, tab.support.session.owner.peek()))}`
}

/**
 * A draft of nobody's from another page, which is still there, or has sent it: this player did not write it. Or one that
 * another page is sending just now: nobody presses twice in that moment.
 */
function isElsewhere({ marks, tabs }: World, tab: Tab, text: string): boolean {
  const others = tabs.filter((other) => other !== tab)
  if (others.some(({ support }) => support.outbox.items.peek().some(({ body }) => body.message === text))) return true
  return marks.in(text).some(({ by, bound }) => {
    if (typeof by === 'string' || by === tab.truth.hand) return false
    return bound !== undefined || tabs.some(({ truth }) => truth.hand === by)
  })
}

/** What an earlier page has left of nobody's is of whoever sends it from here. */
function adopt({ marks }: World, { truth }: Tab, text: string): void {
  for (const mark of marks.in(text)) if (typeof mark.by !== 'string') mark.by = truth.hand
}

function fileOf(world: World, tab: Tab): File {
  const text = write(world, tab)
  return new File([text], `${text}.txt`, { type: 'text/plain' })
}

export interface Writing {
  text: boolean
  file: boolean
  send: boolean
}

/** On the form of a new ticket. */
export function writeNew(world: World, tab: Tab, { text, file, send }: Writing): Promise<void> {
  const { form, router, messaging } = tab.support
  return world.time.step(tab, () => {
    tab.fetchRest()
    router.go({ view: 'new' })
    if (text && !form.sending.peek()) form.change({ message: write(world, tab) })
    if (file) messaging.peek()?.newFiles.add([fileOf(world, tab)])
    const { message } = form.answers.peek()
    if (!send || form.sending.peek() || !message.trim() || isElsewhere(world, tab, message)) return
    adopt(world, tab, message)
    form.send().then((key) => key && world.posts.pressed(tab, message), ignore)
  })
}

/** On one of the tickets that the page shows. */
export function writeReply(world: World, tab: Tab, which: number, { text, file, send }: Writing): Promise<void> {
  const { router, messaging, tickets } = tab.support
  return world.time.step(tab, () => {
    tab.fetchRest()
    const list = tickets.list.peek() ?? []
    const id = list[which % list.length]?.id
    if (!id) return
    router.go({ view: 'ticket', id })
    // Whoever it was may have gone in another page, which is noticed by now.
    const reply = router.current.peek().view === 'ticket' && messaging.peek()?.replies.on(id)
    if (!reply) return
    if (text && !reply.sending.peek()) reply.write(write(world, tab))
    if (file) reply.uploads.add([fileOf(world, tab)])
    const message = reply.text.peek()
    if (!send || reply.sending.peek() || !message.trim() || isElsewhere(world, tab, message)) return
    adopt(world, tab, message)
    const isGone = () => !JSON.stringify(tab.support.outbox.items.peek()).includes(message)
    reply.send().then((sent) => sent && !isGone() && world.posts.pressed(tab, message), ignore)
  })
}

/** A message that waits, or has failed, is tried again or taken back. */
export function decideOnPost(world: World, tab: Tab, act: 'retry' | 'takeBack'): Promise<void> {
  const { outbox, messaging } = tab.support
  return world.time.step(tab, () => {
    const item = outbox.items.peek().find(({ state }) => state !== 'sending')
    if (!item) return
    if (act === 'retry') return outbox.retry(item.key)
    world.posts.takenBack(item.body.message)
    messaging.peek()?.takeBack(item.key)
  })
}

/** An agent answers one of all tickets. */
export function answer({ relay, marks }: World, which: number): void {
  const all = [...relay.cases]
  const [id, one] = all[which % all.length] ?? []
  if (id && one) relay.say(id, `An answer to ${marks.make(one.owner)}`)
}

export function goHome({ time }: World, tab: Tab): Promise<void> {
  return time.step(tab, () => tab.support.router.home())
}

export function setHidden({ time }: World, tab: Tab, hidden: boolean): Promise<void> {
  return time.step(tab, () => {
    tab.document.hidden = hidden
    tab.document.dispatchEvent(new Event('visibilitychange'))
  })
}
