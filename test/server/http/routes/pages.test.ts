/** The pages and scripts a browser fetches before it speaks the player API. */
import { afterEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../../../server/http/static-files.ts'
import { startRelay, type TestRelay } from '../../../fixtures/relay.ts'

let relay: TestRelay

afterEach(() => relay.close())

const start = async (options = {}) => {
  relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget'), ...options })
}
const get = (path: string, headers = {}) => fetch(`${relay.url}${path}`, { headers, redirect: 'manual' })

describe('The full page', () => {
  it('finds the only game of a relay by itself, and keeps what else the address says', async () => {
    await start()
    const answer = await get('/?ticket=AAAAAAAAAAAAAAAAAAAAAA')
    expect(answer.headers.get('location')).toBe('/?ticket=AAAAAAAAAAAAAAAAAAAAAA&game=star-harbor')
  })

  it('may be framed by the pages of its own game and by nobody else', async () => {
    await start()
    const own = await get('/?game=star-harbor')
    expect(own.headers.get('content-security-policy')).toContain(
      "frame-ancestors 'self' https://play.star-harbor.example",
    )
    const other = await get('/?game=nowhere')
    expect(other.headers.get('content-security-policy')).toMatch(/frame-ancestors 'self'(;|$)/)
  })

  it('runs under a policy that lets no string become script and no other place be called', async () => {
    await start()
    const policy = (await get('/?game=star-harbor')).headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("require-trusted-types-for 'script'")
    expect(policy).toContain("connect-src 'self';")
    expect(policy).not.toContain('unsafe')
  })

  it('may put files straight to the vendor where the studio wants them there', async () => {
    const vendor = { kind: 'theymes', apiKey: 'k', gameId: '3f0eee32-8eac-4668-9b38-e3e5dc21d607' }
    await start({ game: { vendor, attachments: { direct: true } } })
    const policy = (await get('/?game=star-harbor')).headers.get('content-security-policy')
    expect(policy).toContain("connect-src 'self' https: https://api.theymes.com;")
  })
})

describe('The embed script', () => {
  it('is served compressed, to every origin, and not again while it is the same', async () => {
    await start()
    const first = await get('/medkit.js', { 'accept-encoding': 'gzip' })
    expect(first.headers.get('content-encoding')).toBe('gzip')
    expect(first.headers.get('access-control-allow-origin')).toBe('*')
    const etag = first.headers.get('etag') ?? ''
    for (const known of [etag, `W/${etag}`, `"another", ${etag}`, '*'])
      expect((await get('/medkit.js', { 'if-none-match': known })).status).toBe(304)
    expect((await get('/medkit.js', { 'if-none-match': '"another"' })).status).toBe(200)
  })

  it('is missing in plain words, and nothing else is, when the widget was not built', async () => {
    await start({ browserFiles: new Map() })
    const page = await get('/?game=star-harbor')
    expect(page.status).toBe(404)
    expect(await page.text()).toContain('npm run build')
    expect((await get('/v1/games/star-harbor')).status).toBe(200)
  })
})
