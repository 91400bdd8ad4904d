/** Every field of the configuration is on a page, with its default, and every example of one is accepted. */
import { describe, expect, it } from 'vitest'
import { configSchema, readConfig } from '../server/config/config.ts'
import { isRecord } from '../server/config/secrets.ts'
import { examples, pages, pageText } from './docs.ts'

interface Field {
  path: string
  /** As JSON; undefined where there is none. */
  value: string | undefined
}

/** All that can be set, by its path from `node`. What has parts is told by its parts. */
function fieldsOf(node: unknown, path = ''): Field[] {
  if (!isRecord(node)) return []
  const below = (inner: unknown, name: string) => fieldsOf(inner, path === '' ? name : `${path}.${name}`)
  const parts = [
    ...Object.entries(isRecord(node.properties) ? node.properties : {}).flatMap(([name, inner]) => below(inner, name)),
    ...below(node.additionalProperties, '*'),
  ]
  const alternatives = [node.anyOf, node.oneOf].flatMap((list) => (Array.isArray(list) ? list : []))
  const ofAlternatives = alternatives.flatMap((inner) => fieldsOf(inner, path)).filter((field) => field.path !== path)
  const all = [...parts, ...ofAlternatives]
  const own = { path, value: node.default === undefined ? undefined : JSON.stringify(node.default) }
  return all.length > 0 ? all : path === '' ? [] : [own]
}

const schema = configSchema() as {
  properties: { games: { additionalProperties: { properties: { vendor: unknown } } } }
}
const game = schema.properties.games.additionalProperties
const { vendor } = game.properties
const vendors = (vendor as { oneOf: { properties: { kind: { const: string } } }[] }).oneOf

/** In a table of their own: limits, by their kinds. In prose: what a form is made of. */
const isElsewhere = ({ path }: Field) => /^(\$schema|games|limits)(\.|$)/.test(path)
const ofRelay = fieldsOf(schema).filter((field) => !isElsewhere(field))
const ofGame = fieldsOf(game).filter(({ path }) => !path.startsWith('vendor'))

/** The cell behind a field in a table, which has its default. */
function defaultIn(text: string, path: string): string | undefined {
  const row = text.split('\n').find((line) => line.startsWith(`| \`${path}\` |`))
  return row?.split('|')[2]?.trim()
}

function expectNamed(text: string, fields: readonly Field[]): void {
  const named = fields.map(({ path }) => ({ path, value: defaultIn(text, path) }))
  const wanted = fields.map(({ path, value }) => ({ path, value: value === undefined ? '' : `\`${spaced(value)}\`` }))
  expect(named).toEqual(wanted)
}

/** As a person writes a list. */
function spaced(json: string): string {
  return json.replaceAll('","', '", "')
}

describe('docs/configuration.md', () => {
  const page = pageText('docs/configuration.md')

  it('has every field of the relay, with its default', () => {
    expect(ofRelay.length).toBeGreaterThan(25)
    expectNamed(page, ofRelay)
  })

  it('has every field of a game, with its default', () => {
    expect(ofGame.length).toBeGreaterThan(15)
    expectNamed(page, ofGame)
  })
})

describe('docs/vendors.md', () => {
  const page = pageText('docs/vendors.md')
  const headings: Record<string, string> = {
    desk: 'Built-in desk',
    theymes: 'Theymes',
    zaia: 'Zaia',
    thena: 'Thena',
    threada: 'Threada',
    i3d: 'i3D.net',
  }
  const shared = ['kind', 'settleSeconds', 'callsPerMinute', 'baseUrl']

  it.each(shared)('has what vendors share: %s', (field) => {
    expect(page).toContain(`| \`${field}\` |`)
  })

  it.each(vendors.map((one) => [one.properties.kind.const, one] as const))('has every field of %s', (kind, one) => {
    const [, section = ''] = page.split(`\n### ${headings[kind]}\n`)
    const [own = ''] = section.split(/\n##/)
    expectNamed(
      own,
      fieldsOf(one).filter(({ path }) => !shared.includes(path)),
    )
  })
})

describe('An example of a configuration', () => {
  const environment = new Proxy<Record<string, string>>({}, { get: () => 'a secret that is long enough for a relay' })
  const [whole = '{}'] = examples('README.md', 'json').filter((text) => text.includes('"games"'))
  const parts = pages.flatMap((page) => examples(page, 'json').map((text) => ({ page, text })))

  it('stands in README, whole', () => {
    expect(Object.keys(readConfig(whole, environment).config.games)).toEqual(['star-harbor'])
  })

  it.each(parts)('of $page is accepted: $text', ({ text }) => {
    const part = JSON.parse(text)
    const placed = 'kind' in part ? { games: { 'star-harbor': { vendor: part } } } : part
    const { config } = readConfig(JSON.stringify(merged(JSON.parse(whole), placed)), environment)
    expect(config.games['star-harbor']).toBeDefined()
  })

  /** A vendor replaces another; everything else is put into its place. */
  function merged(base: unknown, part: unknown): unknown {
    if (!isRecord(base) || !isRecord(part) || 'kind' in part || Array.isArray(part)) return part
    const entries = Object.entries(part).map(([name, value]) => [name, merged(base[name], value)])
    return { ...base, ...Object.fromEntries(entries) }
  }
})
