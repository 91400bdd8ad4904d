/** What a studio says about files: every mistake by its path, and no key in anything that is printed. */
import { describe, expect, it } from 'vitest'
import { ConfigMistakes, readConfig } from '../../../server/config/config.ts'

const theymes = { kind: 'theymes', apiKey: 'k', gameId: '3f0eee32-8eac-4668-9b38-e3e5dc21d607' }
const desk = { kind: 'desk', token: 'a-token-of-the-desk' }

function read(top: object, game: object = {}) {
  const games = { 'star-harbor': { name: 'Star Harbor', players: { anonymous: true }, vendor: theymes, ...game } }
  return readConfig(JSON.stringify({ ...top, games }), { S3_SECRET: 'secret-of-s3' })
}

function mistakesIn(top: object, game?: object): readonly string[] {
  try {
    read(top, game)
    return []
  } catch (error) {
    if (error instanceof ConfigMistakes) return error.mistakes
    throw error
  }
}

const s3 = { accessKeyId: 'id', secretAccessKey: { env: 'S3_SECRET' } }
const place = 's3://bucket/games?endpoint=https://s3.example&region=eu-1'
const ofScanner = 'scanner: must be {"host", "port"} or {"socket"} of clamd, and "maxBytes" at will'

const cases: [string, object, object, string[]][] = [
  [
    'an S3 store without its keys',
    { files: place },
    {},
    ['s3: is missing; "files" names an S3 store, which wants accessKeyId and secretAccessKey'],
  ],
  ['keys without an S3 store', { s3 }, {}, ['s3: has no use while "files" names no S3 store']],
  [
    'half a key',
    { files: place, s3: { accessKeyId: 'id' } },
    {},
    ['s3.secretAccessKey: is missing; it must be text in quotes'],
  ],
  [
    'an S3 address without a bucket',
    { files: 's3://?region=x', s3 },
    {},
    ['files: must read s3://bucket/prefix?endpoint=https://…&region=…'],
  ],
  [
    'a key in the address',
    { files: `${place}&secretAccessKey=x`, s3 },
    {},
    ['files: takes only endpoint and region behind the ?; keys belong in "s3"'],
  ],
  ['a place that is neither', { files: '/var/files' }, {}, ['files: file:<folder> or s3://…']],
  ['a scanner without a port', { scanner: { host: 'clamd' } }, {}, [ofScanner]],
  ['a scanner in two places', { scanner: { host: 'clamd', port: 3310, socket: '/run/clamd' } }, {}, [ofScanner]],
  [
    'files straight to a vendor that takes none',
    {},
    { vendor: desk, attachments: { direct: true } },
    ['games.star-harbor.attachments.direct: only Theymes takes files from a browser'],
  ],
  [
    'files that go past the scanner',
    { scanner: { socket: '/run/clamd' } },
    { attachments: { direct: true } },
    ['games.star-harbor.attachments.direct: what does not come by here cannot be scanned; leave out "scanner" or this'],
  ],
]

describe('The configuration of files', () => {
  it.each(cases)('names by path what is wrong with %s', (_name, top, game, mistakes) => {
    expect(mistakesIn(top, game)).toEqual(mistakes)
  })

  it.each([
    ['a folder', {}],
    ['an S3 store', { files: place, s3 }],
    ['clamd by its socket', { scanner: { socket: '/run/clamd.sock', maxBytes: 1_000 } }],
    ['clamd by its address', { scanner: { host: 'clamd', port: 3310 } }],
  ])('takes %s', (_name, top) => {
    expect(mistakesIn(top)).toEqual([])
  })

  it('masks what is secret of an S3 store', () => {
    const { secrets } = read({ files: place, s3: { ...s3, sessionToken: 'token-of-s3' } })
    expect([...secrets]).toEqual(expect.arrayContaining(['secret-of-s3', 'token-of-s3']))
  })
})
