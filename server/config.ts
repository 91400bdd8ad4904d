/**
 * The relay's configuration: one schema, every mistake reported at once by path. Secrets are resolved here and nowhere
 * else, and what was resolved is known, so that it can be masked in whatever is printed later.
 */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { plainWords } from './config-words.ts'
import { FormField, Label, Theme } from './contract/game.ts'
import { GameKey } from './contract/ids.ts'
import { Language } from './contract/language.ts'
import { VendorConfig } from './vendors/registry.ts'

const Origin = z.url().refine((value) => new URL(value).origin === value, {
  error: 'an origin is scheme, host and port, nothing behind it',
})

const asymmetric = z.enum(['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'EdDSA'])
const StudioJwt = z.union([
  z.strictObject({ jwksUrl: z.url(), ...jwtCommon(asymmetric) }),
  z.strictObject({ publicKey: z.string().includes('-----BEGIN'), ...jwtCommon(asymmetric) }),
  z.strictObject({ secret: z.string().min(32), ...jwtCommon(z.enum(['HS256'])) }),
])

const Category = z.strictObject({
  id: z.string().min(1).max(64),
  label: Label,
  tags: z.array(z.string().min(1)).default([]),
  fields: z
    .array(z.strictObject({ ...FormField.shape, required: z.boolean().default(false) }))
    .default([])
    .refine((fields) => areUnique(fields.map((field) => field.id)), { error: 'two fields with the same id' }),
})

const Attachments = z.strictObject({
  types: z
    .array(z.string().regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/))
    .min(1)
    .optional(),
  maxBytes: z.int().positive().optional(),
  maxCount: z.int().positive().max(100).optional(),
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
    })
    .refine((players) => players.jwt || players.anonymous || players.email, { error: 'nobody could sign in' }),
  form: z
    .strictObject({
      categories: z
        .array(Category)
        .default([])
        .refine((categories) => areUnique(categories.map((category) => category.id)), {
          error: 'two categories with the same id',
        }),
    })
    .default({ categories: [] }),
  /** `false` turns files off; otherwise what narrows the vendor's own limits. */
  attachments: Attachments.or(z.literal(false)).default({}),
  theme: Theme.strict().default({}),
  hookSecret: z.string().min(16).optional(),
  vendor: VendorConfig,
})

const ConfigFile = z
  .strictObject({
    $schema: z.string().optional(),
    listen: z
      .strictObject({ host: z.string().default('127.0.0.1'), port: z.int().min(0).max(65_535).default(8787) })
      .prefault({}),
    publicUrl: z.url().transform(withoutTrailingSlash).optional(),
    store: z
      .string()
      .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, 'sqlite:<path> or postgres://…')
      .default('sqlite:data/medkit.db'),
    files: z
      .string()
      .regex(/^(file:.+|s3:\/\/.+)$/, 'file:<folder> or s3://…')
      .default('file:data/files'),
    secret: z.string().min(32).optional(),
    trustedProxies: z.array(z.string()).default([]),
    retentionDays: z.int().min(1).max(3_650).default(30),
    /** How long a request for erasure can be withdrawn before it begins. */
    deletionGraceHours: z.number().min(0).max(720).default(24),
    mail: z.strictObject({ url: z.string().regex(/^smtps?:\/\//), from: z.email() }).optional(),
    games: z.record(GameKey, GameConfig).refine((games) => Object.keys(games).length > 0, { error: 'no game' }),
  })
  .superRefine((config, context) => {
    for (const [game, { players }] of Object.entries(config.games)) {
      if (!players.email || config.mail) continue
      const message = 'e-mail sign-in needs a top-level "mail"'
      context.addIssue({ code: 'custom', path: ['games', game, 'players', 'email'], message })
    }
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

/** Values that must never be printed, gathered while they are resolved. */
export type Secrets = Set<string>

export interface LoadedConfig {
  config: Config
  secrets: Secrets
}

type Environment = Readonly<Record<string, string | undefined>>

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
  for (const issue of parsed.error?.issues ?? []) {
    const path = issue.path.join('.') || 'the file'
    if (!unresolved.has(path)) mistakes.push(`${path}: ${issue.message}`)
  }
  if (!parsed.success || mistakes.length > 0) throw new ConfigMistakes(mistakes)
  gatherSecrets(parsed.data, secrets)
  return { config: { ...parsed.data, demo: false }, secrets }
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
      `the file: not JSON (${error instanceof Error ? error.message : 'unreadable'})`,
    ])
  }
}

interface Resolving {
  environment: Environment
  mistakes: string[]
  secrets: Secrets
}

function resolveSecrets(value: unknown, path: readonly string[], resolving: Resolving): unknown {
  if (Array.isArray(value)) return value.map((item, index) => resolveSecrets(item, [...path, String(index)], resolving))
  if (!isRecord(value)) return value
  const [key, ...others] = Object.keys(value)
  const source = key === undefined ? undefined : value[key]
  if (others.length === 0 && typeof source === 'string' && !path.includes('label')) {
    if (key === 'env') return secretFromEnvironment(source, path, resolving)
    if (key === 'file') return secretFromFile(source, path, resolving)
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, resolveSecrets(inner, [...path, name], resolving)]),
  )
}

function secretFromEnvironment(name: string, path: readonly string[], { environment, mistakes, secrets }: Resolving) {
  const secret = environment[name]
  if (secret) secrets.add(secret)
  else mistakes.push(`${path.join('.')}: the environment variable ${name} is not set`)
  return secret
}

function secretFromFile(file: string, path: readonly string[], { mistakes, secrets }: Resolving) {
  try {
    const secret = readFileSync(file, 'utf8').trim()
    secrets.add(secret)
    return secret
  } catch {
    mistakes.push(`${path.join('.')}: the file ${file} cannot be read`)
    return undefined
  }
}

/** Secrets written straight into the file are masked as well. */
function gatherSecrets(config: z.output<typeof ConfigFile>, secrets: Secrets): void {
  if (config.secret) secrets.add(config.secret)
  for (const game of Object.values(config.games)) {
    if (game.hookSecret) secrets.add(game.hookSecret)
    if (game.players.jwt && 'secret' in game.players.jwt) secrets.add(game.players.jwt.secret)
    for (const key of ['apiKey', 'token'] as const) {
      const secret = (game.vendor as Record<string, unknown>)[key]
      if (typeof secret === 'string') secrets.add(secret)
    }
  }
}

function jwtCommon<A extends z.ZodType>(algorithm: A) {
  return {
    algorithms: z.array(algorithm).min(1).optional(),
    issuer: z.string().min(1).optional(),
    audience: z.string().min(1).optional(),
  }
}

function areUnique(ids: readonly string[]): boolean {
  return new Set(ids).size === ids.length
}

function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
