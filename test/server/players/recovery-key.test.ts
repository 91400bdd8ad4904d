/** Recovery keys and pseudonyms. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPseudonyms } from '../../../server/players/pseudonym.ts'
import { hashRecoveryKey, makeRecoveryKey, normaliseRecoveryKey } from '../../../server/players/recovery-key.ts'

describe('a recovery key', () => {
  it('is seven groups of four letters and digits that cannot be misread: 140 bits', () => {
    for (let n = 0; n < 200; n += 1)
      expect(makeRecoveryKey()).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/)
  })

  it('uses the whole alphabet evenly', () => {
    const counts = new Map<string, number>()
    for (let n = 0; n < 1_000; n += 1)
      for (const character of makeRecoveryKey().replaceAll('-', ''))
        counts.set(character, (counts.get(character) ?? 0) + 1)
    expect(counts.size).toBe(32)
    // 875 expected of each; six standard deviations either way.
    for (const count of counts.values()) expect(Math.abs(count - 875)).toBeLessThan(175)
  })

  it('is the same key however it is typed', () => {
    const key = normaliseRecoveryKey('0O1I-LABC-DEFG-HJKM-NPQR-STVW-XYZ9')
    expect(key).toBe('0011-1ABC-DEFG-HJKM-NPQR-STVW-XYZ9')
    const typed = [
      '0o1ilabcdefghjkmnpqrstvwxyz9',
      ' 0011 1ABC DEFG HJKM NPQR STVW XYZ9\n',
      '0011\u20131ABC\u2014DEFG\u2212HJKM_NPQR.STVW-XYZ9',
      '\uff10\uff10\uff11\uff11-1abc-defg-hjkm-npqr-stvw-xyz9',
      '\u2068\u06600\u0661\u06f1-\u200b1abc-de\u00adfg-hjkm-npqr-stvw-xyz\u0669\u2069\u200f',
    ]
    for (const text of typed) expect(normaliseRecoveryKey(text)).toBe(key)
  })

  it('that is too short, too long or has a letter it cannot have is none', () => {
    const key = makeRecoveryKey()
    for (const text of [
      '',
      key.slice(1),
      `${key}0`,
      key.replace(/.$/, 'U'),
      key.replace(/.$/, '\u00e4'),
      'x'.repeat(100_000),
    ])
      expect(normaliseRecoveryKey(text)).toBeUndefined()
  })

  it('of any text is undefined or stays as it is when read again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const key = normaliseRecoveryKey(text)
        expect(key === undefined || normaliseRecoveryKey(key) === key).toBe(true)
      }),
      { seed: 1, numRuns: 2_000 },
    )
  })

  it('is kept as a hash that differs for every key and hides it', () => {
    const key = makeRecoveryKey()
    expect(hashRecoveryKey(key)).toMatch(/^[0-9a-f]{64}$/)
    expect(hashRecoveryKey(key)).toBe(hashRecoveryKey(key))
    expect(hashRecoveryKey(key)).not.toBe(hashRecoveryKey(makeRecoveryKey()))
  })
})

describe('a pseudonym', () => {
  const secret = Buffer.from('the relay secret of at least 32 bytes, all of them its own')

  it('is 32 hex digits, the same every time', () => {
    expect(createPseudonyms(secret)('star-harbor', 'player-1')).toMatch(/^[0-9a-f]{32}$/)
    expect(createPseudonyms(secret)('star-harbor', 'player-1')).toBe(
      createPseudonyms(secret)('star-harbor', 'player-1'),
    )
  })

  it('differs by secret, by game and by player, and by where one ends and the other begins', () => {
    const other = Buffer.from('another secret that is as long as it must be')
    const names = [
      createPseudonyms(secret)('a', 'bc'),
      createPseudonyms(secret)('ab', 'c'),
      createPseudonyms(secret)('a', 'bd'),
      createPseudonyms(other)('a', 'bc'),
    ]
    expect(new Set(names).size).toBe(4)
  })
})
