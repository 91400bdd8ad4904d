/** What npm carries, built and laid where no package is installed: the relay starts there, and the widget asks for nothing. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** Anything else behind `from` is words. */
const packageName = /^(@[\w.-]+\/)?[a-z][\w.-]*(\/[\w./-]+)?$/

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medkit-package-'))
  for (const mode of ['relay', 'npm']) await build(mode, join(folder, mode))
}, 120_000)

afterAll(() => rm(folder, { recursive: true }))

/** As `npm run build` does, in a process that does not know it is tested. */
async function build(mode: string, outDir: string): Promise<void> {
  const vite = join(import.meta.dirname, '../node_modules/vite/bin/vite.js')
  const { VITEST: _, NODE_ENV: __, ...env } = process.env
  const options = ['--mode', mode, '--outDir', outDir, '--emptyOutDir', '--logLevel', 'warn']
  await promisify(execFile)(process.execPath, [vite, 'build', ...options], { env })
}

async function packagesIn(part: string): Promise<string[]> {
  const paths = await readdir(join(folder, part), { recursive: true })
  const texts = await Promise.all(
    paths.filter((path) => path.endsWith('.js')).map((path) => readFile(join(folder, part, path), 'utf8')),
  )
  expect(texts.length).toBeGreaterThan(1)
  const imports = texts.flatMap((text) => [
    ...text.matchAll(/(?:\bfrom|\bimport|\b__require|\brequire) ?\(?["']([^"'\n]+)["']/g),
  ])
  const names = new Set(imports.map(([, name = '']) => name))
  return [...names].filter((name) => packageName.test(name) && !isBuiltin(name)).toSorted()
}

it.each(['relay', 'npm'])('%s has all packages in it', async (part) => {
  expect(await packagesIn(part)).toEqual([])
})

it('the relay starts where no package is installed', async () => {
  const relay = spawn(process.execPath, [join(folder, 'relay/main.js')], {
    cwd: folder,
    env: { PORT: '0', MEDKIT_LOG: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(relay, 'exit')
  try {
    let said = ''
    for await (const chunk of relay.stdout) {
      said += chunk
      if (said.includes('its token')) break
    }
    const [address] = /http:\/\/[^/\s]+/.exec(said) ?? []
    expect((await fetch(`${address}/readyz`)).status).toBe(200)
  } finally {
    relay.kill('SIGINT')
    await ended
  }
})
