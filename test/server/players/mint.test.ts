/** The examples that show a studio how to mint a token. */
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStudioVerifier } from '../../../server/players/studio-token.ts'

const folder = join(import.meta.dirname, 'mint')
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
let keys: string

beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'medkit-mint-'))
  await writeFile(join(keys, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
})

afterAll(() => rm(keys, { recursive: true }))

/** Runs in a process of its own, as the studio would run it. */
async function runInNode(call: string): Promise<string> {
  const script = `import { supportToken } from ${JSON.stringify(join(folder, 'mint.mjs'))}\nprocess.stdout.write(await ${call})`
  const env = { ...process.env, SUPPORT_KEY_FILE: join(keys, 'key.pem') }
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env })
  return stdout
}

describe('the example in Node', () => {
  it('mints a token that lets its player in with all that it says', async () => {
    const token = await runInNode("supportToken({ id: 'player-7', name: 'Ada', locale: 'de', tier: 3 })")
    const { verify } = createStudioVerifier(
      'star-harbor',
      { publicKey: publicPem },
      { clock: { now: () => new Date() } },
    )
    expect(await verify(token)).toMatchObject({
      subject: 'player-7',
      name: 'Ada',
      locale: 'de',
      metadata: { tier: 3, tags: ['beta'] },
    })
  })
})

describe.each(readdirSync(folder))('the example %s', (file) => {
  const text = readFileSync(join(folder, file), 'utf8')

  it('fits on a screen: 25 lines at most', () => {
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(25)
  })

  it('sets what the relay requires, in an algorithm it accepts', () => {
    for (const claim of [/sub/i, /aud/i, /iat|issued_?at/i, /exp/i]) expect(text).toMatch(claim)
    expect(text).toMatch(/ES256|ECDSA256|EcdsaSha256/)
    expect(text).toContain('support-1')
    expect(text).toContain('star-harbor')
  })

  it('warns against ids that a client sent', () => {
    expect(text).toContain('an id that the client sent')
  })
})

it('there is one in each of six languages', () => {
  expect(readdirSync(folder).toSorted()).toEqual(['Mint.java', 'mint.cs', 'mint.go', 'mint.mjs', 'mint.php', 'mint.py'])
})
