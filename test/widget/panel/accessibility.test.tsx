import { waitFor } from '@testing-library/preact'
import axe from 'axe-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import type { MountOptions } from '../../../widget/handle.ts'
import { accentProperties } from '../../../widget/state/accent.ts'
import { useTestPage } from '../../fixtures/widget/page.ts'
import { closedTicket, messageOf, session, ticketOf } from '../../fixtures/widget/test-relay.ts'

const ticket = ticketOf({
  sentAlong: [
    { key: 'name', value: 'Ada', source: 'signed' },
    { key: 'page', value: `play.star-harbor.example/${'a-very-long-path-'.repeat(12)}`, source: 'claimed' },
    { key: 'level', value: '••••', source: 'claimed' },
  ],
  messages: [messageOf({}), messageOf({ author: 'agent', authorName: 'Mara', text: 'We found it.' })],
})
const closed = { ...closedTicket('All good'), updatedAt: '2026-01-01T00:00:00.000Z' }

describe('every view', () => {
  const testPage = useTestPage()

  beforeEach(() => {
    for (const one of [ticket, closed]) testPage.relay.tickets.set(one.id, one)
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
  })
  afterEach(() => page.viewport(800, 900))

  /** Each as a player comes to it. */
  const views: Record<string, () => Promise<unknown>> = {
    home: async () => {
      testPage.medkit.open('tickets')
      await testPage.screen.findAllByRole('listitem')
    },
    'new ticket': async () => {
      testPage.medkit.open('new')
      await testPage.screen.findByLabelText('Something is broken')
      testPage.root.querySelector('details')?.setAttribute('open', '')
    },
    'what else is sent': async () => {
      testPage.medkit.setMetadata({ ship: 'Quiet Tide', inventory: 'sword,shield,'.repeat(40) })
      testPage.medkit.open('new')
      ;(await testPage.screen.findByText(/^Also sent/)).click()
      for (const name of [/^Browser/, /^Page/, /^Page/]) testPage.screen.getByLabelText(name).click()
      await testPage.screen.findByText('Value not sent')
      await testPage.screen.findByText('Not sent')
    },
    'new ticket with mistakes': async () => {
      testPage.medkit.open('new')
      ;(await testPage.screen.findByRole('button', { name: 'Send' })).click()
      await testPage.screen.findAllByText('Please fill this in.')
    },
    conversation: async () => {
      testPage.medkit.open({ ticket: ticket.id })
      await testPage.screen.findByText('We found it.')
      testPage.screen.getByText('What we sent along').click()
      await testPage.screen.findByText('Signed by the game')
    },
    'closed conversation': async () => {
      testPage.medkit.open({ ticket: closed.id })
      await testPage.screen.findByText('How was our help?')
    },
    'the player’s data': async () => {
      testPage.medkit.open('tickets')
      ;(await testPage.screen.findByRole('button', { name: 'Your data' })).click()
      await testPage.screen.findByText('2 tickets · 0 files')
    },
    'sign-in': async () => {
      testPage.medkit.open('tickets')
      ;(await testPage.screen.findByRole('button', { name: 'Sign in' })).click()
      await testPage.screen.findByLabelText('Your e-mail address')
    },
  }

  for (const scheme of ['light', 'dark'] as const) {
    for (const [name, show] of Object.entries(views)) {
      it(`has nothing for axe to find: ${name}, ${scheme}`, async () => {
        await testPage.reload({ theme: { scheme } })
        await show()
        await waitFor(() => expect(testPage.root.getAnimations?.() ?? []).toEqual([]))
        const { violations, passes } = await axe.run(testPage.root.host as HTMLElement)
        expect(passes.length).toBeGreaterThan(15)
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
      })
    }
  }

  for (const [name, show] of Object.entries(views)) {
    it(`fits into 320 pixels, and every control is big enough for a thumb: ${name}`, async () => {
      await page.viewport(320, 640)
      await testPage.reload()
      await show()
      const panel = testPage.root.querySelector('.panel')
      expect(panel?.getBoundingClientRect().width).toBe(320)
      for (const part of testPage.root.querySelectorAll('.panel *')) {
        if (part.closest('.hidden, svg')) continue
        expect(part.getBoundingClientRect().right, part.outerHTML.slice(0, 120)).toBeLessThanOrEqual(321)
      }
      for (const control of testPage.root.querySelectorAll(
        '.panel button, .panel select, .panel summary, .panel label.icon',
      )) {
        const { width, height } = control.getBoundingClientRect()
        if (width) expect(Math.round(height), control.outerHTML).toBeGreaterThanOrEqual(44)
      }
      // Some of their looks come with the second file.
      await waitFor(() => expect(tooSmall(testPage.root)).toEqual([]))
    })
  }

  it('can be walked through by Tab alone, from the launcher through the panel', async () => {
    await testPage.reload()
    testPage.root.querySelector<HTMLElement>('.launcher')?.focus()
    await userEvent.keyboard('{Enter}')
    await testPage.screen.findAllByRole('listitem')
    const reached = new Set<string>()
    for (let presses = 0; presses < 8; presses += 1) {
      await userEvent.tab()
      const element = testPage.root.activeElement
      if (element) reached.add(element.getAttribute('aria-label') ?? element.textContent?.trim() ?? '')
    }
    expect([...reached].join('|')).toMatch(
      /Close\|Get help\|.*My sword is gone.*\|.*All good.*\|.*English.*\|Your data\|Sign in/s,
    )
  })
})

/** Links and fields that a finger misses: WCAG 2.2, 2.5.8 asks for 24 by 24 pixels. */
function tooSmall(root: ShadowRoot): string[] {
  const controls = [...root.querySelectorAll('.panel :is(a[href], input, textarea)')]
  const sizeOf = (control: Element) => {
    // What is not seen itself is pressed by its label.
    const seen = getComputedStyle(control).opacity === '0' ? control.closest('label') : control
    const { width = 0, height = 0 } = seen?.getBoundingClientRect() ?? {}
    return Math.min(width, height)
  }
  return controls.filter((control) => sizeOf(control) < 24).map(({ outerHTML }) => outerHTML)
}

describe('another language', () => {
  const put = async (options: Partial<MountOptions>) => testPage.reload(options)
  const testPage = useTestPage()

  it('is fetched when the page is in it, and turns the panel around for Arabic', async () => {
    await put({ locale: 'ar-EG' })
    testPage.medkit.open()
    await testPage.screen.findByRole('button', { name: 'طلب المساعدة' })
    const panel = testPage.root.querySelector('.panel')
    expect(panel?.getAttribute('dir')).toBe('rtl')
    expect(panel?.getAttribute('lang')).toBe('ar')
  })

  it('can be chosen by the player, and the ticket stays in the language of the page', async () => {
    await put({ locale: 'de-AT' })
    testPage.medkit.open('new')
    await testPage.screen.findByText('Was ist passiert?')
    expect(testPage.screen.getByLabelText('Du schreibst auf')).toHaveProperty('value', 'de')
    expect(testPage.screen.getByLabelText('Käufe')).toBeTruthy()
  })

  it('lets the studio say a sentence its own way', async () => {
    await put({ words: { getHelp: 'Call the harbor master' } })
    testPage.medkit.open()
    await testPage.screen.findByRole('button', { name: 'Call the harbor master' })
  })
})

describe('an accent', () => {
  it('can always be read on, and read, whatever the studio chose', () => {
    for (const accent of ['#000000', '#ffffff', '#ffee00', '#5b8cff', '#7f7f7f', '#ff0055', '#00ff88', '#3b5bdb']) {
      for (const dark of [false, true]) {
        const colours = accentProperties(accent, dark)
        expect(ratio(colours['--accent'], colours['--on-accent']), `on ${accent}`).toBeGreaterThanOrEqual(4.5)
        const surface = dark ? 'rgb(23,26,33)' : 'rgb(255,255,255)'
        expect(ratio(colours['--accent-ink'], surface), `${accent} as text, ${dark}`).toBeGreaterThanOrEqual(4.5)
      }
    }
  })
})

/** WCAG's ratio, worked out by the browser's own reading of the colours. */
function ratio(one = '', other = ''): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

function luminance(colour: string): number {
  const pen = document.createElement('canvas').getContext('2d')
  if (!pen) throw Error('no canvas')
  pen.fillStyle = colour
  const parts = [1, 3, 5].map((at) => Number.parseInt(pen.fillStyle.toString().slice(at, at + 2), 16) / 255)
  const [red = 0, green = 0, blue = 0] = parts.map((part) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
  )
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
