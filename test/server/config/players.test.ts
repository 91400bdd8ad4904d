/** What is said of the players' part of a configuration before the relay listens. */
import { describe, expect, it } from 'vitest'
import { ConfigMistakes, configSchema, readConfig } from '../../../server/config/config.ts'
import { createStudio } from '../../fixtures/studio.ts'

const { publicPem } = createStudio()
const vendor = { kind: 'desk', token: 'desk-token-of-the-tests' }
const gameWith = (players: object) => ({ name: 'Star Harbor', players, vendor })

function mistakesIn(file: object, environment: Record<string, string> = {}): readonly string[] {
  try {
    readConfig(JSON.stringify(file), environment)
    return []
  } catch (error) {
    if (error instanceof ConfigMistakes) return error.mistakes
    throw error
  }
}

describe('Keys of a studio', () => {
  it.each<[object, RegExp]>([
    [{ jwksUrl: 'http://studio.example/jwks.json' }, /jwt\.jwksUrl: .*https/],
    [{ publicKey: 'hello' }, /jwt\.publicKey: .*PEM/],
    [{ secret: 'hunter2' }, /jwt\.secret: .*32/],
    [{ publicKey: publicPem, algorithms: ['RS256'] }, /jwt\.algorithms: .*ES256/],
  ])('%j is a mistake with its path', (jwt, words) => {
    const mistakes = mistakesIn({ games: { 'star-harbor': gameWith({ jwt }) } })
    expect(mistakes).toEqual([expect.stringMatching(words)])
    expect(mistakes.join()).not.toContain('hunter2')
  })

  it('are told with every other mistake', () => {
    const mistakes = mistakesIn({
      trustedProxies: ['10.0.0.0/99'],
      limits: { open: { player: 0 }, nonsense: {} },
      games: {
        'star-harbor': { ...gameWith({ jwt: { secret: 'short' }, email: true }), name: '' },
        'moon-base': gameWith({ anonymous: true, proofOfWork: { seconds: 0 } }),
      },
    })
    const paths = mistakes.map((mistake) => mistake.split(':')[0])
    for (const path of [
      'trustedProxies.0',
      'limits',
      'limits.open.player',
      'games.star-harbor.name',
      'games.star-harbor.players.jwt.secret',
      'games.star-harbor.players.email',
      'games.moon-base.players.proofOfWork',
    ])
      expect(
        paths.some((found) => found?.startsWith(path)),
        `${path} in ${paths.join(' ')}`,
      ).toBe(true)
  })
})

describe('Two games', () => {
  const jwt = { publicKey: publicPem }

  it('with one audience are a mistake: a token would be for both', () => {
    const games = {
      'star-harbor': gameWith({ jwt }),
      'moon-base': gameWith({ jwt: { ...jwt, audience: 'star-harbor' } }),
    }
    expect(mistakesIn({ games })).toEqual([
      expect.stringMatching(/^games\.moon-base\.players\.jwt\.audience: .*star-harbor/),
    ])
  })

  it('with one key and an audience each are none', () => {
    expect(mistakesIn({ games: { 'star-harbor': gameWith({ jwt }), 'moon-base': gameWith({ jwt }) } })).toEqual([])
  })
})

describe('E-mail players', () => {
  const games = { 'star-harbor': gameWith({ email: true }) }
  const mail = { url: 'smtp://127.0.0.1:2525', from: 'support@studio.example' }

  it('need a mail server, and a link that leads to no other relay', () => {
    expect(mistakesIn({ games })).toHaveLength(2)
    expect(mistakesIn({ games, mail })).toEqual([expect.stringMatching(/email: .*"publicUrl"/)])
    expect(mistakesIn({ games, mail, publicUrl: 'https://support.studio.example' })).toEqual([])
  })
})

describe('What is masked', () => {
  it('includes passwords in addresses, as written and as meant', () => {
    const file = {
      store: 'postgres://medkit:p%40ssword-of-the-store@127.0.0.1/medkit',
      sharedFiles: true,
      mail: { url: 'smtp://user:password-of-the-mail@127.0.0.1', from: 'support@studio.example' },
      secret: { env: 'SECRET' },
      games: { 'star-harbor': gameWith({ anonymous: true }) },
    }
    const { secrets } = readConfig(JSON.stringify(file), { SECRET: 'the secret of the relay, long enough' })
    for (const secret of [
      'p%40ssword-of-the-store',
      'p@ssword-of-the-store',
      'password-of-the-mail',
      'the secret of the relay, long enough',
      vendor.token,
    ])
      expect(secrets).toContain(secret)
  })

  it('is not quoted by what is said of a file that is no JSON', () => {
    const text = '{"secret": hunter2-hunter2}'
    try {
      readConfig(text, {})
      expect.fail('it was read')
    } catch (error) {
      expect(error instanceof ConfigMistakes && error.mistakes.join()).toMatch(/^the file: not JSON/)
      expect(error instanceof ConfigMistakes && error.mistakes.join()).not.toContain('hunter')
    }
  })
})

it('The schema for editors names limits, proxies and proof of work', () => {
  const text = JSON.stringify(configSchema())
  for (const word of ['windowSeconds', 'trustedProxies', 'proofOfWork', 'default 2500']) expect(text).toContain(word)
})
