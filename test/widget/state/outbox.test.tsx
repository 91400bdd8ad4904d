import { waitFor } from '@testing-library/preact'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { kept, press, shelved, type, useTestPage } from '../../fixtures/widget/page.ts'
import { session, ticketOf } from '../../fixtures/widget/test-relay.ts'
import { takeFiles } from '../../fixtures/widget/uploads.ts'

describe('the outbox', () => {
  const testPage = useTestPage()

  const keys = (route: 'POST /tickets' | 'POST /tickets/:ticketId/messages') =>
    new Set(testPage.relay.of(route).map(({ headers }) => headers['idempotency-key']))

  it('keeps a message written without a connection through a reload, and sends it with the same key', async () => {
    const giveBack = testPage.relay.answer('POST /tickets', () => 'offline')
    testPage.medkit.open('new')
    await press(await testPage.screen.findByLabelText('Something is broken'))
    await type(testPage.screen.getByLabelText('What happened?'), 'Written on a train.')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await testPage.screen.findByText('Your message is safe on this device and goes out by itself.')
    await testPage.reload()
    giveBack()
    await waitFor(() => expect(testPage.relay.tickets.size).toBe(1))
    expect(testPage.relay.of('POST /tickets').length).toBeGreaterThan(1)
    expect(keys('POST /tickets').size).toBe(1)
    expect([...keys('POST /tickets')][0]).toMatch(/^[0-9a-f]{32}$/)
  })

  it('sends when the device says it is on line again', async () => {
    const giveBack = testPage.relay.answer('POST /tickets', () => 'offline')
    testPage.medkit.open('new')
    await press(await testPage.screen.findByLabelText('Something is broken'))
    await type(testPage.screen.getByLabelText('What happened?'), 'Soon.')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await testPage.screen.findByText(/safe on this device/)
    giveBack()
    dispatchEvent(new Event('online'))
    await testPage.screen.findByText(/We have it/)
  })

  it('sends replies in the order they were written', async () => {
    const ticket = ticketOf({})
    testPage.relay.tickets.set(ticket.id, ticket)
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    await testPage.reload()
    testPage.medkit.open({ ticket: ticket.id })
    const giveBack = testPage.relay.answer('POST /tickets/:ticketId/messages', () => 'offline')
    const reply = await testPage.screen.findByLabelText('Write a message')
    for (const text of ['first', 'second']) {
      await type(reply, text)
      await press(testPage.screen.getByRole('button', { name: 'Send' }))
    }
    await waitFor(() => expect(testPage.screen.getAllByText('On this device')).toHaveLength(2))
    giveBack()
    dispatchEvent(new Event('online'))
    await waitFor(() =>
      expect(ticket.messages.map(({ text }) => text)).toEqual(['My sword is gone', 'first', 'second']),
    )
    expect(keys('POST /tickets/:ticketId/messages').size).toBe(2)
  })

  it('works where the browser refuses every storage', async () => {
    const refuse = () => {
      throw new DOMException('refused', 'SecurityError')
    }
    const own = Object.getOwnPropertyDescriptor(window, 'localStorage')
    Object.defineProperty(window, 'localStorage', { configurable: true, get: refuse })
    const open = indexedDB.open
    indexedDB.open = refuse
    try {
      await testPage.reload()
      testPage.medkit.open('new')
      await press(await testPage.screen.findByLabelText('Something is broken'))
      await type(testPage.screen.getByLabelText('What happened?'), 'In a private window.')
      await press(testPage.screen.getByRole('button', { name: 'Send' }))
      await testPage.screen.findByText(/We have it/)
    } finally {
      indexedDB.open = open
      if (own) Object.defineProperty(window, 'localStorage', own)
    }
    expect(testPage.relay.tickets.size).toBe(1)
  })

  describe('where the database of the browser', () => {
    const send = async (text: string) => {
      testPage.medkit.open('new')
      await press(await testPage.screen.findByLabelText('Something is broken'))
      await type(testPage.screen.getByLabelText('What happened?'), text)
      await press(testPage.screen.getByRole('button', { name: 'Send' }))
    }
    const drafts = () => kept().filter((name) => name.startsWith('medkit:test:draft@'))

    afterEach(() => {
      vi.restoreAllMocks()
    })

    it.each([
      ['never opens', () => new EventTarget() as IDBOpenDBRequest],
      [
        'is refused',
        () => {
          throw new DOMException('no', 'SecurityError')
        },
      ],
    ])('%s, sends all the same, files and all', async (_, open) => {
      vi.spyOn(indexedDB, 'open').mockImplementation(open)
      const id = takeFiles(testPage.relay)
      await testPage.reload()
      testPage.medkit.attach(new File(['log'], 'log.txt', { type: 'text/plain' }))
      await send('It hangs.')
      await testPage.screen.findByText(/We have it/)
      expect(testPage.relay.of('POST /tickets').map(({ body }) => body)).toMatchObject([
        { message: 'It hangs.', attachments: [id] },
      ])
      expect(drafts()).toEqual([])
    })

    it('keeps nothing, has what was written in the form again after a reload', async () => {
      vi.spyOn(indexedDB, 'open').mockImplementation(() => {
        throw new DOMException('no', 'SecurityError')
      })
      testPage.relay.answer('POST /tickets', () => 'offline')
      await testPage.reload()
      await send('Kept somewhere else.')
      await waitFor(() => expect(testPage.relay.of('POST /tickets')).not.toEqual([]))
      testPage.medkit.open('new')
      expect(await testPage.screen.findByLabelText('What happened?')).toHaveProperty('value', '')
      await testPage.reload()
      testPage.medkit.open('new')
      expect(await testPage.screen.findByLabelText('What happened?')).toHaveProperty('value', 'Kept somewhere else.')
    })

    it('has no room left, sends all the same', async () => {
      vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
        throw new DOMException('full', 'QuotaExceededError')
      })
      await testPage.reload()
      await send('No room.')
      await testPage.screen.findByText(/We have it/)
      expect(testPage.relay.of('POST /tickets').map(({ body }) => body)).toMatchObject([{ message: 'No room.' }])
    })

    it('is deleted beneath it, keeps what waits and the next message in a new one', async () => {
      const giveBack = testPage.relay.answer('POST /tickets', () => 'offline')
      await send('Before.')
      await waitFor(async () => expect(JSON.stringify(await shelved())).toContain('Before.'))
      await new Promise((resolve) => {
        indexedDB.deleteDatabase('medkit:test').onsuccess = resolve
      })
      await waitFor(async () => expect(JSON.stringify(await shelved())).toContain('Before.'))
      await send('After.')
      await waitFor(async () => expect(JSON.stringify(await shelved())).toContain('After.'))
      giveBack()
      dispatchEvent(new Event('online'))
      await waitFor(() => expect(testPage.relay.tickets.size).toBe(2))
    })
  })
})
