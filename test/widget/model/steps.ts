/** The acts that histories are made of, each with its name. */
import type fc from 'fast-check'
import {
  answer,
  decideOnPost,
  enterCode,
  followLink,
  goHome,
  type Manner,
  setHidden,
  signIn,
  signOut,
  usable,
  type Writing,
  writeNew,
  writeReply,
} from './actions.ts'
import type { Tab } from './tab.ts'
import type { World } from './world.ts'

export type Step = fc.AsyncCommand<World, World>

/** @throws what the judge has to say */
function settle({ judge }: World): void {
  if (judge.violations.length) throw Error(judge.violations.join('\n'))
}

function step(name: string, run: (world: World) => Promise<unknown> | undefined): Step {
  return {
    check: () => true,
    async run(world) {
      world.print(`- ${name}`)
      await run(world)
      settle(world)
    },
    toString: () => name,
  }
}

/** On one of the pages; not where there is none. */
function onTab(name: string, at: number, run: (world: World, tab: Tab) => Promise<unknown> | undefined): Step {
  return step(`${name} at ${at}`, (world) => {
    const tab = usable(world, at)
    return tab && run(world, tab)
  })
}

const named = ({ text, file, send }: Writing) =>
  [text && 'text', file && 'file', send && 'send'].filter(Boolean).join('+')

export const steps = {
  wait: (ms: number) => step(`wait ${ms}`, ({ time }) => time.pass(ms)),
  open: () => step('open', (world) => (world.tabs.length < 3 ? world.open() : undefined)),
  close: (at: number) => onTab('close', at, async (world, tab) => world.close(tab)),
  putAway: (at: number) => onTab('put away', at, async (world, tab) => world.putAway(tab)),
  sleep: (at: number) => onTab('sleep', at, async (world, tab) => world.sleep(tab)),
  wake: () =>
    step('wake', (world) => {
      const tab = world.tabs.find(({ state }) => state !== 'awake')
      return tab && world.wake(tab)
    }),
  hide: (at: number, hidden: boolean) =>
    onTab(hidden ? 'hide' : 'show', at, (world, tab) => setHidden(world, tab, hidden)),
  line: (online: boolean) => step(online ? 'online' : 'offline', (world) => world.setOnline(online)),
  signIn: (at: number, who: string, how: Manner) =>
    onTab(`signIn ${who} ${how}`, at, (world, tab) => signIn(world, tab, who, how)),
  signOut: (at: number) => onTab('signOut', at, signOut),
  code: (at: number) => onTab('enter code', at, enterCode),
  link: (at: number, who: string, accept: boolean) =>
    onTab(`link ${who} ${accept ? 'accepted' : 'declined'}`, at, (world, tab) => followLink(world, tab, who, accept)),
  writeNew: (at: number, what: Writing) => onTab(`new ${named(what)}`, at, (world, tab) => writeNew(world, tab, what)),
  reply: (at: number, which: number, what: Writing) =>
    onTab(`reply to ${which} ${named(what)}`, at, (world, tab) => writeReply(world, tab, which, what)),
  /** Sends, and is gone before the file is. */
  handOver: (at: number, which: number, what: Writing, who: string | undefined) =>
    onTab(
      `reply to ${which} ${named(what)}, then ${who ? `signIn ${who} string` : 'signOut'}`,
      at,
      async (world, tab) => {
        await writeReply(world, tab, which, what)
        await (who ? signIn(world, tab, who, 'string') : signOut(world, tab))
      },
    ),
  decide: (at: number, act: 'retry' | 'takeBack') => onTab(act, at, (world, tab) => decideOnPost(world, tab, act)),
  home: (at: number) => onTab('home', at, goHome),
  answer: (which: number) => step(`answer ${which}`, async (world) => answer(world, which)),
}

/** Everything that waits gets its time, and what has not arrived by then must be somewhere. */
export async function end(world: World): Promise<void> {
  Object.assign(world.weather, { lost: 0, refused: 0 })
  if (!world.weather.online) await world.setOnline(true)
  for (const tab of [...world.tabs]) if (tab.state !== 'awake') await world.wake(tab)
  await world.time.pass(300_000)
  world.posts.atEnd()
  settle(world)
}
