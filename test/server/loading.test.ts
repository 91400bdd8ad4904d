/** What a configuration does not use is not loaded: it would take time at every start and memory for as long as the relay runs. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

/** Says of every file that is loaded which it is. */
const hook = `
  import { registerHooks } from 'node:module'
  import { writeSync } from 'node:fs'
  registerHooks({ load: (url, context, next) => (writeSync(2, url + '\\n'), next(url, context)) })`

async function loadedBy(game: object): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-loaded-'))
  const config = join(folder, 'relay.json')
  await writeFile(
    config,
    JSON.stringify({
      listen: { port: 0 },
      store: `sqlite:${folder}/medkit.db`,
      files: `file:${folder}/files`,
      secret: 'a secret of the tests, thirty-two bytes',
      games: { one: { name: 'One', players: { anonymous: true }, ...game } },
    }),
  )
  const args = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, 'server/main.ts', '--config', config]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let loaded = ''
  child.stderr.on('data', (chunk) => {
    loaded += chunk
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => String(chunk).includes('http://') && resolve())
    child.once('exit', () => reject(new Error(loaded)))
  })
  child.removeAllListeners('exit').kill('SIGTERM')
  await ended
  await rm(folder, { recursive: true })
  return loaded.split('\n')
}

const has = (loaded: string[], what: RegExp) => loaded.some((url) => what.test(url))

it('starts with the built-in desk, SQLite and a folder without anybody else’s adapter, driver, storage, mailer or detector', async () => {
  const loaded = await loadedBy({ vendor: { kind: 'desk', token: 'desk-token-of-the-tests' } })
  expect(has(loaded, /\/server\/desk\/pages\.ts$/)).toBe(true)
  for (const unused of ['pg', 'nodemailer', 'file-type', 'ky', 'aws4fetch'])
    expect([unused, has(loaded, new RegExp(`/node_modules/${unused}/`))]).toEqual([unused, false])
  for (const vendor of ['theymes', 'zaia', 'thena', 'threada', 'i3d'])
    expect([vendor, has(loaded, new RegExp(`/vendors/${vendor}/${vendor}\\.ts$`))]).toEqual([vendor, false])
})

it('starts with a vendor of the studio’s without the pages of the desk', async () => {
  const loaded = await loadedBy({ vendor: { kind: 'thena', apiKey: 'key', teamId: 'team' } })
  expect(has(loaded, /\/vendors\/thena\/thena\.ts$/)).toBe(true)
  expect(has(loaded, /\/desk\/(pages|desk)\.ts$/)).toBe(false)
})
