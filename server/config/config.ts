/**
 * The relay's configuration: one schema, every mistake reported at once by path. Secrets are resolved here and nowhere
 * else, and what was resolved is known, so that it can be masked in whatever is printed later.
 */

import { z } from 'zod'
import { Theme } from '../contract/game.ts'
import { GameKey } from '../contract/ids.ts'
import { Language } from '../contract/language.ts'
import { isNetwork } from '../runtime/network.ts'
import { isPostgres } from '../store/engine.ts'
import { VendorConfig } from '../vendors/registry.ts'
import { FilesPlace, mistakesAcross as fileMistakes, S3Keys, ScannerConfig } from './files.ts'
import { FormConfig } from './form.ts'
import {
  defaultFileQuota,
  defaultPoints,
  defaultStreamQuota,
  type FileQuota,
  type LimitKind,
  type StreamQuota,
} from './limits.ts'
import { plainWords } from './mistakes.ts'
import { type Environment, isRecord, resolveSecrets, type Secrets, secretsIn } from './secrets.ts'
import { findStudioConfigMistakes } from './studio-keys.ts'

const Origin = z.string().refine((value) => URL.parse(value)?.origin === value, {
  error: 'an origin is scheme, host and port, nothing behind it: https://play.studio.example',
})

const asymmetric = z.enum(['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'EdDSA'])
/** Exactly one source of keys; what is wrong with it is said by the room that will use it. */
const StudioJwt = z
  .union([
    z.strictObject({ jwksUrl: z.string(), ...jwtCommon(asymmetric) }),
    z.strictObject({ publicKey: z.string(), ...jwtCommon(asymmetric) }),
    z.strictObject({ secret: z.string(), ...jwtCommon(z.enum(['HS256'])) }),
  ])
  .superRefine((jwt, context) => {
    for (const { path, message } of findStudioConfigMistakes(jwt))
      context.addIssue({ code: 'custom', path: [path], message })
  })

const ProofOfWork = z
  .strictObject({
    /** What a phone of 2020 computes for, on average; a server's core takes about a sixth of that. */
    seconds: z.number().min(0.01).max(30).default(1),
  })
  .or(z.literal(false))
  .default(false)

/** How many requests a window, by what they do; whatever is left out keeps its default. */
const Limits = z
  .strictObject({
    session: pointsOf('session'),
    unproved: pointsOf('unproved'),
    unprovedMail: pointsOf('unprovedMail'),
    mail: pointsOf('mail'),
    open: pointsOf('open'),
    reply: pointsOf('reply'),
    read: pointsOf('read'),
    upload: pointsOf('upload'),
    piece: pointsOf('piece'),
    export: pointsOf('export'),
    work: pointsOf('work'),
    desk: pointsOf('desk'),
  } satisfies Record<LimitKind, z.ZodType>)
  .default({})

const Attachments = z.strictObject({
  types: z
    .array(z.string().regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/, 'must be a type such as image/png'))
    .min(1)
    .optional(),
  maxBytes: z.int().positive().optional(),
  maxCount: z.int().positive().max(100).optional(),
  /** Theymes only: the browser puts files straight into the vendor's storage, past the relay and its checks. */
  direct: z.boolean().optional(),
})

const GameConfig = z.strictObject({
  name: z.string().min(1).max(100),
  origins: z.array(Origin).default([]),
  languages: z.array(Language).min(1).default(['en']),
  players: z
    .strictObject({
      jwt: StudioJwt.optional(),
      anonymous: z.boolean().default(false),
      email: z.boolean().default(false),
      /** Asked of anonymous players for each ticket they open and each file, and of newcomers where many came from one address. */
      proofOfWork: ProofOfWork,
    })
    .refine((players) => players.jwt || players.anonymous || players.email, { error: 'nobody could sign in' }),
  form: FormConfig,
  /** `false` turns files off; otherwise what narrows the vendor's own limits. */
  attachments: Attachments.or(z.literal(false)).default({}),
  theme: Theme.strict().default({}),
  hookSecret: z.string().min(16).optional(),
  vendor: VendorConfig,
})

const RelaySecret = z.string().min(32)

const ConfigFile = z.strictObject({
  $schema: z.string().optional(),
  listen: z
    .strictObject({ host: z.string().default('127.0.0.1'), port: z.int().min(0).max(65_535).default(8787) })
    .prefault({}),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .transform(withoutTrailingSlash)
    .optional(),
  store: z
    .string()
    .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, 'sqlite:<path> or postgres://…')
    .default('sqlite:data/medkit.db'),
  files: FilesPlace.default('file:data/files'),
  /** `files` is a folder that all relays on this store have mounted, and not one of this machine alone. */
  sharedFiles: z.boolean().default(false),
  s3: S3Keys.optional(),
  /** clamd: while it is configured, no file goes on unscanned. */
  scanner: ScannerConfig.optional(),
  /** One, or several, newest first: what an older one signed goes on being good. */
  secret: RelaySecret.or(z.array(RelaySecret).min(1)).optional(),
  /** The addresses, or CIDR blocks, whose `X-Forwarded-For` is believed. */
  trustedProxies: z.array(z.string().refine(isNetwork, { error: 'an IP address or a CIDR block' })).default([]),
  drain: z
    .strictObject({
      /** How long a relay that was asked to end goes on accepting while it says that it is not ready. */
      pauseSeconds: z.number().min(0).max(600).optional().describe('default 5 on PostgreSQL, else 0'),
    })
    .default({}),
  limits: Limits,
  /** Event streams at the same time. */
  streams: z.strictObject({ total: roomOf('total'), address: roomOf('address') }).prefault({}),
  /** Files that wait for a message, and what stays free on the disks. */
  storage: z
    .strictObject({
      addressBytes: bytesOf('addressBytes'),
      gameBytes: bytesOf('gameBytes'),
      freeBytes: bytesOf('freeBytes'),
      ledgerFreeBytes: bytesOf('ledgerFreeBytes'),
    } satisfies Record<keyof FileQuota, z.ZodType>)
    .prefault({}),
  retentionDays: z.int().min(1).max(3_650).default(30),
  /** How long a request for erasure can be withdrawn before it begins. */
  deletionGraceHours: z.number().min(0).max(720).default(24),
  mail: z
    .strictObject({ url: z.string().regex(/^smtps?:\/\//, 'must begin with smtp:// or smtps://'), from: z.email() })
    .optional(),
  games: z.record(GameKey, GameConfig).refine((games) => Object.keys(games).length > 0, { error: 'no game' }),
})

export type GameConfig = z.output<typeof GameConfig>
export type Config = z.output<typeof ConfigFile> & { demo: boolean }

/** What is wrong with a configuration: a line per mistake. No line holds a secret. */
export class ConfigMistakes extends Error {
  override readonly name = 'ConfigMistakes'
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(`the configuration has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}`)
    this.mistakes = mistakes
  }
}

export interface LoadedConfig {
  config: Config
  secrets: Secrets
}

/**
 * Reads a configuration, resolving `{"env":"NAME"}` and `{"file":"path"}`.
 *
 * @throws ConfigMistakes with every mistake at once.
 */
export function readConfig(text: string, environment: Environment): LoadedConfig {
  const mistakes: string[] = []
  const secrets: Secrets = new Set()
  const raw = parse(text, mistakes)
  const resolved = resolveSecrets(raw, [], { environment, mistakes, secrets })
  const unresolved = new Set(mistakes.map((mistake) => mistake.split(':')[0]))
  const parsed = ConfigFile.safeParse(resolved, { error: plainWords })
  mistakes.push(...findMistakesAcross(resolved))
  for (const issue of parsed.error?.issues ?? []) {
    const path = issue.path.join('.') || 'the file'
    if (!unresolved.has(path)) mistakes.push(`${path}: ${issue.message}`)
  }
  if (!parsed.success || mistakes.length > 0) throw new ConfigMistakes(mistakes)
  gatherSecrets(parsed.data, secrets)
  return { config: { ...parsed.data, demo: false }, secrets }
}

/** Several relays have something before them that chooses among those that are ready, and looks every few seconds. */
const sharedPauseMs = 5_000

/** @returns how long a relay that was asked to end goes on accepting, in milliseconds */
export function drainPauseMs({ drain, store }: Config): number {
  if (drain.pauseSeconds !== undefined) return drain.pauseSeconds * 1_000
  return isPostgres(store) ? sharedPauseMs : 0
}

/** For editors: the shape of the file as JSON Schema. */
export function configSchema(): unknown {
  return z.toJSONSchema(ConfigFile, { io: 'input', unrepresentable: 'any' })
}

function parse(text: string, mistakes: string[]): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ConfigMistakes([
      ...mistakes,
      // Only where: the words around it may be a secret.
      `the file: not JSON${/ at position \d+.*$/.exec(String(error))?.[0] ?? ''}`,
    ])
  }
}

/** What only shows where several parts are seen together. Reads the file as it is, so that it is said with all the rest. */
function findMistakesAcross(file: unknown): string[] {
  const { mail, publicUrl, games } = fields(file)
  const audiences = new Map<unknown, string>()
  const ofGames = Object.entries(fields(games)).flatMap(([game, config]) => {
    const { email, jwt } = fields(fields(config).players)
    const path = `games.${game}.players`
    const audience = isRecord(jwt) ? (jwt.audience ?? game) : undefined
    const other = audience === undefined ? undefined : audiences.get(audience)
    if (audience !== undefined) audiences.set(audience, game)
    return [
      ...(email === true && !mail ? [`${path}.email: e-mail sign-in needs a top-level "mail"`] : []),
      // Its link must not lead where whoever asks for one says that the relay is.
      ...(email === true && !publicUrl ? [`${path}.email: e-mail sign-in needs a top-level "publicUrl"`] : []),
      ...(other ? [`${path}.jwt.audience: a token for ${String(audience)} would be for ${other} as well`] : []),
    ]
  })
  return [...storeMistakes(fields(file)), ...fileMistakes(fields(file)), ...ofGames]
}

/** Each relay would make a secret of its own, and refuse the players whom another has signed in. */
function storeMistakes(file: Record<string, unknown>): string[] {
  if (!isPostgres(file.store) || 'secret' in file) return []
  return ['secret: is missing; all relays on one PostgreSQL store need the same, 32 characters or more']
}

function fields(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

/** Secrets written straight into the file are masked as well. */
function gatherSecrets(config: z.output<typeof ConfigFile>, secrets: Secrets): void {
  const { secret, s3, store, files, mail } = config
  const written = [
    ...[secret ?? []].flat(),
    s3?.secretAccessKey,
    s3?.sessionToken,
    ...[store, files, mail?.url].flatMap(secretsIn),
  ]
  for (const text of written) if (text) secrets.add(text)
  for (const game of Object.values(config.games)) {
    if (game.hookSecret) secrets.add(game.hookSecret)
    if (game.players.jwt && 'secret' in game.players.jwt) secrets.add(game.players.jwt.secret)
    for (const key of ['apiKey', 'token'] as const) {
      const secret = (game.vendor as Record<string, unknown>)[key]
      if (typeof secret === 'string') secrets.add(secret)
    }
  }
}

function roomOf(name: keyof StreamQuota) {
  return z.int().positive().default(defaultStreamQuota[name])
}

function bytesOf(name: keyof FileQuota) {
  return z.int().min(0).default(defaultFileQuota[name])
}

function pointsOf(kind: LimitKind) {
  const { windowSeconds, player, device, address } = defaultPoints[kind]
  const count = (normal: number) => z.int().positive().optional().describe(`default ${normal}`)
  return z
    .strictObject({
      windowSeconds: count(windowSeconds),
      player: count(player),
      device: count(device),
      address: count(address),
    })
    .optional()
}

function jwtCommon<A extends z.ZodType>(algorithm: A) {
  return {
    algorithms: z.array(algorithm).min(1).optional(),
    issuer: z.string().min(1).optional(),
    audience: z.string().min(1).optional(),
  }
}

function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
