/** Starts a real relay on a free port with a folder of its own, and speaks to it as a browser and an agent would. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock, type Timers } from '../../server/clock.ts'
import { readConfig } from '../../server/config.ts'
import type { Session } from '../../server/contract/player.ts'
import type { Conversation, NewTicket } from '../../server/contract/ticket.ts'
import { defaultPoints } from '../../server/limits.ts'
import { createLog } from '../../server/log.ts'
import { createRelay, type Relay, type RelayOptions } from '../../server/relay.ts'
import type { BrowserFiles } from '../../server/routes/browser-files.ts'
import { isPostgres } from '../../server/store/engine.ts'

export const deskToken = 'desk-token-of-the-tests'
/** Signs what the relays of the tests issue. */
export const relaySecret = Buffer.alloc(32, 'a secret of the tests')

export interface StartOptions {
  /** Merged over the configuration of the one game. */
  game?: Record<string, unknown>
  /** Merged over the top level. */
  config?: Record<string, unknown>
  games?: Record<string, unknown>
  clock?: Clock
  timers?: Timers
  /** The same folder again is the same relay after a restart. */
  folder?: string
  browserFiles?: BrowserFiles
  /** Default `info`. */
  logLevel?: string
  patience?: RelayOptions['patience']
  vendorOf?: RelayOptions['vendorOf']
  freeBytesOf?: RelayOptions['freeBytesOf']
  /** Default {@link relaySecret}. */
  secrets?: RelayOptions['secrets']
}

export interface Answer<T = unknown> {
  status: number
  headers: Headers
  body: T
}

export interface CallOptions {
  token?: string | undefined
  body?: unknown
  /** Sent as it is, instead of a JSON body. */
  raw?: string
  key?: string
  headers?: Record<string, string>
}

export interface TestRelay {
  url: string
  folder: string
  relay: Relay
  /** Everything the relay logged, a JSON line each. */
  lines: string[]
  call: <T = unknown>(route: string, options?: CallOptions) => Promise<Answer<T>>
  desk: ReturnType<typeof deskAt>
  signIn: (game?: string) => Promise<Session>
  /** Opens a ticket and expects it to be taken. */
  open: (token: string, ticket?: Partial<NewTicket>, key?: string) => Promise<Conversation>
  /** Stops the relay and starts another on the same folder. */
  restart: () => Promise<TestRelay>
  close: () => Promise<void>
}

export async function startRelay(options: StartOptions = {}): Promise<TestRelay> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'medkit-')))
  const lines: string[] = []
  const relay = await createRelay({
    config: readConfig(JSON.stringify(configIn(folder, options)), {}).config,
    secrets: options.secrets ?? [relaySecret],
    log: createLog({
      level: options.logLevel ?? 'info',
      secrets: new Set([deskToken]),
      destination: { write: (line) => lines.push(line) },
    }),
    browserFiles: options.browserFiles ?? new Map(),
    clock: options.clock ?? systemClock,
    ...(options.timers ? { timers: options.timers } : {}),
    ...(options.vendorOf ? { vendorOf: options.vendorOf } : {}),
    ...(options.patience ? { patience: options.patience } : {}),
    freeBytesOf: options.freeBytesOf,
  })
  const url = await relay.listen()

  async function call<T = unknown>(
    route: string,
    { token, body, raw, key, headers }: CallOptions = {},
  ): Promise<Answer<T>> {
    const [method = 'GET', path = ''] = route.split(' ')
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
    })
    const text = await response.text()
    const isJson = text !== '' && /json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as T }
  }

  return {
    url,
    folder,
    relay,
    lines,
    call,
    desk: deskAt(url),

    async signIn(game = 'star-harbor'): Promise<Session> {
      return (await call<Session>('POST /v1/sessions', { body: { game, kind: 'anonymous' } })).body
    },

    async open(
      token: string,
      ticket: Partial<NewTicket> = {},
      key: string = crypto.randomUUID(),
    ): Promise<Conversation> {
      const body = { message: 'My sword is gone', language: 'en', ...ticket }
      const answer = await call<Conversation>('POST /v1/tickets', { token, body, key })
      if (answer.status !== 201) throw new Error(`not opened: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer.body
    },

    async restart() {
      await relay.close()
      return startRelay({ ...options, folder })
    },

    async close(): Promise<void> {
      await relay.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A test is one busy player behind one address. Those about limits set their own. */
const room = { player: 1_000_000, device: 1_000_000, address: 1_000_000 }
const roomy = Object.fromEntries(Object.keys(defaultPoints).map((kind) => [kind, room]))

function configIn(folder: string, { game, games, config }: StartOptions): unknown {
  return {
    listen: { port: 0 },
    store: `sqlite:${folder}/medkit.db`,
    files: `file:${folder}/files`,
    limits: roomy,
    ...(isPostgres(config?.store) && { secret: relaySecret.toString(), sharedFiles: true }),
    games: games ?? {
      'star-harbor': {
        name: 'Star Harbor',
        origins: ['https://play.star-harbor.example'],
        languages: ['en', 'de', 'ja'],
        players: { anonymous: true },
        form: { categories },
        vendor: { kind: 'desk', token: deskToken },
        ...game,
      },
    },
    ...config,
  }
}

const categories = [
  {
    id: 'billing',
    label: { en: 'Purchases', de: 'Käufe' },
    tags: ['billing'],
    fields: [{ id: 'order', label: { en: 'Order number' }, type: 'text', required: true }],
  },
  { id: 'bug', label: { en: 'Something is broken' } },
]

export interface DeskTicketView {
  ticket: {
    id: string
    number: string
    status: string
    language: string
    claimed: string
    player_id: string
    signed: string
    fields: string
  }
  messages: { author: string; text: string; mark: string | null }[]
  files: { id: string; file_name: string; file_type: string; file_size: number }[]
}

/** An agent at the desk, with the bearer a script would use. */
function deskAt(url: string) {
  const headers = { authorization: `Bearer ${deskToken}`, accept: 'application/json' }
  const get = async (path: string) => (await fetch(`${url}/desk${path}`, { headers })).json()
  const post = (path: string, body?: FormData) =>
    fetch(`${url}/desk${path}`, { method: 'POST', headers, redirect: 'manual', ...(body ? { body } : {}) })

  async function say(id: string, kind: 'answer' | 'note', text: string, file?: File): Promise<number> {
    const form = new FormData()
    form.set('kind', kind)
    form.set('text', text)
    form.set('name', 'Robin')
    if (file) form.set('file', file)
    return (await post(`/tickets/${id}/messages`, form)).status
  }

  return {
    list: async () => ((await get('')) as { tickets: { id: string; number: string }[] }).tickets,
    read: (id: string): Promise<DeskTicketView> => get(`/tickets/${id}`),
    answer: (id: string, text: string, file?: File) => say(id, 'answer', text, file),
    note: (id: string, text: string) => say(id, 'note', text),
    close: async (id: string) => (await post(`/tickets/${id}/close`)).status,
    download: (id: string) => fetch(`${url}/desk/files/${id}`, { headers }),
  }
}
