/** The block under a message: readable by an agent, not to be forged by a player, and gone when the message comes back. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AgentNote, withAgentNote, withoutAgentNote, withoutQuotedNotes } from '../../server/vendors/agent-note.ts'
import type { VendorTicketId } from '../../server/vendors/vendor.ts'

const note: AgentNote = {
  mark: 'mark-1',
  number: 'SH-4F7K2',
  language: 'de',
  category: 'billing',
  signed: { tier: 2, tags: ['vip', 'eu'], fields: { guild: 'Blue Fleet' } },
  fields: { order: 'A-1001' },
  claimed: { device: 'Pixel 8' },
  answerTo: 'ada@players.example',
  follows: 'ticket-1' as VendorTicketId,
  files: [{ fileName: 'a.png', link: 'https://relay.example/a' }],
}

describe('the note for the agent', () => {
  it('labels every line with who says so', () => {
    expect(withAgentNote('Hello', note).split('\n').slice(2)).toEqual([
      expect.stringMatching(/^-- Medkit: .* --$/),
      'ticket: SH-4F7K2',
      'follows: ticket-1',
      'language: de',
      'category: billing',
      '[signed] tier: 2',
      '[signed] tags: vip, eu',
      '[signed] guild: Blue Fleet',
      '[typed by the player] order: A-1001',
      '[typed by the player, not proved] answer to: ada@players.example',
      '[claimed by the browser, not proved] device: Pixel 8',
      'file a.png: https://relay.example/a',
      'mark: mark-1',
      '-- Medkit: end --',
    ])
  })

  it('comes off again, leaving what the player wrote and the mark', () => {
    const line = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        '-- Medkit: end --',
        '> -- Medkit: x',
        '  -- Medkit: y',
        withAgentNote('', note).split('\n')[1] ?? '',
      ),
    )
    const text = fc.array(line.map((one) => one.replaceAll('\r', ''))).map((lines) => lines.join('\n'))
    fc.assert(
      fc.property(text, (written) => {
        expect(withoutAgentNote(withAgentNote(written, note))).toEqual({ text: written, mark: 'mark-1' })
      }),
    )
  })

  it('comes off although the vendor has turned line ends and trimmed the end', () => {
    const returned = `${withAgentNote('One\nTwo', note).replaceAll('\n', '\r\n')}\r\n`
    expect(withoutAgentNote(returned)).toEqual({ text: 'One\nTwo', mark: 'mark-1' })
  })

  it('leaves a message without a note as it is', () => {
    expect(withoutAgentNote('Hello\n\nworld')).toEqual({ text: 'Hello\n\nworld' })
  })

  it('keeps every claimed name and value to one labelled line', () => {
    const anything = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(anything, anything, (name, value) => {
        const lines = withAgentNote('Hello', { claimed: { [name]: value } }).split(/[\r\n\u0085\u2028\u2029]/)
        expect(lines).toHaveLength(5)
        expect(lines[3]).toMatch(/^\[claimed by the browser, not proved\]/)
      }),
    )
  })

  it('lets no value turn the reading direction of the label beside it', () => {
    expect(withAgentNote('Hello', { claimed: { x: '\u202edengis\u2066' } })).not.toMatch(/[\u202e\u2066]/)
  })

  it('is cut from what an agent quotes', () => {
    const quoted = withAgentNote('Hello', note)
      .split('\n')
      .map((line) => `> ${line}`)
      .join('\n')
    expect(withoutQuotedNotes(`Found it.\n\n${quoted}\n\nBye`)).toBe('Found it.\n\n> Hello\n> \n\nBye')
  })
})
