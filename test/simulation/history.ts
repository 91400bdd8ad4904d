/** One seed, one history: players, relays and vendors in virtual time, and what is wrong with what came of it. */
import { createLog, type Log } from '../../server/runtime/log.ts'
import { createMetrics } from '../../server/runtime/metrics.ts'
import { createStore } from '../../server/store/store.ts'
import { createSteppingClock } from './clocks.ts'
import { createFleet, type Fleet } from './fleet.ts'
import { createHelpdesk } from './helpdesk.ts'
import { judge } from './judge.ts'
import { kindOf } from './kinds.ts'
import type { SimulatedLedger } from './ledger.ts'
import type { GamePlan, Plan } from './plan.ts'
import { createPlayer, play } from './player.ts'
import { fateOfPoison, type Poison, poisonKinds } from './poison.ts'
import { createProcess } from './process.ts'
import { type Chance, createChance } from './random.ts'
import { createHistory, type History } from './record.ts'
import { startRelay } from './relay.ts'
import { type Sweeps, startSweeps } from './sweeps.ts'
import { createTrouble, type Trouble } from './trouble.ts'
import type { Site } from './vendor.ts'
import { fair } from './weather.ts'
import { createWorld, type World } from './world.ts'

export interface HistoryParts {
  seed: number
  ledger: SimulatedLedger
  planOf: (chance: Chance) => Plan
  print?: ((line: string) => void) | undefined
}

export interface Outcome {
  violations: readonly string[]
  /** Counted over a run, so that a world in which nothing happens is noticed. */
  messages: number
  calls: number
  copies: number
  minutes: number
}

/** How long after everything is well the outbox may take to empty. */
const drainMs = 45 * 60_000
const lookEveryMs = 1_000
/** Somebody goes on writing, because what a vendor chokes on is told from a vendor that is out by what else it takes. */
const heartbeatMs = 20_000

const metrics = createMetrics()

export async function runHistory({ seed, ledger, planOf, print }: HistoryParts): Promise<Outcome> {
  ledger.wipe()
  const chance = createChance(seed)
  const plan = planOf(chance.fork('plan'))
  const world = createWorld({ settle: ledger.settle, print })
  print?.(`seed ${seed}: ${JSON.stringify(plan)}`)
  const history = createHistory()
  const log = createWatchedLog(history, world, print !== undefined)
  const ledgerClock = createSteppingClock(world, 0)
  const store = createStore(ledger.database, ledgerClock)
  let isHealed = false
  let trouble: Trouble | undefined

  const sites = plan.games.map((game) =>
    createSite({ world, game, chance: chance.fork(game.key), isHealed: () => isHealed, trouble: () => trouble }),
  )
  let births = 0
  const fleet = createFleet({
    world,
    chance: chance.fork('lines'),
    onBroken: (error) => history.violations.push(`a request broke off: ${String(error)}`),
    create: (name) => {
      const own = chance.fork(`${name} ${births++}`)
      const process = createProcess(world, name, own.between(-plan.skewMs, plan.skewMs))
      const ledgerMs = () => own.skewed(0, isHealed ? Math.min(10, plan.slowestLedgerMs) : plan.slowestLedgerMs)
      const { retentionMs } = plan
      const { files } = ledger
      const graceMs = plan.erasures > 0 ? plan.graceMs : undefined
      const what = { world, process, store, files, retentionMs, graceMs, ledgerMs, sites, chance: own, log, metrics }
      return startRelay(what)
    },
  })
  for (let n = 1; n <= plan.relays; n++) fleet.start(`relay${n}`)
  trouble = createTrouble({ world, chance: chance.fork('trouble'), plan, fleet, ledgerClock })
  const onBroken = (error: unknown) => history.violations.push(`a relay broke off: ${String(error)}`)
  const fixture = { world, plan, fleet, chance, history, isHealed: () => isHealed }
  const sweeping = {
    world,
    fleet,
    chance: chance.fork('sweeps'),
    slowestLedgerMs: plan.slowestLedgerMs,
    isHealed: () => isHealed,
    onBroken,
  }
  const sweeps = Number.isFinite(plan.retentionMs) ? startSweeps(sweeping) : undefined
  const players = startPlayers(fixture, sweeps)

  world.after(plan.troubleMs, () => {
    isHealed = true
    trouble?.heal()
  })
  const ends = watchForTheEnd({ world, sites, plan, fleet, chance, history, ledger, players, isHealed: () => isHealed })
  await world.run(ends.isOver)
  for (const process of fleet.processes) process.kill()
  await ledger.settle()
  const found = judge({ plan, history, sites, ledger, ledgerClock, trouble, endedAt: world.now() })
  const violations = [...new Set([...history.violations, ...found])]
  for (const violation of violations) world.tell('judge', () => violation)
  return {
    violations,
    messages: history.messages.length,
    calls: sites.reduce((sum, { calls }) => sum + calls.length, 0),
    copies: sites.reduce((sum, { helpdesk }) => sum + helpdesk.tickets.flatMap(({ copies }) => copies).length, 0),
    minutes: world.now() / 60_000,
  }
}

interface SiteParts {
  world: World
  game: GamePlan
  chance: Chance
  isHealed: () => boolean
  trouble: () => Trouble | undefined
}

function createSite({ world, game, chance, isHealed, trouble }: SiteParts): Site {
  const kind = kindOf(game.kind, game.settleSeconds)
  const weather = () => (isHealed() ? { ...fair, slowestMs: Math.min(800, game.weather.slowestMs) } : game.weather)
  const right = createSteppingClock(world, 0)
  return {
    game: game.key,
    kind,
    chance,
    calls: [],
    taken: [],
    weather,
    outage: () => trouble()?.outageOf(game.key),
    poisonOf: (name) => fateOfPoison(name, isHealed()),
    helpdesk: createHelpdesk({
      name: game.kind,
      once: kind.adapter.once,
      isLocal: !kind.adapter.findOpened,
      now: world.now,
      dateOf: (moment) => new Date(right.now().getTime() - world.now() + moment),
      lagMs: () => chance.skewed(0, weather().longestLagMs),
    }),
  }
}

interface RelayFixture {
  world: World
  plan: Plan
  fleet: Fleet
  chance: Chance
  history: History
  isHealed: () => boolean
}

function startPlayers(
  { world, plan, fleet, chance, history, isHealed }: RelayFixture,
  sweeps: Sweeps | undefined,
): { areDone: () => boolean } {
  let playing = 0
  for (const { key, poisons } of plan.games) {
    let poisonsLeft = poisons
    for (let n = 1; n <= plan.players; n++) {
      const name = `${key}p${n}`
      const own = chance.fork(name)
      const { restMs, deeds, mostTickets } = plan
      const nextPoison = (): Poison | undefined =>
        poisonsLeft > 0 && own.happens(0.5) && poisonsLeft-- > 0 ? own.pick(poisonKinds) : undefined
      playing++
      void play({
        world,
        fleet,
        chance: own,
        history,
        game: key,
        name,
        restMs,
        deeds,
        mostTickets,
        nextPoison,
        isHealed,
        sweeps,
        erasure: own.fork('erasure').happens(plan.erasures) ? own.fork('erasing') : undefined,
      })
        .catch((error: unknown) => history.violations.push(`${name} broke off: ${String(error)}`))
        .finally(() => playing--)
    }
  }
  return { areDone: () => playing === 0 }
}

/** Over when all is well, everybody has done everything and the outbox is empty, or when that takes too long. */
function watchForTheEnd(
  parts: RelayFixture & {
    sites: readonly Site[]
    ledger: SimulatedLedger
    players: { areDone: () => boolean }
    isHealed: () => boolean
  },
): { isOver: () => boolean } {
  const { world, plan, fleet, chance, history, ledger, players } = parts
  const beating = plan.games.map(({ key }) =>
    createPlayer({
      world,
      fleet,
      chance: chance.fork(`${key} heartbeat`),
      history,
      game: key,
      name: `${key}beat`,
      restMs: 0,
      deeds: 0,
      mostTickets: 1_000,
      nextPoison: () => undefined,
      isHealed: parts.isHealed,
    }),
  )
  let isOver = false
  let _beats = 0

  function waiting(): number {
    return (
      ledger.look("select count(*) as count from deliveries where state = 'waiting'", ({ count }) =>
        Number(count),
      )[0] ?? 0
    )
  }

  function look(): void {
    const isDue = parts.sites.some(({ calls }) => calls.some(({ dueAt = 0 }) => dueAt > world.now()))
    const isCalm = players.areDone() && parts.isHealed() && !isDue
    if (isCalm && waiting() === 0) isOver = true
    if (world.now() > plan.troubleMs + drainMs) {
      isOver = true
      history.violations.push(`the outbox is not empty ${drainMs / 60_000} minutes after all was well`)
    }
    world.after(lookEveryMs, look)
  }

  function beat(): void {
    _beats++
    if (parts.isHealed() && waiting() > 0)
      for (const player of beating) void player.open().catch((error: unknown) => history.violations.push(String(error)))
    world.after(heartbeatMs, beat)
  }

  world.after(lookEveryMs, look)
  world.after(heartbeatMs, beat)
  return { isOver: () => isOver }
}

/** What the relays log as an error is one: nothing that happens here may surprise them. */
function createWatchedLog(history: History, world: World, isRead: boolean): Log {
  const write = (line: string) => {
    // An id is another in every run.
    const { level, time: _time, request: _request, ...said } = JSON.parse(line)
    world.tell('log', () => JSON.stringify(said))
    if (level >= 50) history.violations.push(`a relay logged an error: ${JSON.stringify(said)}`)
  }
  return createLog({ level: isRead ? 'debug' : 'error', secrets: new Set(), destination: { write } })
}
