/** “What we sent along” is what the vendor got beside the words: line by line, no more and no less, signed and claimed apart. */
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import type { Merged, Session } from '../../../server/contract/player.ts'
import type { Conversation, SentLine } from '../../../server/contract/ticket.ts'
import { type RelayFixture, startVendorRelay, tokenOf } from '../../fixtures/vendor-relay.ts'
import { until } from '../../fixtures/wait.ts'
import { simulatorNames } from '../../simulators/simulators.ts'

const days = 86_400_000
let fixture: RelayFixture

afterEach(() => fixture.end())

const metadata = { tier: 7, tags: ['vip', 'rare'], fields: { guild: 'Blue Fleet', rank: 'captain' } }
const adaWith = (signed: object) => tokenOf('ada', { email: 'ada@players.example', metadata: signed })
const ada = adaWith(metadata)

/** With a line that the player has masked, one of several lines, and three that the studio's token says itself. */
const ticket = {
  category: 'billing',
  fields: { order: 'A-1001' },
  email: 'typed@players.example',
  metadata: { device: 'Pixel 8', level: '••••', log: 'one\ntwo', 'Guild ': 'forged', player: 'forged', tier: '9' },
}

describe.each(simulatorNames)('With %s', (name) => {
  it('a ticket lists all that stands there beside the words, and nothing else, also once it is written on', async () => {
    fixture = await startVendorRelay(name)
    // Only to Zaia the chat that the studio holds there says something, and there it is no news.
    const chat = name.startsWith('zaia') ? {} : { chatId: 'chat-of-another-desk' }
    const ada = adaWith({ ...metadata, ...chat })
    const opened = await fixture.open(ada, ticket)
    const before = linesOf(opened.sentAlong)
    expect(before).toContain('claimed level: ••••')
    expect(before).toContain('signed guild: Blue Fleet')
    expect(before.join('\n')).not.toContain('forged')

    expect(linesOf((await fixture.arrived(ada, opened.id)).sentAlong)).toEqual(before)
    expect(gotBy(await fixture.atVendor(opened.number))).toEqual(before)

    expect((await fixture.reply(ada, opened.id, 'Noch jemand da?')).status).toBe(201)
    expect(linesOf((await fixture.arrived(ada, opened.id)).sentAlong)).toEqual(before)
    const count = fixture.game.can.reply === 'thread' ? 1 : 2
    expect(gotBy(await fixture.atVendor(opened.number, count))).toEqual(before)
    expect(
      keptOf(fixture)
        .slice(1)
        .every((given) => given === null),
    ).toBe(true)
    expect(before.includes('claimed answerTo: typed@players.example')).toBe(fixture.game.can.answers === 'email')
    expect(fixture.simulator.violations).toEqual([])
  })
})

describe.each(['sqlite', 'postgres'] as const)('On %s', (engine) => {
  it('a player sees what they sent under their former self, however the studio names them since', async () => {
    fixture = await startVendorRelay('thena', { engine })
    const former = await fixture.call<Session>('POST /v1/sessions', {
      body: { game: 'star-harbor', kind: 'anonymous' },
    })
    const anonymous = former.body.token
    const { id, sentAlong } = await fixture.open(anonymous, { metadata: { device: 'Pixel 8' } })
    expect(sentAlong.map(({ source }) => source)).toEqual(sentAlong.map(() => 'claimed'))
    await fixture.arrived(anonymous, id)
    const body = { anonymousToken: anonymous }
    expect((await fixture.call<Merged>('POST /v1/sessions/merge', { token: ada, body })).body.tickets).toBe(1)
    const renamed = tokenOf('ada', { name: 'Ada the Second' })
    expect((await fixture.read(renamed, id)).sentAlong).toEqual(sentAlong)
    expect((await fixture.call(`GET /v1/tickets/${id}`, { token: tokenOf('bob') })).status).toBe(404)
  })

  it('goes with the texts, and a follow-up lists what it was given itself', async () => {
    fixture = await startVendorRelay('theymes', { engine })
    const { id, sentAlong } = await fixture.open(ada, ticket)
    await fixture.arrived(ada, id)
    fixture.pass(31 * days)
    await fixture.restart()
    const now = Math.floor((Date.now() + 31 * days) / 1_000)
    const later = tokenOf('ada', { iat: now, exp: now + 80_000, name: 'Ada the Second' })
    await until(async () => (await fixture.read(later, id)).sentAlong.length === 0, 'nothing is listed any more')
    const exported = await fixture.call('GET /v1/export', { token: later })
    expect(JSON.stringify(exported.body)).not.toContain('Blue Fleet')
    expect(sentAlong).not.toEqual([])

    expect((await fixture.reply(later, id, 'Wieder da.')).status).toBe(201)
    const followedUp = await fixture.arrived(later, id)
    const newest = (await fixture.atVendor(followedUp.number, 2)).slice(-1)
    expect(linesOf(followedUp.sentAlong)).toEqual(gotBy(newest))
    expect(linesOf(followedUp.sentAlong)).toContain('signed player: player-ada')
    expect(linesOf(followedUp.sentAlong).join('\n')).not.toMatch(/Blue Fleet|Pixel 8|A-1001/)
  })

  it('is what waits to go, and nothing where the vendor has refused it', async () => {
    fixture = await startVendorRelay('threada', { engine })
    fixture.simulator.misbehave('error', 1_000)
    const waiting = await fixture.open(ada, ticket)
    expect((await fixture.read(ada, waiting.id)).sentAlong).toEqual(waiting.sentAlong)
    expect(linesOf(waiting.sentAlong)).toContain('claimed device: Pixel 8')
    fixture.simulator.behave()
    await fixture.arrived(ada, waiting.id)

    fixture.simulator.misbehave('refuse', 1_000)
    const refused = await fixture.open(ada, ticket)
    await until(async () => isRefused(await fixture.read(ada, refused.id)), 'it is refused')
    expect((await fixture.read(ada, refused.id)).sentAlong).toEqual([])
  })
})

/** What the ledger keeps of each vendor ticket. */
function keptOf({ store }: RelayFixture): unknown[] {
  const ledger = new DatabaseSync(store.slice('sqlite:'.length), { readOnly: true })
  const rows = ledger.prepare('select given from chains order by position').all()
  ledger.close()
  return rows.map(({ given }) => given)
}

function isRefused({ messages }: Conversation): boolean {
  return messages.some(({ delivery }) => delivery === 'failed')
}

/** `signed guild: Blue Fleet`, one for each tag, in an order that says nothing. */
function linesOf(lines: readonly SentLine[]): string[] {
  const each = lines.flatMap((line) =>
    line.source === 'signed' && line.key === 'tags'
      ? line.value.split(', ').map((value) => ({ ...line, value }))
      : [line],
  )
  return sorted(each.map(({ source, key, value }) => `${source} ${key}: ${value.replaceAll('\n', ' ⏎ ')}`))
}

/** What an agent reads of a ticket that is neither words, nor number, nor mark: as a line of ours, wherever it stands there. */
const places: readonly (readonly [RegExp, string])[] = [
  [/^\[signed\] tags: (.*)$/, 'signed tags: $1'],
  [/^\[signed\] ([^:]+): (.*)$/, 'signed $1: $2'],
  [/^\[proved\] name: (.*)$/, 'signed name: $1'],
  [/^\[proved\] e-mail: (.*)$/, 'signed email: $1'],
  [/^\[typed by the player\] ([^:]+): (.*)$/, 'claimed $1: $2'],
  [/^\[typed by the player, not proved\] answer to: (.*)$/, 'claimed answerTo: $1'],
  [/^\[claimed by the browser, not proved\] ([^:]+): (.*)$/, 'claimed $1: $2'],
  [/^player: ([^{].*)$/, 'signed player: $1'],
  [/^(language|category): (.*)$/, 'claimed $1: $2'],
  // Theymes' own places.
  [/^player: \{.*"id":"([^"]+)".*$/, 'signed player: $1'],
  [/^player: \{.*"name":"([^"]+)".*$/, 'signed name: $1'],
  [/^player: \{.*"email":"([^"]+)".*$/, 'signed email: $1'],
  [/^player: \{.*"tier":(\d).*$/, 'signed tier: $1'],
  [/^field ([^:]+): (.*)$/, 'signed $1: $2'],
  [/^tag: ((?!medkit:|lang:).*)$/, 'signed tags: $1'],
  // Thena's.
  [/^metadata\.playerId: "(.*)"$/, 'signed player: $1'],
  [/^metadata\.(language|category): "(.*)"$/, 'claimed $1: $2'],
  [/^metadata\.signed\.fields\.([^:]+): "(.*)"$/, 'signed $1: $2'],
  [/^metadata\.signed\.tags\.\d+: "(.*)"$/, 'signed tags: $1'],
  [/^metadata\.signed\.((?!fields|tags)[^:]+): "?(.*?)"?$/, 'signed $1: $2'],
  [/^metadata\.(?:fields|claimed)\.([^:]+): "(.*)"$/, 'claimed $1: $2'],
  // Threada's.
  [/^contact: (.*) <.*>$/, 'signed name: $1'],
  [/^contact: .* <(typed@.*)>$/, 'claimed answerTo: $1'],
]

function gotBy(tickets: readonly { lines: readonly string[] }[]): string[] {
  const read = tickets
    .flatMap(({ lines }) => [...lines])
    .flatMap((line) => places.flatMap(([pattern, ours]) => (pattern.test(line) ? line.replace(pattern, ours) : [])))
    .map((line) => line.replaceAll('\\n', ' ⏎ '))
    .flatMap((line) =>
      line.startsWith('signed tags: ')
        ? line
            .slice(13)
            .split(', ')
            .map((tag) => `signed tags: ${tag}`)
        : line,
    )
  // The first pattern's lines are the second's as well.
  return sorted([...new Set(read)])
}

function sorted(lines: readonly string[]): string[] {
  return [...new Set(lines)].toSorted()
}
