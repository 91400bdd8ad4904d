import { waitFor } from '@testing-library/preact'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { focused, kept, press, type, useStage } from '../../fixtures/widget/page.ts'
import { problem, session, ticketOf } from '../../fixtures/widget/test-relay.ts'

describe('a recovery key', () => {
  const stage = useStage()
  const label = 'Get my tickets back'
  const recovered = () => ({ status: 201, body: session({ token: 'recovered-token' }) })

  const open = async () => {
    stage.medkit.open('tickets')
    await press(await stage.screen.findByRole('button', { name: label }))
    return stage.screen.findByLabelText('Recovery key')
  }
  const enter = async (key: string) => {
    await type(await open(), key)
    await press(stage.screen.getByRole('button', { name: label }))
  }

  beforeEach(async () => {
    stage.relay.game.signIn = ['verified', 'anonymous']
    await stage.reload()
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('can be typed wherever there are anonymous players, also where nobody signs in by e-mail', async () => {
    stage.relay.answer('POST /sessions', recovered)
    const ticket = ticketOf({ text: 'From the other device' })
    stage.relay.tickets.set(ticket.id, ticket)
    await enter(' 7k2m 0000-1111 ')
    await stage.screen.findAllByText('From the other device')
    await stage.screen.findByText(/Your tickets are back\. That key is used up/)
    expect(stage.relay.of('POST /sessions').map(({ body }) => body)).toEqual([
      { kind: 'recover', game: 'test', recoveryKey: '7k2m 0000-1111' },
    ])
  })

  it('cannot be typed where there are none', async () => {
    stage.relay.game.signIn = ['verified']
    await stage.reload()
    stage.medkit.open('tickets')
    await stage.screen.findByText(/Sign in to the game first/)
    expect(stage.screen.queryByRole('button', { name: label })).toBeNull()
  })

  it.each([problem(404, 'not_found'), problem(422, 'invalid')])(
    'that opens nothing is said to, stays to be corrected, and has the focus',
    async (refusal) => {
      stage.relay.answer('POST /sessions', () => refusal)
      await enter('7K2M-WRONG')
      await stage.screen.findByText(/^This key opens nothing here\./)
      const field = stage.screen.getByLabelText('Recovery key')
      expect(field).toHaveProperty('value', '7K2M-WRONG')
      await waitFor(() => expect(focused(stage.root)).toBe(field))
      expect(field.getAttribute('aria-invalid')).toBe('true')
      expect(kept()).toEqual([])
    },
  )

  it('that cannot be asked about is not called wrong', async () => {
    stage.relay.answer('POST /sessions', () => problem(429, 'rate_limited'))
    await enter('7K2M')
    await stage.screen.findByText(/^Too much at once/)
    expect(stage.screen.queryByText(/opens nothing/)).toBeNull()
  })

  it('brings along what was written before it was typed', async () => {
    stage.relay.answer('POST /sessions', recovered)
    stage.medkit.open('new')
    await type(await stage.screen.findByLabelText('What happened?'), 'Half a sentence')
    await enter('7K2M')
    await stage.screen.findByText(/Your tickets are back/)
    stage.medkit.open('new')
    expect(await stage.screen.findByLabelText('What happened?')).toHaveProperty('value', 'Half a sentence')
  })

  it('warns whoever has tickets here that they will make way', async () => {
    const ticket = ticketOf({ text: 'Of this device' })
    stage.relay.tickets.set(ticket.id, ticket)
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    await stage.reload()
    stage.medkit.open('tickets')
    await stage.screen.findAllByText('Of this device')
    const field = await open()
    const warning = await stage.screen.findByText(/will make way/)
    expect(field.getAttribute('aria-describedby')?.split(' ')).toContain(warning.id)
  })

  describe('that is shown', () => {
    const show = async () => {
      localStorage.setItem('medkit:test:session', JSON.stringify(session()))
      await stage.reload()
      stage.medkit.open('tickets')
      await press(await stage.screen.findByRole('button', { name: 'Your data' }))
      await press(await stage.screen.findByRole('button', { name: 'Show the key' }))
      return stage.screen.findByRole('button', { name: 'Copy' })
    }
    const clipboard = (writeText: ((text: string) => Promise<void>) | undefined) =>
      vi.spyOn(navigator, 'clipboard', 'get').mockReturnValue((writeText && { writeText }) as Clipboard)

    it('is copied by a button', async () => {
      const writeText = vi.fn(async () => {})
      clipboard(writeText)
      await press(await show())
      await stage.screen.findByText('Copied.')
      expect(writeText).toHaveBeenCalledWith('KEY-TO-WRITE-DOWN')
    })

    it.each([
      ['is not there', undefined],
      ['is refused', () => Promise.reject(new DOMException('no', 'NotAllowedError'))],
    ])('is copied the old way where the clipboard %s, and the focus stays', async (_, writeText) => {
      clipboard(writeText)
      let copied = ''
      const command = vi.spyOn(document, 'execCommand').mockImplementation(() => {
        const field = focused(stage.root)
        if (field instanceof HTMLTextAreaElement) copied = field.value.slice(field.selectionStart, field.selectionEnd)
        return true
      })
      const button = await show()
      await press(button)
      await stage.screen.findByText('Copied.')
      expect(command).toHaveBeenCalledWith('copy')
      expect(copied).toBe('KEY-TO-WRITE-DOWN')
      expect(focused(stage.root)).toBe(button)
      expect(stage.root.querySelector('textarea')).toBeNull()
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
      await stage.screen.findByText('It could not be copied here. Please write it down.')
      expect(stage.screen.queryByText('Copied.')).toBeNull()
    })
  })
})
