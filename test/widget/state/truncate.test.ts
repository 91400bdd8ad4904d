import { afterEach, describe, expect, it, vi } from 'vitest'
import { truncateInto } from '../../../widget/state/truncate.ts'

const max = 10
/** Puts `piece` in at `at`, and leaves the caret behind it, as a browser does. */
const put = (before: string, at: number, piece: string) =>
  truncateInto(before, before.slice(0, at) + piece + before.slice(at), at + piece.length, max)

const family = '👩‍👩‍👧‍👦'
const flag = '🇯🇵'

describe('what is put into a full field', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it.each([
    ['fits', 'abc', 3, 'defg', 'abcdefg', 7, false],
    ['fits to the last place', 'abc', 3, 'defghij', 'abcdefghij', 10, false],
    ['is one too many', 'abc', 3, 'defghijk', 'abcdefghij', 10, true],
    ['goes into the middle', 'abcXYZ', 3, '123456', 'abc1234XYZ', 7, true],
    ['goes to the beginning', 'abcXYZ', 0, '123456', '1234abcXYZ', 4, true],
    ['ends in an emoji of two units', 'abcdefghi', 9, '😀', 'abcdefghi', 9, true],
    ['ends in a family', 'abc', 3, family, 'abc', 3, true],
    ['ends in a flag', 'abcdefg', 7, flag, 'abcdefg', 7, true],
    ['ends in an accent of its own', 'abcdefgh', 8, 'xe\u0301', 'abcdefghx', 9, true],
    ['would take the letter before along', 'abcdefghie', 10, '\u0301', 'abcdefghie', 10, true],
    ['finds the field full', 'abcdefghij', 4, 'x', 'abcdefghij', 4, true],
  ])('and %s keeps whole characters, and all that stood there', (_, before, at, piece, text, caret, cut) => {
    expect(put(before, at, piece)).toEqual({ text, caret, cut })
  })

  it('is still not cut within a code point where the browser knows no characters', () => {
    vi.stubGlobal('Intl', { PluralRules: Intl.PluralRules })
    expect(put('abcdefghi', 9, '😀')).toEqual({ text: 'abcdefghi', caret: 9, cut: true })
    expect(put('abcdefg', 7, flag)).toEqual({ text: 'abcdefg🇯', caret: 9, cut: true })
  })

  it('may not grow where a game has handed over more than fits, and loses nothing', () => {
    const long = 'x'.repeat(15)
    expect(put(long, 15, 'y')).toEqual({ text: long, caret: 15, cut: true })
    expect(truncateInto(long, long.slice(1), 14, max)).toEqual({ text: long.slice(1), caret: 14, cut: false })
  })
})
