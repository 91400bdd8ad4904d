/** README says what the code does: its tables, numbers, examples and commands are read from there. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../server/config.ts'
import { tokenProblemCodes } from '../server/contract/problem-code.ts'
import { defaultFileRoom } from '../server/files/room.ts'
import { eventDays, leftoverDays, looseFileDays, requestDays } from '../server/housekeeping.ts'
import { defaultPoints } from '../server/limits.ts'
import { defaultStreamRoom } from '../server/live/capacity.ts'
import { forgottenDays, tokenlessDays } from '../server/players/leave.ts'
import { iterationsASecond } from '../server/players/proof.ts'
import { sessionDays } from '../server/players/session.ts'
import { keptForDays } from '../server/tickets/once.ts'
import { limitedByDocument, unlimitedByDocument } from '../server/vendors/asking.ts'
import { limitInReadme, numberInReadme, readme } from './readme.ts'
import { capabilityTable, onceTable } from './vendors/capabilities.ts'

/** `node test/vendors/capabilities.ts` prints what belongs there. */
function between(name: string): string | undefined {
  return new RegExp(`<!-- ${name} -->\\n+([\\s\\S]*?)\\n+<!-- /${name} -->`).exec(readme)?.[1]
}

describe('README', () => {
  it('shows exactly what each vendor can', async () => {
    expect(between('capabilities')).toBe(await capabilityTable())
  })

  it('shows exactly how often a message arrives', async () => {
    expect(between('once')).toBe(await onceTable())
  })

  it.each(Object.entries(defaultPoints))('names the limit on %s as it is', (kind, { player, device, address }) => {
    const named = limitInReadme(kind)
    // A dash is a fence so wide that nobody meets it: `piece` has one, and spends from it for nobody.
    expect({ ...named, address: named.address ?? address }).toEqual({ player, device, address })
  })

  it('names the room for event streams as it is', () => {
    expect(numberInReadme('# from one address and')).toBe(defaultStreamRoom.address)
    expect(numberInReadme('from one address and # in all')).toBe(defaultStreamRoom.total)
  })

  it.each(Object.entries(defaultFileRoom))('names the room there is by default: %s', (name, bytes) => {
    expect(readme).toMatch(new RegExp(`^\\| \`${name}\` \\| ${bytes / 2 ** 30} GiB \\|`, 'm'))
  })

  it('names how often a vendor account is asked as it is', () => {
    expect(numberInReadme('(by default #;')).toBe(unlimitedByDocument)
    expect(numberInReadme('; # at Thena and Threada')).toBe(limitedByDocument)
  })

  it('says how much work is asked for', () => {
    expect(readme).toContain(`${iterationsASecond / 1e6} million iterations for a second`)
  })

  it.each(readdirSync(new URL('players/mint', import.meta.url)))('shows how to mint a token as in %s', (file) => {
    expect(readme).toContain(readFileSync(new URL(`players/mint/${file}`, import.meta.url), 'utf8').trim())
  })

  it.each(tokenProblemCodes)('explains %s', (code) => {
    expect(readme).toMatch(new RegExp(`^\\| \`${code}\` \\|`, 'm'))
  })

  it('shows a configuration that the relay accepts', () => {
    const example = [...readme.matchAll(/```json\n([\s\S]*?)```/g)]
      .map(([, text]) => text ?? '')
      .find((text) => text.includes('"games"'))
    const environment = { MEDKIT_SECRET: 'a secret that is long enough for a relay', THEYMES_API_KEY: 'a key' }
    expect(Object.keys(readConfig(example ?? '', environment).config.games)).toEqual(['star-harbor'])
  })

  it('names only commands and files that are there', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = [...readme.matchAll(/(?:^|`|&& )npm (?:run )?((?:test|bench)?:?[a-z]+(?::[a-z]+)?)/gm)].map(
      ([, name]) => name ?? '',
    )
    expect(named.filter((name) => name !== 'install' && scripts[name] === undefined)).toEqual([])
    for (const [, file] of readme.matchAll(/\]\(((?:server|widget|test)\/[^)#]+)\)/g)) {
      expect(() => readFileSync(new URL(`../${file}`, import.meta.url))).not.toThrow()
    }
  })

  it('says for how long what is kept', () => {
    const days = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'day' : 'days'}`
    const row = (start: string) => new RegExp(`^\\| ${start}[^|]* \\| (.*) \\|$`, 'm').exec(readme)?.[1] ?? ''
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

  it('says for how long an answer is given again', () => {
    expect(readme).toContain(`One \`Idempotency-Key\` makes one message for ${keptForDays} days`)
  })
})
