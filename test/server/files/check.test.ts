/** Names that are safe to show, to save and to pass on. */
import { expect, it } from 'vitest'
import { cleanFileName } from '../../../server/files/check.ts'

const names: [string, string, string][] = [
  ['a path', '../../etc/passwd', 'passwd'],
  ['a Windows path', 'C:\\Users\\Kim\\shot.png', 'shot.png'],
  ['markup', '<img src=x onerror=alert(1)>.png', '_img src=x onerror=alert(1)_.png'],
  ['quotes that end an attribute', `a" onload='x.png`, 'a_ onload=_x.png'],
  ['a template', '{{7*7}}$(7*7)%.png', '__7_7___(7_7)_.png'],
  ['a change of direction', 'photo\u202Egnp.exe', 'photognp.exe'],
  ['isolates and invisible characters', '\u2066a\u200b\u2069\ufeff.png', 'a.png'],
  ['control characters and line ends', 'a\0\r\nContent-Type: text/html.png', 'html.png'],
  ['a line end before a header', 'a\r\nX-Evil: 1.png', 'aX-Evil_ 1.png'],
  ['a hidden stream of Windows', 'a.png:evil.exe', 'a.png_evil.exe'],
  ['a device of Windows', 'CON.txt', '_CON.txt'],
  ['a hidden file', '.htaccess', 'file.htaccess'],
  ['an ending behind dots and blanks', 'photo.exe. . .', 'photo.exe'],
  ['nothing but dots', '...', 'file'],
  ['nothing', '', 'file'],
  ['nothing but an ending', '.png', 'file.png'],
  ['half a character', 'a\ud800.png', 'a.png'],
  ['two blanks and a tab', 'a  \t b.png', 'a b.png'],
  ['another script', 'スクリーンショット.png', 'スクリーンショット.png'],
  ['letters in two pieces', 'u\u0308ber.png', 'über.png'],
  ['more than one ending', 'player.log.1.txt', 'player.log.1.txt'],
]

it.each(names)('takes out %s', (_what, name, clean) => {
  expect(cleanFileName(name)).toBe(clean)
})

it('cuts a name to 255 bytes between characters and keeps its ending', () => {
  for (const letter of ['a', 'é', '日', '😀']) {
    const name = cleanFileName(`${letter.repeat(300)}.jpeg`)
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
    expect(Buffer.byteLength(name)).toBeGreaterThan(250)
    expect(name).toMatch(new RegExp(`^(?:${letter})+\\.jpeg$`))
  }
})

it('changes nothing about a name that it has cleaned before', () => {
  for (const [, name] of names) expect(cleanFileName(cleanFileName(name))).toBe(cleanFileName(name))
})
