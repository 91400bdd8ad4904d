import { waitFor } from '@testing-library/preact'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { focused, kept, press, type, useTestPage } from '../../fixtures/widget/page.ts'
import { problem, session, ticketOf } from '../../fixtures/widget/test-relay.ts'

describe('a recovery key', () => {
  const testPage = useTestPage()
  const label = 'Get my tickets back'
  const recovered = () => ({ status: 201, body: session({ token: 'recovered-token' }) })

  const open = async () => {
    testPage.medkit.open('tickets')
    await press(await testPage.screen.findByRole('button', { name: label }))
    return testPage.screen.findByLabelText('Recovery key')
  }
  const enter = async (key: string) => {
    await type(await open(), key)
    await press(testPage.screen.getByRole('button', { name: label }))
  }

  beforeEach(async () => {
    testPage.relay.game.signIn = ['verified', 'anonymous']
    await testPage.reload()
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('can be typed wherever there are anonymous players, also where nobody signs in by e-mail', async () => {
    testPage.relay.answer('POST /sessions', recovered)
    const ticket = ticketOf({ text: 'From the other device' })
    testPage.relay.tickets.set(ticket.id, ticket)
    await enter(' 7k2m 0000-1111 ')
    await testPage.screen.findAllByText('From the other device')
    await testPage.screen.findByText(/Your tickets are back\. That key is used up/)
    expect(testPage.relay.of('POST /sessions').map(({ body }) => body)).toEqual([
      { kind: 'recover', game: 'test', recoveryKey: '7k2m 0000-1111' },
    ])
  })

  it('cannot be typed where there are none', async () => {
    testPage.relay.game.signIn = ['verified']
    await testPage.reload()
    testPage.medkit.open('tickets')
    await testPage.screen.findByText(/Sign in to the game first/)
    expect(testPage.screen.queryByRole('button', { name: label })).toBeNull()
  })

  it.each([problem(404, 'not_found'), problem(422, 'invalid')])(
    'that opens nothing is said to, stays to be corrected, and has the focus',
    async (refusal) => {
      testPage.relay.answer('POST /sessions', () => refusal)
      await enter('7K2M-WRONG')
      await testPage.screen.findByText(/^This key opens nothing here\./)
      const field = testPage.screen.getByLabelText('Recovery key')
      expect(field).toHaveProperty('value', '7K2M-WRONG')
      await waitFor(() => expect(focused(testPage.root)).toBe(field))
      expect(field.getAttribute('aria-invalid')).toBe('true')
      expect(kept()).toEqual([])
    },
  )

  it('that cannot be asked about is not called wrong', async () => {
    testPage.relay.answer('POST /sessions', () => problem(429, 'rate_limited'))
    await enter('7K2M')
    await testPage.screen.findByText(/^Too much at once/)
    expect(testPage.screen.queryByText(/opens nothing/)).toBeNull()
  })

  it('brings along what was written before it was typed', async () => {
    testPage.relay.answer('POST /sessions', recovered)
    testPage.medkit.open('new')
    await type(await testPage.screen.findByLabelText('What happened?'), 'Half a sentence')
    await enter('7K2M')
    await testPage.screen.findByText(/Your tickets are back/)
    testPage.medkit.open('new')
    expect(await testPage.screen.findByLabelText('What happened?')).toHaveProperty('value', 'Half a sentence')
  })

  it('warns whoever has tickets here that they will make way', async () => {
    const ticket = ticketOf({ text: 'Of this device' })
    testPage.relay.tickets.set(ticket.id, ticket)
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    await testPage.reload()
    testPage.medkit.open('tickets')
    await testPage.screen.findAllByText('Of this device')
    const field = await open()
    const warning = await testPage.screen.findByText(/will make way/)
    expect(field.getAttribute('aria-describedby')?.split(' ')).toContain(warning.id)
  })

  describe('that is shown', () => {
    const show = async () => {
      localStorage.setItem('medkit:test:session', JSON.stringify(session()))
      await testPage.reload()
      testPage.medkit.open('tickets')
      await press(await testPage.screen.findByRole('button', { name: 'Your data' }))
      await press(await testPage.screen.findByRole('button', { name: 'Show the key' }))
      return testPage.screen.findByRole('button', { name: 'Copy' })
    }
    const clipboard = (writeText: ((text: string) => Promise<void>) | undefined) =>
      vi.spyOn(navigator, 'clipboard', 'get').mockReturnValue((writeText && { writeText }) as Clipboard)

    it('is copied by a button', async () => {
      const writeText = vi.fn(async () => {})
      clipboard(writeText)
      await press(await show())
      await testPage.screen.findByText('Copied.')
      expect(writeText).toHaveBeenCalledWith('KEY-TO-WRITE-DOWN')
    })

    it.each([
      ['is not there', undefined],
      ['is refused', () => Promise.reject(new DOMException('no', 'NotAllowedError'))],
    ])('is copied the old way where the clipboard %s, and the focus stays', async (_, writeText) => {
      clipboard(writeText)
      let copied = ''
      const command = vi.spyOn(document, 'execCommand').mockImplementation(() => {
        const field = focused(testPage.root)
        if (field instanceof HTMLTextAreaElement) copied = field.value.slice(field.selectionStart, field.selectionEnd)
        return true
      })
      const button = await show()
      await press(button)
      await testPage.screen.findByText('Copied.')
      expect(command).toHaveBeenCalledWith('copy')
      expect(copied).toBe('KEY-TO-WRITE-DOWN')
      expect(focused(testPage.root)).toBe(button)
      expect(testPage.root.querySelector('textarea')).toBeNull()
    })

    it.each([
      ['does nothing', () => false],
      [
        'throws',
        () => {
          throw Error('not here')
        },
      ],
    ])('is said not to be copied where the old way %s', async (_, run) => {
      clipboard(undefined)
      vi.spyOn(document, 'execCommand').mockImplementation(run)
      await press(await show())
      await testPage.screen.findByText('It could not be copied here. Please write it down.')
      expect(testPage.screen.queryByText('Copied.')).toBeNull()
    })
  })
})
