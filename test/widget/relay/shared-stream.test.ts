/** Several tabs of one browser in one page: locks and channels are the browser's own, the relay is a log of events. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RelayProblem } from '../../../widget/relay/call.ts'
import type { SharedStorage } from '../../../widget/relay/few-streams.ts'
import { follow, type LiveState, type StreamPosition } from '../../../widget/relay/live.ts'
import { listen } from '../../../widget/relay/shared-stream.ts'
import { createEventLog, type EventLog } from '../../fixtures/widget/event-log.ts'

const wait = window.setTimeout.bind(window)

interface Tab {
  heard: number[]
  states: LiveState[]
  place: StreamPosition
  /** Its calls are refused. */
  refused: boolean
  close(): void
}

let log: EventLog
let open: Set<Tab>

beforeEach(() => {
  log = createEventLog()
  open = new Set()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  for (const tab of open) tab.close()
})

interface TabOptions {
  place?: StreamPosition
  storage?: SharedStorage
}

function openTab({ place = {}, storage = createRecordStore().window() }: TabOptions = {}): Tab {
  const call = log.callOf(() => {
    if (tab.refused) throw new RelayProblem('token_expired')
  })
  const tab: Tab = { heard: [], states: [], place, refused: false, close: () => {} }
  const stop = listen({
    name: log.name,
    storage,
    call,
    place,
    onEvent(event) {
      if (event.type === 'unread') tab.heard.push(event.data.count)
    },
    onState: (state) => tab.states.push(state),
  })
  tab.close = () => {
    open.delete(tab)
    stop()
  }
  open.add(tab)
  return tab
}

/** One after the other, so that the first has the stream. */
async function openTabs(count: number): Promise<Tab[]> {
  const opened: Tab[] = []
  for (let made = 0; made < count; made += 1) {
    const tab = openTab()
    opened.push(tab)
    await until(() => tab.states.includes('live'))
  }
  return opened
}

async function until(look: () => unknown): Promise<void> {
  await vi.waitUntil(look, { timeout: 25_000, interval: 5 })
}

const haveHeard = (heard: readonly Tab[], ...counts: number[]) =>
  until(() => heard.every((tab) => tab.heard.at(-1) === counts.at(-1))).then(() => {
    for (const tab of heard) expect(tab.heard).toEqual(counts)
  })

describe('the tabs in view', () => {
  it('have one stream, and hear each event once and in order', async () => {
    const all = await openTabs(4)
    for (const count of [1, 2, 3]) log.tell(count)
    await haveHeard(all, 1, 2, 3)
    expect(log.streams()).toBe(1)
  })

  it('lose nothing when the one that has the stream goes', async () => {
    const [first, ...others] = await openTabs(4)
    log.tell(1)
    await haveHeard(others, 1)
    first?.close()
    log.tell(2)
    await haveHeard(others, 1, 2)
    log.tell(3)
    await haveHeard(others, 1, 2, 3)
    expect(log.streams()).toBe(1)
    expect(first?.heard).toEqual([1])
  })

  it('catch up with what came while they were not in view', async () => {
    const [first] = await openTabs(1)
    const place = {}
    const before = openTab({ place })
    await until(() => before.states.includes('live'))
    before.close()
    for (const count of [1, 2, 3]) log.tell(count)
    await until(() => first?.heard.length === 3)
    const back = openTab({ place })
    await haveHeard([back], 1, 2, 3)
    expect(log.streams()).toBe(1)
  })

  it('ask the relay for what was lost between them, once', async () => {
    const [first, second] = await openTabs(2)
    const channel = new BroadcastChannel(log.name)
    log.tell(1)
    await until(() => second?.heard.length)
    // Two more that only the relay knows of, and the last is told before the one before it.
    log.keep(2)
    log.keep(3)
    const event = { type: 'unread', data: { count: 4, unanswered: 0 } }
    channel.postMessage({ event, id: '4', after: '3' })
    await until(() => second?.heard.includes(3))
    log.tell(4)
    await until(() => second?.heard.includes(4))
    expect(second?.heard).toEqual([1, 2, 3, 4])
    channel.close()
    first?.close()
  })

  it('are told when the relay cannot be reached, and when it can again', async () => {
    const all = await openTabs(3)
    log.cut(true)
    await until(() => all.every(({ states }) => states.at(-1) === 'offline'))
    log.cut(false)
    await until(() => all.every(({ states }) => states.at(-1) === 'live'))
    log.tell(1)
    await haveHeard(all, 1)
  })

  it('go by another where the one that has the stream hangs', async () => {
    const channels: BroadcastChannel[] = []
    const Real = BroadcastChannel
    vi.stubGlobal(
      'BroadcastChannel',
      class extends Real {
        constructor(name: string) {
          super(name)
          channels.push(this)
        }
      },
    )
    const [first, ...others] = await openTabs(3)
    const [hanging] = channels
    if (!first || !hanging) throw Error('nothing was opened')
    const { onmessage } = hanging
    const say = vi.spyOn(hanging, 'postMessage').mockImplementation(() => {})
    hanging.onmessage = null
    log.tell(1)
    await haveHeard(others, 1)
    hanging.onmessage = onmessage
    say.mockRestore()
    log.tell(2)
    await haveHeard([first, ...others], 1, 2)
    expect(log.streams()).toBe(1)
  })

  it('go by one that the relay lets in, where another is refused', async () => {
    const [first, second] = await openTabs(2)
    if (!first || !second) throw Error('nothing was opened')
    first.refused = true
    log.cut(true)
    log.cut(false)
    log.tell(1)
    await haveHeard([first, second], 1)
    expect(log.streams()).toBe(1)
    await until(() => first.states.at(-1) === 'live')
  })

  it('have a stream of their own while it is not known who the player is', async () => {
    const alone = () => listen({ ...openParts(), name: '', storage: createRecordStore().window(), call: log.callOf() })
    const stops = [alone(), alone()]
    await until(() => log.streams() === 2)
    for (const stop of stops) stop()
    await until(() => log.streams() === 0)
  })
})

describe('windows that cannot agree on one', () => {
  beforeEach(() => {
    vi.spyOn(Navigator.prototype, 'locks', 'get').mockReturnValue(undefined as never)
  })

  it('have two streams, and the others ask', async () => {
    const records = createRecordStore()
    const all = [1, 2, 3, 4].map(() => openTab({ storage: records.window() }))
    await until(() => all.every(({ states }) => states.includes('live')))
    expect(log.streams()).toBe(2)
    log.tell(1)
    await haveHeard(all, 1)
    expect(log.streams()).toBe(2)
  })

  it('give their place to the next one, which waits for no timer, when they go', async () => {
    vi.useFakeTimers()
    const records = createRecordStore()
    const [first, ...others] = [1, 2, 3].map(() => openTab({ storage: records.window() }))
    first?.close()
    while (log.streams() !== 2) await new Promise((resolve) => wait(resolve))
    for (const tab of others) tab.close()
    expect(records.kept().streams).toBeUndefined()
  })

  it('take the place of one that is gone without a word, however the clock is set', async () => {
    vi.useFakeTimers()
    const records = createRecordStore()
    const lost = records.window()
    const [first, ...others] = [lost, records.window(), records.window()].map((storage) => openTab({ storage }))
    await vi.advanceTimersByTimeAsync(20_000)
    vi.setSystemTime(Date.now() + 2 * 3_600_000)
    await vi.advanceTimersByTimeAsync(20_000)
    vi.setSystemTime(Date.now() - 40 * 86_400_000)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(log.streams()).toBe(2)
    // It cannot write any more, as one that has crashed.
    lost.set = () => {}
    first?.close()
    expect(log.streams()).toBe(1)
    await vi.advanceTimersByTimeAsync(30_000)
    expect(log.streams()).toBe(2)
    expect(others.every(({ states }) => states.at(-1) === 'live')).toBe(true)
  })

  it('keep nothing in the browser before the player acts, and ask until then', async () => {
    vi.useFakeTimers()
    const records = createRecordStore({})
    openTab({ storage: records.window() })
    await vi.advanceTimersByTimeAsync(20_000)
    expect(log.streams()).toBe(0)
    expect(records.kept()).toEqual({})
    records.kept().acted = 1
    await vi.advanceTimersByTimeAsync(20_000)
    expect(log.streams()).toBe(1)
  })

  it('are also those in a frame that is kept from the locks', async () => {
    vi.restoreAllMocks()
    const refuse = async () => {
      throw new DOMException('not here', 'SecurityError')
    }
    vi.spyOn(navigator.locks, 'request').mockImplementation(refuse as never)
    const records = createRecordStore()
    const all = [1, 2, 3].map(() => openTab({ storage: records.window() }))
    await until(() => all.every(({ states }) => states.includes('live')))
    expect(log.streams()).toBe(2)
    log.tell(1)
    await haveHeard(all, 1)
  })
})

describe('a line', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  it('that comes and goes for a minute costs no event, doubles none, and is not asked for all the time', async () => {
    const heard: number[] = []
    const stop = follow({
      ...openParts(),
      call: log.callOf(),
      onEvent: (event) => event.type === 'unread' && heard.push(event.data.count),
    })
    let told = 0
    for (let second = 0; second < 60; second += 1) {
      log.cut(second % 5 > 1)
      told += 1
      log.tell(told)
      await vi.advanceTimersByTimeAsync(1_000)
    }
    log.cut(false)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(heard).toEqual(Array.from({ length: told }, (_, at) => at + 1))
    expect(log.opened()).toBeLessThan(60)
    stop()
  })

  it('is taken up again soon after the device has slept, though nothing says that it broke', async () => {
    const heard: number[] = []
    const stop = follow({
      ...openParts(),
      call: log.callOf(),
      onEvent: (event) => event.type === 'unread' && heard.push(event.data.count),
    })
    await vi.advanceTimersByTimeAsync(10_000)
    log.mute()
    log.tell(1)
    // Timers stand still meanwhile, the clock does not.
    vi.setSystemTime(Date.now() + 8 * 3_600_000)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(heard).toEqual([1])
    stop()
  })
})

const openParts = () => ({ place: {}, onEvent: () => {}, onState: () => {} })

/** What windows of one browser keep together: each hears what another has written. */
function createRecordStore(kept: Record<string, unknown> = { acted: 1 }) {
  const windows = new Set<() => void>()
  return {
    kept: () => kept,
    window(): SharedStorage {
      let hear = () => {}
      const tell = () => {
        for (const other of windows) if (other !== hear) wait(() => windows.has(other) && other())
      }
      return {
        get<T>(name: string) {
          return kept[name] === undefined ? undefined : (JSON.parse(JSON.stringify(kept[name])) as T)
        },
        set(name, value) {
          if (value === undefined) delete kept[name]
          else kept[name] = value
          tell()
        },
        onElsewhere(listener) {
          hear = listener
          windows.add(hear)
          return () => windows.delete(hear)
        },
      }
    },
  }
}
