/** A vendor's block in the configuration: every mistake at once, by its path, in words that need no schema at hand. */
import { describe, expect, it } from 'vitest'
import { ConfigMistakes, readConfig } from '../../../server/config/config.ts'

function mistakesIn(vendor: unknown): readonly string[] {
  const game = { name: 'Star Harbor', players: { anonymous: true }, vendor }
  try {
    readConfig(JSON.stringify({ games: { 'star-harbor': game } }), {})
    return []
  } catch (error) {
    if (error instanceof ConfigMistakes) return error.mistakes
    throw error
  }
}

const uuid = 'must be a UUID, such as 3f0eee32-8eac-4668-9b38-e3e5dc21d607'
const kinds = '"desk", "theymes", "zaia", "thena", "threada", "i3d"'

const cases: [string, unknown, string[]][] = [
  ['no vendor', undefined, [': is missing; it must be an object {…}']],
  ['a name for a block', 'desk', [': must be an object {…}']],
  ['a block without a kind', {}, [`.kind: must be one of ${kinds}`]],
  ['a kind there is none of', { kind: 'zendesk' }, [`.kind: must be one of ${kinds}`]],
  ['a desk that anyone could guess', { kind: 'desk', token: 'x' }, ['.token: must have at least 16 characters']],
  [
    'a Theymes block with four mistakes',
    { kind: 'theymes', apiKey: '', gameId: 'nope', paths: { events: 'tickets/x', foo: 'GET /x' } },
    [
      '.apiKey: is empty',
      `.gameId: ${uuid}`,
      '.paths.events: must read "METHOD /path/{ticketId}"',
      '.paths: unknown "foo"',
    ],
  ],
  [
    'a Zaia block whose key is not in the environment',
    { kind: 'zaia', apiKey: { env: 'NOT_SET' }, channelId: 'x', statuses: { open: [] }, extra: 1 },
    [
      '.apiKey: the environment variable NOT_SET is not set',
      `.channelId: ${uuid}`,
      '.assigneeId: is missing; it must be text in quotes',
      '.statuses.open: is empty',
      ': unknown "extra"',
    ],
  ],
  [
    'a Thena block without a team',
    { kind: 'thena', apiKey: 'k', baseUrl: 'ftp://thena.example' },
    [
      '.baseUrl: must be a whole address, such as https://support.studio.example',
      '.teamId: is missing; it must be text in quotes',
    ],
  ],
  [
    'a Threada block that would speak as the agent',
    { kind: 'threada', apiKey: 5, agentRoles: ['user'], paths: { ticket: 'GET /tickets' } },
    [
      '.apiKey: must be text in quotes',
      '.paths.ticket: must hold {ticketId} once',
      '.agentRoles.0: is the role of players',
    ],
  ],
  [
    'an i3D.net block that would mail to nobody',
    { kind: 'i3d', token: 't', category: 'c', department: 'd', emailTo: 'nobody', emailCc: 'a@b.example' },
    ['.emailTo: must be e-mail addresses with commas between'],
  ],
]

describe('The configuration', () => {
  it.each(cases)('names by path what is wrong with %s', (_name, vendor, mistakes) => {
    expect(mistakesIn(vendor)).toEqual(mistakes.map((mistake) => `games.star-harbor.vendor${mistake}`))
  })

  it('says no secret in a mistake', () => {
    const apiKey = 'a-key-that-must-not-be-said'
    expect(mistakesIn({ kind: 'thena', apiKey: [apiKey], teamId: { [apiKey]: 1 } }).join()).not.toContain(apiKey)
  })
})
