/** One browser, one relay and the people before it: what a history happens in. */
import { createChance } from '../../simulation/random.ts'
import { createDatabases } from './database.ts'
import { timersOf } from './globals.ts'
import { createJudge, type Judge } from './judge.ts'
import { createChannels, createLocks } from './locks.ts'
import { createMarks, type Marks } from './marks.ts'
import { createNetwork, type Weather } from './network.ts'
import { createPeople, type People } from './people.ts'
import { createPosts, type Posts } from './posts.ts'
import { bearerOf, createRelay, type Relay } from './relay.ts'
import { createStorageArea } from './storage-area.ts'
import { openTab, type Tab } from './tab.ts'
import { createTime, type Page, type Time } from './time.ts'
import { readToken } from './tokens.ts'

export interface World {
  time: Time
  marks: Marks
  people: People
  relay: Relay
  judge: Judge
  weather: Weather
  posts: Posts
  /** The pages that are there, awake or not. */
  tabs: Tab[]
  open(): Promise<void>
  close(tab: Tab): void
  /** Into the back/forward cache, where it can be; else it is closed. */
  putAway(tab: Tab): void
  wake(tab: Tab): Promise<void>
  sleep(tab: Tab): void
  /** For the whole browser. */
  setOnline(online: boolean): Promise<void>
  /** Somebody has signed out: nothing written until now may stay in the browser. @param before what was in `localStorage` */
  wipes(tab: Tab, before: [string, unknown][]): void
  storage: object
  /** Tells what happens, to whoever wants to see. */
  print(line: string): void
}

export interface Setting {
  seed: number
  /** Whether the engine has Web Locks and BroadcastChannel. */
  modern: boolean
  weather: Weather
  /** ms until another page hears of a change, and until IndexedDB answers; by chance where it is not said. */
  hears?: number
  keeps?: number
}

const prefix = 'medkit:test:'
const sessionKey = `${prefix}session`

export function createWorld(
  { seed, modern, weather, hears, keeps }: Setting,
  print: (line: string) => void = () => {},
): World {
  const chance = createChance(seed)
  const tabs: Tab[] = []
  const tabOf = (page: Page) => tabs.find((tab) => tab === page)
  const others = (page: Page | undefined) => tabs.filter((tab) => tab !== page)
  let opened = 0
  /** Guests, who never come back by themselves. */
  const signedOut = new Set<unknown>()

  let looked = 0
  const time = createTime(() => {
    judge.looks()
    // What is taken away again in the same breath is not kept.
    for (const { row, write, by } of databases.rows()) {
      const tab = write > looked && tabOf(by)
      if (tab) judge.keepsRow(tab, row)
    }
    if (databases.writes() > looked) print(`${time.now()} ${databases.rows().length} rows in IndexedDB`)
    looked = databases.writes()
  })
  const soon = () => chance.skewed(1, chance.happens(0.1) ? 2_000 : 60)
  const marks = createMarks()
  const people = createPeople({
    sessionKey,
    playerKey: `${prefix}player`,
    wordKey: `${prefix}wiped`,
    onWipe: () => posts.wiped(),
  })
  const relay = createRelay(time.now)
  const judge = createJudge({
    marks,
    people,
    relay,
    tabs: () => tabs,
    onViolation: (violation) => print(`${time.now()} ${violation}`),
  })
  const locks = createLocks(time, () => chance.between(1, 10))
  const openChannel = createChannels(time, () => chance.between(1, 20))
  const databases = createDatabases({
    time,
    delay: () => keeps ?? soon(),
  })
  const storage = createStorageArea(({ by, key, value }) => {
    const writer = by && tabOf(by)
    print(`${time.now()} ${by?.name} keeps ${key} ${value}`)
    const hear = people.changed(
      { key, value },
      writer?.truth,
      others(by).map(({ truth }) => truth),
    )
    if (writer && value !== undefined) judgeKept(writer, key, value)
    for (const tab of others(by)) {
      const { visit } = tab
      const run = () => {
        // What is in the cache hears of nothing, and looks when it comes back.
        if (tab.visit === visit) tab.tell(Object.assign(new Event('storage'), { key, newValue: value ?? null }))
        hear(tab.truth)
      }
      time.after(hears ?? soon(), run, tab)
    }
  })
  const judgeKept = (tab: Tab, key: string, value: string) => {
    if (key !== sessionKey) return judge.keeps(tab, value, ownerIn(value))
    const { kind, token } = JSON.parse(value)
    if (signedOut.has(readToken(token)?.person)) judge.says(`${tab.name}: keeps a guest again who has signed out`)
    if (kind !== 'email') return
    // A mailed code has been taken: it is them, unless somebody else has come since it was asked.
    if (tab.entering !== tab.truth.turn) judge.says(`${tab.name}: a code takes the place of who has come since`)
    else {
      people.forget(tab.truth)
      posts.wiped()
    }
    tab.entering = tab.truth.turn
  }
  const network = createNetwork({
    time,
    relay,
    chance,
    weather,
    onLeave(page, asked) {
      const tab = tabOf(page)
      if (tab) judge.leaves(tab, asked)
      print(
        `${time.now()} ${page.name} ${asked.method} ${asked.path} as ${readToken(bearerOf(asked.headers))?.person} ${asked.body ?? ''}`,
      )
    },
    onArrive(page, asked, answer) {
      posts.arrived(asked, answer)
      print(`${time.now()} relay to ${page.name}: ${asked.method} ${asked.path} ${answer.status}`)
    },
  })
  const posts = createPosts({ time, marks, relay, judge, databases, storage, tabs: () => tabs })

  const pageWith = (name: string) => {
    const events = new EventTarget()
    const line = { onLine: weather.online, ...(modern && { locks: locks.manager }) }
    const document = Object.assign(new EventTarget(), { hidden: false })
    const globals = {
      ...timersOf(time, () => page),
      localStorage: storage,
      // What a tab keeps for itself is kept all the same.
      sessionStorage: createStorageArea(({ by, value }) => {
        const tab = by && tabOf(by)
        if (tab && value !== undefined) judge.keeps(tab, value, undefined)
      }),
      indexedDB: databases.factory,
      navigator: line,
      document,
      addEventListener: events.addEventListener.bind(events),
      removeEventListener: events.removeEventListener.bind(events),
      crypto: { getRandomValues: (bytes: Uint8Array) => bytes.map((_, at) => (bytes[at] = chance.between(0, 255))) },
      XMLHttpRequest: function Request() {
        return network.xhr()
      },
      ...(modern && {
        BroadcastChannel: function Channel(name: string) {
          return openChannel(name)
        },
      }),
    }
    const page: Page = { name, state: 'awake', visit: 0, deferred: [], globals, random: chance.next }
    return { page, events, line, document }
  }
  const close = (tab: Tab) => {
    tab.state = 'closed'
    tabs.splice(tabs.indexOf(tab), 1)
    posts.died(tab)
    locks.release(tab)
    databases.close(tab)
  }
  return {
    time,
    marks,
    people,
    relay,
    judge,
    weather,
    posts,
    tabs,
    storage,
    print,
    async open() {
      opened += 1
      const parts = pageWith(`tab ${opened}`)
      const truth = people.begin()
      const emit = (event: string, detail: unknown) => {
        const tab = tabOf(parts.page)
        if (tab) judge.announces(tab, event, detail)
      }
      // Its first requests leave while it is put together.
      await time.step(parts.page, () => {
        tabs.push(openTab({ ...parts, truth, fetch: network.fetch, emit }))
      })
    },
    close,
    putAway(tab) {
      // A page that holds a lock is not put there.
      if (locks.holds(tab)) return close(tab)
      if (databases.busy(tab)) return
      databases.yield(tab)
      tab.state = 'away'
      tab.visit += 1
    },
    sleep(tab) {
      if (databases.busy(tab)) return
      databases.yield(tab)
      tab.state = 'asleep'
    },
    async wake(tab) {
      const persisted = tab.state === 'away'
      const { deferred } = tab
      tab.deferred = []
      tab.state = 'awake'
      if (persisted) await time.step(tab, () => tab.tell(Object.assign(new Event('pageshow'), { persisted })))
      posts.woke(tab)
      tab.deferred = deferred
      time.wake(tab)
    },
    async setOnline(online) {
      weather.online = online
      for (const tab of tabs) {
        tab.line.onLine = online
        await time.step(tab, () => tab.tell(new Event(online ? 'online' : 'offline')))
      }
    },
    wipes(tab, before) {
      const writes = databases.writes()
      const now = Object.entries(storage)
      const session = before.find(([key]) => key === sessionKey)?.[1] ?? '{}'
      const { kind, token } = JSON.parse(String(session))
      if (kind === 'anonymous') signedOut.add(readToken(token)?.person)
      const rest = before.filter(([key, value]) => now.some((one) => one[0] === key && one[1] === value))
      if (rest.length) judge.says(`${tab.name}: keeps ${rest.map(([key]) => key).join(', ')} of who has signed out`)
      posts.wiped()
      const look = () => {
        for (const { row, write } of databases.rows())
          if (write <= writes) judge.says(`${tab.name}: keeps ${JSON.stringify(row)} of who has signed out`)
      }
      time.after(15_000, look, tab)
    },
  }
}

/** Whose a value is, where it says so. */
function ownerIn(value: string): unknown {
  try {
    return JSON.parse(value)?.owner
  } catch {
    return undefined
  }
}
