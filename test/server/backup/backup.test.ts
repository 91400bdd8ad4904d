/** `medkit backup` beside a relay that goes on, and `medkit restore`, as an operator runs them. */
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Conversation } from '../../../server/contract/ticket.ts'
import { type StartOptions, startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { begin, pngOf, send, upload } from '../../fixtures/relay-files.ts'
import { png } from '../../fixtures/sample-files.ts'
import { until } from '../../fixtures/wait.ts'
import { startI3dSimulator } from '../../simulators/i3d/simulator.ts'

const main = join(import.meta.dirname, '../../../server/main.ts')
const bytes = Buffer.concat([png(), Buffer.alloc(300_000, 'x')])

/** Of the relay that is backed up, of the copy, and of the relay that comes after. */
let [home, copy, other] = ['', '', '']
let top: string
let relay: TestRelay | undefined

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'medkit-backup-'))
  ;[home, copy, other] = [join(top, 'home'), join(top, 'copy'), join(top, 'other')]
  for (const folder of [home, other]) await mkdir(join(folder, 'data'), { recursive: true })
})
afterEach(async () => {
  await relay?.relay.close()
  relay = undefined
  await rm(top, { recursive: true, force: true })
})

async function start(folder: string, options: StartOptions = {}): Promise<TestRelay> {
  relay = await startRelay({ ...options, folder })
  return relay
}

/** In that folder, with the configuration of a relay that keeps its things there. */
async function run(folder: string, args: string[], config: object = {}): Promise<{ code: number; said: string }> {
  const file = join(top, 'relay.json')
  const vendor = { kind: 'desk', token: 'desk-token-of-the-tests' }
  const games = { harbor: { name: 'Harbor', players: { anonymous: true }, vendor } }
  const places = { store: 'sqlite:medkit.db', files: 'file:files', listen: { port: 0 } }
  await writeFile(file, JSON.stringify({ ...places, games, ...config }))
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...args, '--config', file], { cwd: folder })
    return { code: 0, said: stdout }
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string }
    return { code, said: stderr }
  }
}

/** Every file below a folder, with what is in it. */
async function everythingIn(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const paths = names.map(({ parentPath, name }) => join(parentPath, name)).toSorted()
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await readFile(path, 'base64')])))
}

const read = async (at: TestRelay, token: string, id: string) =>
  (await at.call<Conversation>(`GET /v1/tickets/${id}`, { token })).body
const download = async (at: TestRelay, token: string, id: string) => {
  const answer = await fetch(`${at.url}/v1/attachments/${id}`, { headers: { authorization: `Bearer ${token}` } })
  return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) }
}

describe('A backup of a relay that is written to', () => {
  it('has everything that was answered 201 before it began, with its files, and nothing of unfinished uploads', {
    timeout: 120_000,
  }, async () => {
    const at = await start(home)
    const { token } = await at.signIn()
    const file = await upload(at, token, bytes)
    const withFile = await at.open(token, { attachments: [file] })
    const { id: unfinished, url } = await begin(at, token, pngOf(bytes.length))
    await send(url, token, bytes.subarray(0, 1_000))
    const writing = beginWriting(at, token)
    await until(() => writing.answered.length > 20, 'they write')
    const before = [...writing.answered]
    const { code, said } = await run(home, ['backup', copy])
    const during = writing.answered.length - before.length
    await writing.end()
    expect([code, said]).toEqual([0, expect.stringContaining('2 files')])
    expect(during).toBeGreaterThan(0)
    await at.relay.close()

    expect(await run(other, ['restore', copy])).toMatchObject({ code: 0 })
    const back = await start(other)
    for (const { id, message } of before)
      expect((await read(back, token, id)).messages.map(({ text }) => text)).toContain(message)
    expect(await download(back, token, file)).toEqual({ status: 200, bytes })
    expect((await read(back, token, withFile.id)).messages[0]?.attachments).toMatchObject([
      { id: file, state: 'ready' },
    ])
    expect(await readdir(join(other, 'files'))).not.toContain(`${unfinished}.part`)
    expect((await back.open(token)).status).toBe('open')
  })

  it('is for its owner alone, and has the secret only where the relay made it', async () => {
    await (await start(home)).signIn()
    const secret = 'x'.repeat(32)
    await writeFile(join(home, 'data/secret'), secret)
    expect((await run(home, ['backup', copy])).said).toContain('whoever has this folder')
    expect(await readFile(join(copy, 'secret'), 'utf8')).toBe(secret)
    const modes = ['', 'medkit.db', 'secret', 'manifest.json'].map(async (name) => (await stat(join(copy, name))).mode)
    expect((await Promise.all(modes)).map((mode) => mode & 0o077)).toEqual([0, 0, 0, 0])
    expect((await readdir(copy)).toSorted()).toEqual(['files', 'manifest.json', 'medkit.db', 'secret'])

    const configured = join(top, 'configured')
    const { said } = await run(home, ['backup', configured], { secret })
    expect(said).toContain('The configured secret is not')
    expect(await readdir(configured)).not.toContain('secret')
    expect(await run(other, ['restore', copy])).toMatchObject({ code: 0 })
    expect(await readFile(join(other, 'data/secret'), 'utf8')).toBe(secret)
  })

  it('is put nowhere but in an empty folder, and leaves nothing where there is no ledger', async () => {
    await mkdir(copy)
    expect(await run(home, ['backup', copy])).toMatchObject({ code: 1, said: expect.stringMatching(/no ledger/) })
    await writeFile(join(copy, 'mine'), 'mine')
    await (await start(home)).signIn()
    expect(await run(home, ['backup', copy])).toMatchObject({ code: 1, said: expect.stringMatching(/not empty/) })
    expect(await readdir(copy)).toEqual(['mine'])
  })

  it('of a ledger on PostgreSQL is another program’s; of a bucket it has no files and says so', async () => {
    const postgres = { store: 'postgres://127.0.0.1/medkit', secret: 'x'.repeat(32) }
    const bucket = {
      files: 's3://bucket/prefix?endpoint=https://s3.example',
      s3: { accessKeyId: 'id', secretAccessKey: 'a secret key' },
    }
    expect(await run(home, ['backup', copy], { ...postgres, ...bucket })).toMatchObject({
      code: 1,
      said: expect.stringContaining('pg_dump'),
    })
    await (await start(home)).signIn()
    expect((await run(home, ['backup', copy], bucket)).said).toContain('they lie in a bucket')
    expect(await run(other, ['restore', copy])).toMatchObject({ code: 1, said: expect.stringContaining('bucket') })
    expect(await run(other, ['restore', copy], bucket)).toMatchObject({ code: 0 })
  })
})

describe('A backup that comes back', () => {
  it('goes on with its outbox, and sends nothing again that was sent since', { timeout: 120_000 }, async () => {
    const vendor = await startI3dSimulator()
    try {
      const game = { vendor: { ...vendor.config, settleSeconds: 1 } }
      const at = await start(home, { game })
      const { token } = await at.signIn()
      vendor.misbehave('busy', 1)
      const ticket = await at.open(token, { message: 'Sent after the backup' })
      await until(() => vendor.received.length > 0, 'the vendor has refused it for now')
      expect(await run(home, ['backup', copy])).toMatchObject({ code: 0 })
      const isDelivered = async (relay: TestRelay) =>
        (await read(relay, token, ticket.id)).messages[0]?.delivery === 'delivered'
      await until(() => isDelivered(at), 'it is delivered')
      await at.relay.close()

      expect(await run(other, ['restore', copy])).toMatchObject({ code: 0 })
      const back = await start(other, { game })
      expect(await isDelivered(back)).toBe(false)
      await until(() => isDelivered(back), 'it is known to be delivered')
      expect(vendor.tickets().filter(({ lines }) => lines.join().includes('Sent after the backup'))).toHaveLength(1)
    } finally {
      await vendor.close()
    }
  })

  it.each<[string, (file: string) => Promise<unknown>, RegExp]>([
    ['whose ledger has another byte', () => change('medkit.db'), /damaged: medkit\.db/],
    ['whose file has another byte', (file) => change(`files/${file}`), /damaged: files\//],
    ['that lacks a file', (file) => rm(join(copy, 'files', file)), /damaged: files\//],
    ['that was not finished', () => rm(join(copy, 'manifest.json')), /no whole backup/],
    [
      'whose list leads elsewhere',
      () => replace('manifest.json', '"files/', '"files/../'),
      /manifest\.json is damaged/,
    ],
  ])('%s is refused, and nothing is changed', async (_name, damage, words) => {
    const file = await backedUp()
    await damage(file)
    const before = await everythingIn(other)
    const { code, said } = await run(other, ['restore', copy])
    expect([code, said]).toEqual([1, expect.stringMatching(words)])
    expect(await everythingIn(other)).toEqual(before)
  })

  it('takes no ledger’s place, no other secret’s and no other file’s', async () => {
    await backedUp()
    for (const [name, words] of [
      ['medkit.db', /ledger already/],
      ['medkit.db-wal', /ledger already/],
      ['data/secret', /another secret/],
      ['files/mine', /other files/],
    ] as const) {
      await mkdir(join(other, 'files'), { recursive: true })
      await writeFile(join(other, name), 'mine')
      const before = await everythingIn(other)
      expect([name, await run(other, ['restore', copy])]).toMatchObject([
        name,
        { code: 1, said: expect.stringMatching(words) },
      ])
      expect(await everythingIn(other)).toEqual(before)
      await rm(join(other, name))
    }
    expect(await run(other, ['restore', copy])).toMatchObject({ code: 0 })
  })

  it('is refused while a relay listens whose ledger was moved away', async () => {
    await backedUp()
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { said } = await run(other, ['restore', copy], { listen: { port } })
    expect(said).toContain('Something listens')
    await new Promise((resolve) => server.close(resolve))
    expect(await run(other, ['restore', copy], { listen: { port } })).toMatchObject({ code: 0 })
  })

  it('leaves everything as it was when its last step fails', async () => {
    const file = await backedUp()
    // Not there to whoever looks, and in the way of whoever wants the name.
    await symlink('nowhere', join(other, 'medkit.db'))
    expect(await run(other, ['restore', copy])).toMatchObject({ code: 1, said: expect.stringContaining('EEXIST') })
    expect(await everythingIn(other)).toEqual({})
    await rm(join(other, 'medkit.db'))
    expect(await run(other, ['restore', copy])).toMatchObject({ code: 0 })
    expect(await readdir(join(other, 'files'))).toContain(file)
    expect(Object.keys(await everythingIn(other)).filter((path) => path.includes('.restoring'))).toEqual([])
  })
})

/** Four players' hands that open one ticket after the other. */
function beginWriting(at: TestRelay, token: string) {
  const answered: { id: string; message: string }[] = []
  let isOver = false
  const writers = [1, 2, 3, 4].map(async (writer) => {
    for (let count = 0; !isOver; count += 1) {
      const message = `number ${count} of ${writer}`
      answered.push({ id: (await at.open(token, { message })).id, message })
    }
  })
  const end = async () => {
    isOver = true
    await Promise.all(writers)
  }
  return { answered, end }
}

/** A backup with one file and a secret. @returns the file's id */
async function backedUp(): Promise<string> {
  const at = await start(home)
  const { token } = await at.signIn()
  const file = await upload(at, token, bytes)
  await at.open(token, { attachments: [file] })
  await writeFile(join(home, 'data/secret'), 'x'.repeat(32))
  expect(await run(home, ['backup', copy])).toMatchObject({ code: 0 })
  return file
}

async function change(name: string): Promise<void> {
  const path = join(copy, name)
  const content = await readFile(path)
  content[content.length - 1] = (content.at(-1) ?? 0) ^ 1
  await chmod(path, 0o600)
  await writeFile(path, content)
}

async function replace(name: string, from: string, to: string): Promise<void> {
  const path = join(copy, name)
  await writeFile(path, (await readFile(path, 'utf8')).replace(from, to))
}
