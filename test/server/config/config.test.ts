/** What is wrong with a configuration is said at once, by path, in words that need no schema. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ConfigMistakes, readConfig } from '../../../server/config/config.ts'
import { addressAt } from '../../../server/http/listen.ts'

const vendor = { kind: 'desk', token: 'desk-token-of-the-tests' }
const gameWith = (more: object) => ({
  games: { harbor: { name: 'Harbor', players: { anonymous: true }, vendor, ...more } },
})
const formWith = (field: object) =>
  gameWith({
    form: { categories: [{ id: 'c', label: { en: 'C' }, fields: [{ id: 'f', label: { en: 'F' }, ...field }] }] },
  })

function mistakesIn(file: object): readonly string[] {
  try {
    readConfig(JSON.stringify(file), {})
    return []
  } catch (error) {
    if (error instanceof ConfigMistakes) return error.mistakes
    throw error
  }
}

const field = 'games.harbor.form.categories.0.fields.0'

describe('A mistake', () => {
  it.each<[object, string]>([
    [gameWith({ origins: ['*'] }), 'games.harbor.origins.0: an origin is scheme, host and port'],
    [gameWith({ origins: ['play.studio.example'] }), 'games.harbor.origins.0: an origin is scheme, host and port'],
    [gameWith({ attachments: true }), 'games.harbor.attachments: must be an object {…}, or must be false'],
    [gameWith({ attachments: { maxBytes: '1 MB' } }), 'games.harbor.attachments: maxBytes must be a number'],
    [gameWith({ players: { jwt: {} } }), 'games.harbor.players.jwt: jwksUrl is missing'],
    [
      gameWith({ players: { jwt: { jwksUrl: 'https://id.example/keys', algorithms: ['HS256'] } } }),
      'games.harbor.players.jwt: algorithms.0 must be one of "RS256"',
    ],
    [gameWith({ theme: { accent: 'blue' } }), 'games.harbor.theme.accent: must be a colour'],
    [formWith({ type: 'choice', required: true }), `${field}.options: a choice has options`],
    [formWith({ type: 'choice', options: [] }), `${field}.options: is empty`],
    [formWith({ type: 'text', id: 'x'.repeat(65) }), `${field}.id: must have at most 64 characters`],
    [formWith({ type: 'text', label: {} }), `${field}.label: is in no language`],
    [{ ...gameWith({}), secret: 'short' }, 'secret: must have at least 32 characters'],
    [{ ...gameWith({}), secret: ['x'.repeat(32), 'short'] }, 'secret.1: must have at least 32 characters'],
    [{ ...gameWith({}), secret: [] }, 'secret: is empty'],
    [{ ...gameWith({}), publicUrl: 'javascript:alert(1)' }, 'publicUrl: must be a whole address'],
    [{ ...gameWith({}), mail: { url: 'http://mail', from: 'a@b.example' } }, 'mail.url: must begin with smtp://'],
  ])('%j is said in plain words', (file, words) => {
    expect(mistakesIn(file)).toEqual([expect.stringContaining(words)])
  })

  it('hides no other', () => {
    const mistakes = mistakesIn({ ...gameWith({ origins: ['*'], attachments: true, name: '' }), retentionDays: '30' })
    expect(mistakes.map((mistake) => mistake.split(':')[0]).toSorted()).toEqual([
      'games.harbor.attachments',
      'games.harbor.name',
      'games.harbor.origins.0',
      'retentionDays',
    ])
  })
})

describe('Relays on one PostgreSQL', () => {
  const store = 'postgres://medkit@db.studio.example/medkit'
  const secret = 'a secret that all of the relays have'
  const s3 = { accessKeyId: 'id', secretAccessKey: 'key' }
  const bucket = 's3://bucket/games?endpoint=https://s3.example&region=eu-1'
  const noSecret = expect.stringMatching(/^secret: is missing; all relays on one PostgreSQL store need the same/)
  const ownFolder = expect.stringMatching(
    /^files: lie in a folder of this machine, .* S3 store, or say "sharedFiles": true/,
  )
  const noUse = expect.stringMatching(/^sharedFiles: has use only for/)

  it.each<[object, unknown[]]>([
    [{ store }, [noSecret, ownFolder]],
    [{ store: 'postgresql://db/medkit', files: 'file:/srv/files', secret }, [ownFolder]],
    [{ store, sharedFiles: false, secret }, [ownFolder]],
    [{ store, files: bucket, s3 }, [noSecret]],
    [{ store, files: bucket, s3, secret }, []],
    [{ store, files: 'file:/mnt/files', sharedFiles: true, secret }, []],
    [{ store, files: bucket, s3, sharedFiles: true, secret }, [noUse]],
    [{ sharedFiles: true }, [noUse]],
    [{ store, sharedFiles: true, secret: { env: 'UNSET' } }, ['secret: the environment variable UNSET is not set']],
    [{ store, retentionDays: 0 }, [noSecret, ownFolder, expect.stringContaining('retentionDays')]],
  ])('of %j hear what is missing', (file, mistakes) => {
    expect(mistakesIn({ ...gameWith({}), ...file })).toEqual(mistakes)
  })
})

describe('A start', () => {
  /** @returns what it printed as it ended by itself */
  async function refusedStart(file: object, secret?: string): Promise<{ stdout: string; stderr: string }> {
    const folder = await mkdtemp(join(tmpdir(), 'medkit-start-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await mkdir(join(folder, 'data'))
    await writeFile(join(folder, 'relay.json'), JSON.stringify({ listen: { port: 0 }, ...gameWith({}), ...file }))
    if (secret !== undefined) await writeFile(join(folder, 'data/secret'), secret)
    const main = join(import.meta.dirname, '../../../server/main.ts')
    const started = promisify(execFile)(process.execPath, [main, '--config', 'relay.json'], { cwd: folder })
    return started.then(
      () => expect.fail('it started'),
      (error: { stdout: string; stderr: string }) => error,
    )
  }

  it('is refused before anything listens, with every mistake in a line of its own', async () => {
    const { stdout, stderr } = await refusedStart({ store: 'postgres://127.0.0.1:1/none', retentionDays: 0 })
    expect(stdout).toBe('')
    const [title, ...lines] = stderr.trim().split('\n')
    expect(title).toBe('the configuration has 3 mistakes')
    expect(lines.map((line) => line.trim().split(':')[0])).toEqual(['secret', 'files', 'retentionDays'])
  })

  it('names a secret of the configuration whose file is empty, once', async () => {
    const { stderr } = await refusedStart({ secret: { file: 'data/secret' } }, '\n')
    expect(stderr).toBe('the configuration has a mistake\n  secret: the file data/secret is empty\n')
  })
})

it('A host is written as an address wants it', () => {
  expect(addressAt('127.0.0.1', 1)).toBe('http://127.0.0.1:1')
  expect(new URL(addressAt('::1', 8_787)).host).toBe('[::1]:8787')
})
