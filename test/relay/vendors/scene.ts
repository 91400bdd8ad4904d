/** A relay over one vendor's simulator, its players signed by a studio, and everything it lets out written down. */
import type { Message } from '../../../server/contract/message.ts'
import type { Conversation, NewTicket, Ticket } from '../../../server/contract/ticket.ts'
import type { LiveGame } from '../../../server/games.ts'
import { createStudio } from '../../players/studio.ts'
import { freshDatabase } from '../../postgres.ts'
import type { SeenTicket, VendorSimulator } from '../../vendors/simulator.ts'
import { type SimulatorName, simulators } from '../../vendors/simulators.ts'
import { type Answer, type CallOptions, startRelay, type TestRelay } from '../start.ts'
import { until } from '../wait.ts'

export const hookSecret = 'the-hook-secret-of-the-tests'

export interface Scene {
  simulator: VendorSimulator
  game: LiveGame
  /** Where its ledger is, for another relay on the same one. */
  store: string
  url: () => string
  call: <T = unknown>(route: string, options?: CallOptions) => Promise<Answer<T>>
  /** Opens a ticket as Ada would. */
  open: (token: string, ticket?: Partial<NewTicket>) => Promise<Conversation>
  reply: (token: string, id: string, message: string) => Promise<Answer<Message>>
  read: (token: string, id: string) => Promise<Conversation>
  list: (token: string) => Promise<Ticket[]>
  /** The vendor's tickets of a relay ticket, oldest first, once there are so many and every message has arrived. */
  atVendor: (number: string, count?: number) => Promise<SeenTicket[]>
  /** Reads a ticket until it is as wished, as soon as the relay would by itself ask the vendor anew. */
  readUntil: (token: string, id: string, isSo: (ticket: Conversation) => boolean, what: string) => Promise<Conversation>
  /** Lets time pass for the relay; only while nothing is under way. */
  pass: (ms: number) => void
  /** Starts collecting what a player's event stream says. */
  listen: (token: string) => Promise<void>
  /** Reads a ticket until all of it has arrived. */
  arrived: (token: string, id: string) => Promise<Conversation>
  /** How often words stand at the vendor; on a ticket that shows its first words twice, once. */
  copiesOf: (words: string) => number
  /** The sum of a metric over its labels. */
  metric: (name: string) => Promise<number>
  /** All that the relay answered, streamed, logged and counted. */
  said: () => Promise<string>
  logged: () => string[]
  restart: () => Promise<void>
  end: () => Promise<void>
}

const studio = createStudio()

/** A token of the studio's for one player. */
export function tokenOf(player: string, claims: Record<string, unknown> = {}): string {
  const now = Math.floor(Date.now() / 1_000)
  const metadata = player === 'ada' ? { tier: 2, tags: ['vip'], fields: { guild: 'Blue Fleet' } } : {}
  return studio.sign({ sub: `player-${player}`, iat: now, exp: now + 80_000, name: player, metadata, ...claims })
}

const form = {
  categories: [
    {
      id: 'billing',
      label: { en: 'Purchases' },
      fields: [{ id: 'order', label: { en: 'Order number' }, type: 'text' }],
    },
  ],
}

export interface SceneOptions {
  /** One that is running already: then it is not this scene's to end. */
  simulator?: VendorSimulator
  /** Where the ledger is, instead of a file of its own. */
  store?: string
  /** With an empty database of its own, instead of a file. */
  engine?: 'sqlite' | 'postgres'
  /** For how long the vendor may not show what it took. Default 1. */
  settleSeconds?: number
  /** The vendor's time passes by itself, as the relay's does: what befalls it late, befalls it without further ado. */
  realTime?: boolean
  /** How long an erasure can be withdrawn. Default: not at all. */
  deletionGraceHours?: number
  retentionDays?: number
  /** False: the studio has configured no hook. */
  hook?: false
}

export async function setScene(name: SimulatorName, options: SceneOptions = {}): Promise<Scene> {
  const simulator = options.simulator ?? (await simulators[name]({ realTime: options.realTime ?? false }))
  const store = options.store ?? (options.engine === 'postgres' ? await freshDatabase() : undefined)
  let ahead = 0
  let relay: TestRelay = await startRelay({
    clock: { now: () => new Date(Date.now() + ahead) },
    logLevel: 'trace',
    config: {
      deletionGraceHours: options.deletionGraceHours ?? 0,
      ...(options.retentionDays ? { retentionDays: options.retentionDays } : {}),
      ...(store ? { store } : {}),
    },
    game: {
      players: { jwt: studio.config, anonymous: true },
      form,
      // A test looks again and again, as nobody does.
      vendor: { settleSeconds: options.settleSeconds ?? 1, callsPerMinute: 60_000, ...simulator.config },
      ...(options.hook === false ? {} : { hookSecret }),
    },
  })
  const game = relay.relay.games.get('star-harbor')
  if (!game) throw new Error('the game is not served')
  const answered: string[] = []
  const logged: string[] = []
  const streams = new AbortController()

  const call: Scene['call'] = async (route, options) => {
    const answer = await relay.call<never>(route, options)
    answered.push(JSON.stringify([route, answer.body, [...answer.headers]]))
    return answer
  }

  const read: Scene['read'] = async (token, id) => (await call<Conversation>(`GET /v1/tickets/${id}`, { token })).body

  /** What a vendor does with its hook, if it has one; else the time after which the relay looks for itself. */
  async function stir(): Promise<void> {
    if (game?.can.push === 'poll') return pass(11_000)
    await Promise.all(simulator.tickets().map(({ vendorTicketId }) => hint(vendorTicketId)))
  }

  function pass(ms: number): void {
    ahead += ms
  }

  async function hint(vendorTicketId: string): Promise<void> {
    const raw = simulator.hookOf?.(vendorTicketId)
    if (raw) await call(`POST /hooks/star-harbor/${hookSecret}`, { raw })
  }

  return {
    simulator,
    game,
    store: store ?? `sqlite:${relay.folder}/medkit.db`,
    url: () => relay.url,
    call,
    read,
    pass,

    async open(token, ticket = {}) {
      const email = game.can.answers === 'email' ? { email: 'typed@players.example' } : {}
      const body = { message: 'Mein Schiff ist weg.', language: 'de', ...email, ...ticket }
      const answer = await call<Conversation>('POST /v1/tickets', { token, body, key: crypto.randomUUID() })
      if (answer.status !== 201) throw new Error(`not opened: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer.body
    },

    reply: (token, id, message) =>
      call<Message>(`POST /v1/tickets/${id}/messages`, { token, body: { message }, key: crypto.randomUUID() }),

    async list(token) {
      return (await call<{ items: Ticket[] }>('GET /v1/tickets', { token })).body.items
    },

    atVendor: (number, count = 1) =>
      until(() => {
        const found = simulator.tickets().filter(({ lines }) => lines.some((line) => line.includes(number)))
        return found.length >= count && found
      }, `the vendor has ${count} of ${number}`),

    async readUntil(token, id, isSo, what) {
      return until(async () => {
        const ticket = await read(token, id)
        if (isSo(ticket)) return ticket
        if (ticket.messages.every(({ delivery }) => delivery !== 'received')) await stir()
        return undefined
      }, what)
    },

    arrived: (token, id) =>
      until(
        async () => {
          const ticket = await read(token, id)
          return ticket.messages.every(({ delivery }) => delivery === 'delivered') && ticket
        },
        'all of it has arrived',
        patienceMs,
      ),

    copiesOf: (words) => simulator.tickets().reduce((sum, ticket) => sum + timesOn(ticket, words, simulator), 0),

    async metric(name) {
      const { body } = await call<string>('GET /metrics')
      const values = body.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))
      return [...values].reduce((sum, [, value]) => sum + Number(value), 0)
    },

    async listen(token) {
      const { body } = await fetch(`${relay.url}/v1/events`, {
        headers: { authorization: `Bearer ${token}` },
        signal: streams.signal,
      })
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
      const next = (): void =>
        void reader?.read().then(
          ({ value, done }) => {
            if (value) answered.push(value)
            if (!done) next()
          },
          () => undefined,
        )
      next()
    },

    async said() {
      const metrics = await relay.call('GET /metrics')
      return [...answered, ...logged, ...relay.lines, metrics.body].join('\n')
    },

    logged: () => [...logged, ...relay.lines],

    async restart() {
      logged.push(...relay.lines)
      relay = await relay.restart()
    },

    async end() {
      streams.abort()
      await relay.close()
      if (!options.simulator) await simulator.close()
    },
  }
}

/** Longer than any vendor takes to settle, on any machine. */
const patienceMs = 120_000

/** Thena shows a ticket's first words as its description and as its first comment. */
function timesOn({ lines }: SeenTicket, words: string, { config }: VendorSimulator): number {
  const times = lines.filter((line) => line === words).length
  return config.kind === 'thena' ? Math.ceil(times / 2) : times
}
