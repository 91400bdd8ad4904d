/** The pages say what the code does: their tables, numbers, examples, commands and links are read from there. */

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defaultFileQuota, defaultPoints, defaultStreamQuota } from '../server/config/limits.ts'
import { tokenProblemCodes } from '../server/contract/problem-code.ts'
import { eventDays, leftoverDays, looseFileDays, requestDays } from '../server/housekeeping.ts'
import { forgottenDays, tokenlessDays } from '../server/players/inactive.ts'
import { iterationsASecond } from '../server/players/proof-of-work.ts'
import { sessionDays } from '../server/players/session.ts'
import { keptForDays } from '../server/tickets/idempotency.ts'
import { limitedByDocument, unlimitedByDocument } from '../server/vendors/call-budget.ts'
import { documentedLimit, documentedNumber, examples, pages, pageText, prose, readme } from './docs.ts'
import { capabilityTable, onceTable } from './fixtures/capabilities.ts'

const sources = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

/** `node test/fixtures/capabilities.ts` prints what belongs there. */
function between(name: string): string | undefined {
  return new RegExp(`<!-- ${name} -->\\n+([\\s\\S]*?)\\n+<!-- /${name} -->`).exec(readme)?.[1]
}

describe('README', () => {
  it('can be read in five minutes: it has under 300 lines', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThan(300)
  })

  it('shows exactly what each vendor can', async () => {
    expect(between('capabilities')).toBe(await capabilityTable())
  })

  it('shows exactly how often a message arrives', async () => {
    expect(between('once')).toBe(await onceTable())
  })

  it.each(readdirSync(new URL('server/players/mint', import.meta.url)))(
    'leads to how to mint a token as in %s',
    (file) => {
      expect(readme).toContain(`](test/server/players/mint/${file})`)
      expect(pageText('docs/signed-tokens.md')).toContain(`](../test/server/players/mint/${file})`)
    },
  )

  it.each(pages.filter((page) => page !== 'README.md'))('leads to %s', (page) => {
    expect(readme).toContain(`](${page})`)
  })

  it('tells how to test in the words that CI runs', () => {
    const [command = ''] = examples('README.md', 'sh').filter((text) => text.includes('npm test'))
    expect(command).not.toBe('')
    expect(pageText('.ci/run')).toContain(`\n${command.trim()} || exit 1\n`)
  })

  it('says for how long an answer is given again', () => {
    expect(prose('README.md')).toContain(`one \`Idempotency-Key\` makes one message for ${keptForDays} days`)
  })
})

describe('docs/configuration.md', () => {
  it.each(Object.entries(defaultPoints))('names the limit on %s as it is', (kind, { player, device, address }) => {
    const named = documentedLimit(kind)
    // A dash is a fence so wide that nobody meets it: `piece` has one, and spends from it for nobody.
    expect({ ...named, address: named.address ?? address }).toEqual({ player, device, address })
  })

  it('names the room for event streams as it is', () => {
    const number = (phrase: string) => documentedNumber('docs/configuration.md', phrase)
    expect(number('# from one address and')).toBe(defaultStreamQuota.address)
    expect(number('from one address and # in all')).toBe(defaultStreamQuota.total)
  })

  it('says how much work is asked for', () => {
    expect(prose('docs/configuration.md')).toContain(`${iterationsASecond / 1e6} million iterations for a second`)
  })
})

describe('docs/files.md', () => {
  it.each(Object.entries(defaultFileQuota))('names the room there is by default: %s', (name, bytes) => {
    expect(pageText('docs/files.md')).toMatch(new RegExp(`^\\| \`${name}\` \\| ${bytes / 2 ** 30} GiB \\|`, 'm'))
  })
})

describe('docs/vendors.md', () => {
  it('names how often a vendor account is asked as it is', () => {
    expect(documentedNumber('docs/vendors.md', '(by default #;')).toBe(unlimitedByDocument)
    expect(documentedNumber('docs/vendors.md', '; # at Thena and Threada')).toBe(limitedByDocument)
  })
})

describe('docs/signed-tokens.md', () => {
  it.each(tokenProblemCodes)('explains %s', (code) => {
    expect(pageText('docs/signed-tokens.md')).toMatch(new RegExp(`^\\| \`${code}\` \\|`, 'm'))
  })
})

describe('docs/embedding.md', () => {
  const handle = sources('widget/handle.ts')
  const members = (name: string) => {
    const [, body = ''] = new RegExp(`^export interface ${name} \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(handle) ?? []
    return [...body.matchAll(/^ {2}'?([\w-]+)'?[?(<:]/gm)].map(([, member = '']) => member)
  }

  it('names every method, every event and every option there is', () => {
    const page = pageText('docs/embedding.md')
    expect(members('Medkit').length).toBeGreaterThan(8)
    for (const method of members('Medkit')) expect(page).toMatch(new RegExp(`^\\| \`${method}\\(`, 'm'))
    for (const event of members('MedkitEvents')) expect(page).toMatch(new RegExp(`^\\| (\`\\w+\`, )?\`${event}\``, 'm'))
    for (const option of members('MountOptions')) expect(page).toMatch(new RegExp(`^\\| \`${option}\` \\|`, 'm'))
  })
})

describe('docs/operating.md', () => {
  it('names every metric there is, and no other', () => {
    const known = [...sources('server/runtime/metrics.ts').matchAll(/'(medkit_\w+_?\w+)'/g)].map(
      ([, name = '']) => name,
    )
    const named = [...pageText('docs/operating.md').matchAll(/`(medkit_\w+)`/g)].map(([, name = '']) => name)
    // What prom-client measures of every process is not listed here; the one metric of it that is named is.
    const metrics = known.filter((name) => name !== 'medkit_')
    expect(metrics.length).toBeGreaterThan(10)
    expect(new Set(named)).toEqual(new Set([...metrics, 'medkit_nodejs_eventloop_lag_seconds']))
  })
})

describe('docs/privacy.md', () => {
  it('says for how long what is kept', () => {
    const page = pageText('docs/privacy.md')
    const days = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'day' : 'days'}`
    const row = (start: string) => new RegExp(`^\\| ${start}[^|]* \\| (.*) \\|$`, 'm').exec(page)?.[1] ?? ''
    expect(row('a ticket without text')).toContain(`${days(forgottenDays)}; where`)
    expect(row('a ticket without text')).toMatch(new RegExp(`for ${days(tokenlessDays)}$`))
    expect(row('a player: id')).toContain(days(tokenlessDays))
    expect(row('a file that no message takes')).toBe(days(looseFileDays))
    expect(row('the first answer')).toContain(days(keptForDays))
    expect(row('what happened')).toBe(days(eventDays))
    expect(row('a request for erasure')).toContain(days(requestDays))
    expect(row('a request for erasure')).toContain(days(leftoverDays))
    expect(row('that a session was ended')).toContain(days(sessionDays))
  })
})
