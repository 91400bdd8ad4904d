/**
 * What players write, made fit to stand beside what the relay itself says to an agent. Pure.
 *
 * A helpdesk shows text its own way: it may end a line wherever Unicode has a line end, and never shows what has no glyph.
 * So line ends are made one kind before lines are looked at, and lines are compared as they look, not as they are coded.
 */

/** Every line end of Unicode's (UAX #14). */
const lineEnd = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/g
/** What no helpdesk shows; a tab is a space. */
const controls = /[^\P{Cc}\t\n]/gu
const lineEndsAndControls = /[\p{Cc}\u2028\u2029]+/gu
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu
/** What joins emoji and the letters of Persian, says how an emoji looks, and sets a comma right in Arabic. */
const needed = /[\u061c\u200c-\u200f]|\p{Variation_Selector}/u
/** Blank to the eye; the last is a Braille pattern without a dot. */
const blanks = /[\s\u2800]+/g

/** The text with `\n` for every line end, and without controls. All else is the player's own and stays. */
export function withPlainLineEnds(text: string): string {
  return text.toWellFormed().replaceAll(lineEnd, '\n').replaceAll(controls, '')
}

/** For a value on a line of the relay's: it keeps to that line, hides nothing, and pushes nothing out of sight. */
export function oneLine(value: string): string {
  return value
    .toWellFormed()
    .replaceAll(lineEndsAndControls, ' ⏎ ')
    .replaceAll(invisible, '')
    .replaceAll(blanks, ' ')
    .trim()
}

/** For a field that holds nothing else, such as a subject or a name: joined emoji and joined letters stay what they are. */
export function ownField(value: string): string {
  return value
    .toWellFormed()
    .replaceAll(lineEndsAndControls, ' ')
    .replaceAll(invisible, (one) => (needed.test(one) ? one : ''))
    .replaceAll(blanks, ' ')
    .trim()
}

/** Letters that look like those of the name, as capital or small; NFKD has turned styled and full-width ones plain before. */
const twins: Readonly<Record<string, string>> = {
  m: 'MmΜϺмМṃᴍⲘⲙᎷꓟ𐌑ʍꮇ🅜🅼🇲',
  e: 'EeΕεϵеЕєЄэҽᴇℇ℮ⲈⲉᎬꓰɛꬲꭼ🅔🅴🇪',
  d: 'DdԁԀᴅⅆᎠꓓɗđĐÐꭰᑯժ🅓🅳🇩',
  k: 'KkΚκкКĸᴋⲔⲕᏦꓗƙқҚӄꮶᛕ🅚🅺🇰',
  i: 'IiΙιіІӀӏıɪɩⲒⲓᎥᏆꓲlL1|!׀ןוﺎ∣ǀ🅘🅸🇮',
  t: 'TtΤτтТᴛⲦⲧᎢꓔŧƭ†┬ꭲ🅣🆃🇹',
}
const latin = new Map(Object.entries(twins).flatMap(([letter, all]) => [...all].map((one) => [one, letter] as const)))

/** `rn` looks like `m`, `cl` like `d`; an `l` counts as an `i` by now. */
const name = '(?:m|rn)e(?:d|ci)kit'
const marker = new RegExp(`[^a-z0-9]${name}|^${name}[^a-z0-9]`)
/** Shows what follows in any order there is. */
const override = /[\u202d\u202e]/

/** Whether a line could be taken for one of the two that stand around the relay's notes, wherever it is broken to fit. */
export function looksLikeMarker(line: string): boolean {
  return override.test(line) || marker.test(skeletonOf(line))
}

function skeletonOf(line: string): string {
  const bare = line.normalize('NFKD').replaceAll(/[\p{M}\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}\s\u2800]/gu, '')
  return Array.from(bare, (one) => latin.get(one) ?? one)
    .join('')
    .toLowerCase()
}

/** The marks that end whatever directional formatting a text has begun and not ended. */
export function closersOf(text: string): string {
  const open: string[] = []
  for (const [one] of text.matchAll(/[\u202a-\u202e\u2066-\u2069]/g)) {
    if (one === '\u202c' || one === '\u2069') open.splice(open.lastIndexOf(one), open.includes(one) ? 1 : 0)
    else open.push(one >= '\u2066' ? '\u2069' : '\u202c')
  }
  return open.reverse().join('')
}
