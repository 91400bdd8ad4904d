import { waitFor } from '@testing-library/preact'
import { describe, expect, it, vi } from 'vitest'
import { userEvent } from 'vitest/browser'
import { focused, holdBack, kept, press, useTestPage } from '../../fixtures/widget/page.ts'
import { closedTicket, problem, session, ticketOf } from '../../fixtures/widget/test-relay.ts'

describe('home', () => {
  const testPage = useTestPage()

  it('asks nothing of the relay but the game, and keeps nothing, before the player acts', async () => {
    testPage.medkit.open()
    await testPage.screen.findByText('No tickets yet. What you send us, and every answer, stays here.')
    expect(testPage.relay.asked.map(({ route }) => route)).toEqual(['GET /games/:game'])
    expect(kept()).toEqual([])
    expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain('medkit:test')
  })

  it('lists tickets by newest activity, with their status as a word and unread as a hidden word', async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    const older = closedTicket('Refund, please')
    older.updatedAt = '2026-01-01T00:00:00.000Z'
    const newer = { ...ticketOf({ text: 'My sword is gone' }), status: 'answered' as const, unread: 1 }
    for (const ticket of [older, newer]) testPage.relay.tickets.set(ticket.id, ticket)
    await testPage.reload()
    testPage.medkit.open()
    const rows: HTMLElement[] = await testPage.screen.findAllByRole('listitem')
    expect(rows.map((row) => row.querySelector('.subject')?.textContent)).toEqual([
      'My sword is gone New answer',
      'Refund, please',
    ])
    expect(rows.map((row) => row.querySelector('.status')?.textContent)).toEqual(['Answered', 'Closed'])
  })

  it('says that it was not the relay that answered, and shows the tickets once it does', async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    const ticket = ticketOf({ text: 'My sword is gone' })
    testPage.relay.tickets.set(ticket.id, ticket)
    const giveBack = testPage.relay.answer('GET /tickets', () => ({ status: 200, body: {} }))
    await testPage.reload()
    testPage.medkit.open()
    await testPage.screen.findByText(/^Something else answered in place of support\./)
    giveBack()
    await press(testPage.screen.getByRole('button', { name: 'Try again' }))
    await testPage.screen.findAllByText('My sword is gone')
  })

  it('says that it is not set up for a page that the relay refuses, and takes no words that cannot go out', async () => {
    testPage.relay.answer('GET /games/:game', () => problem(403, 'origin_not_allowed'))
    await testPage.reload()
    testPage.medkit.open()
    await testPage.screen.findByText('Support is not set up for this page.')
    expect(testPage.screen.queryByRole('button', { name: 'Get help' })).toBeNull()
    // Nothing can be read here, either.
    expect(testPage.screen.queryByText(/can be read here/)).toBeNull()
    testPage.medkit.open('new')
    await testPage.screen.findByRole('heading', { name: 'New ticket' })
    expect(testPage.screen.queryByRole('textbox')).toBeNull()
  })

  it('moves through the tickets by arrow keys', async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    for (const text of ['one', 'two']) {
      const ticket = ticketOf({ text })
      testPage.relay.tickets.set(ticket.id, ticket)
    }
    await testPage.reload()
    testPage.medkit.open()
    await testPage.screen.findAllByRole('listitem')
    const [first, second] = testPage.root.querySelectorAll<HTMLElement>('.ticket')
    first?.focus()
    await userEvent.keyboard('{ArrowDown}')
    expect(focused(testPage.root)).toBe(second)
    await userEvent.keyboard('{ArrowUp}')
    expect(focused(testPage.root)).toBe(first)
  })

  it('shows the number of tickets with new answers on the launcher, in its name too', async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    await testPage.reload()
    await waitFor(() => expect(testPage.relay.streams()).toBe(1))
    testPage.relay.tell('unread', { count: 2, unanswered: 2 })
    await testPage.screen.findByRole('button', { name: 'Support, 2 tickets with new answers' })
    expect(testPage.root.querySelector('.badge')?.textContent).toBe('2')
  })

  it('draws no eye while the game is busy', async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    await testPage.reload()
    testPage.medkit.setBusy(true)
    await waitFor(() => expect(testPage.relay.streams()).toBe(1))
    const heard = new Promise((resolve) => testPage.medkit.on('unread', ({ count }) => count && resolve(count)))
    testPage.relay.tell('unread', { count: 1, unanswered: 1 })
    expect(await heard).toBe(1)
    await waitFor(() => expect(testPage.root.querySelector<HTMLElement>('.badge')?.hidden).toBe(true))
    testPage.medkit.setBusy(false)
    expect(testPage.root.querySelector<HTMLElement>('.badge')?.hidden).toBe(false)
  })

  it('closes one thing at a time on Escape, and gives the focus back to the launcher where it was before', async () => {
    testPage.root.querySelector<HTMLElement>('.launcher')?.focus()
    testPage.medkit.open('new')
    const heading = await testPage.screen.findByRole('heading', { name: 'New ticket' })
    await waitFor(() => expect(focused(testPage.root)).toBe(heading))
    await userEvent.keyboard('{Escape}')
    await testPage.screen.findByRole('button', { name: 'Get help' })
    await waitFor(() => expect(focused(testPage.root)?.textContent).toBe('Star Harbor support'))
    await userEvent.keyboard('{Escape}')
    await waitFor(() => expect(testPage.screen.queryByRole('dialog')).toBeNull())
    expect(focused(testPage.root)?.className).toContain('launcher')
  })

  it('keeps the keys a player types from the game around it', async () => {
    const heard: string[] = []
    const listen = (event: KeyboardEvent) => heard.push(event.key)
    addEventListener('keydown', listen)
    testPage.medkit.open('new')
    await press(await testPage.screen.findByLabelText('What happened?'))
    await userEvent.keyboard('wasd')
    removeEventListener('keydown', listen)
    expect(heard).toEqual([])
  })
})

describe('the player’s data', () => {
  const testPage = useTestPage()

  it('shows the request for erasure, though the list from before it comes late', async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    const at = new Date().toISOString()
    const steps = [{ name: 'asked', at }]
    const dates = { requestedAt: at, beginsAt: at, dueAt: at }
    const earlier = { id: 'earlier', status: 'withdrawn', steps: [...steps, { name: 'withdrawn', at }], ...dates }
    const asked = { id: 'asked', status: 'waiting', steps, ...dates }
    testPage.relay.answer('GET /deletion-requests', () => ({ status: 200, body: { items: [earlier], cursor: null } }))
    testPage.relay.answer('POST /deletion-requests', () => ({ status: 202, body: asked }))
    const late = holdBack('/deletion-requests')
    await testPage.reload()
    testPage.medkit.open('tickets')
    await press(await testPage.screen.findByRole('button', { name: 'Your data' }))
    await press(await testPage.screen.findByLabelText('Yes, erase everything about me'))
    await waitFor(() => expect(late.held).toBe(1))
    await press(testPage.screen.getByRole('button', { name: 'Ask for erasure' }))
    await testPage.screen.findByRole('button', { name: 'Withdraw' })
    late.release()
    await testPage.screen.findByText('You withdrew it')
    expect(testPage.screen.getByRole('button', { name: 'Withdraw' })).not.toBeNull()
  })

  it('gives the receipt of an erasure that is done, as the relay signed it, and none of one that is not', async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    const at = '2026-03-02T10:00:00.000Z'
    const dates = { requestedAt: at, beginsAt: at, dueAt: at, steps: [{ name: 'asked', at }] }
    const items = [
      { id: 'begun', status: 'begun', ...dates },
      { id: 'withdrawn', status: 'withdrawn', ...dates },
      { id: 'done', status: 'done', ...dates },
    ]
    const receipt = { game: { key: 'star-harbor' }, request: 'done', doneAt: at }
    const signed = { receipt, payload: 'cGF5bG9hZA', protected: 'aGVhZGVy', signature: 'c2lnbmF0dXJl' }
    testPage.relay.answer('GET /deletion-requests', () => ({ status: 200, body: { items, cursor: null } }))
    testPage.relay.answer('GET /deletion-requests/:requestId/receipt', () => ({ status: 200, body: signed }))
    const made = vi.spyOn(URL, 'createObjectURL')
    const saved: string[] = []
    const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      saved.push(this.download)
    })
    await testPage.reload()
    testPage.medkit.open('tickets')
    await press(await testPage.screen.findByRole('button', { name: 'Your data' }))
    // Of three requests one is done.
    await press(await testPage.screen.findByRole('button', { name: 'Save receipt' }))
    await waitFor(() => expect(saved).toEqual(['star-harbor-erasure-2026-03-02.json']))
    expect(testPage.relay.of('GET /deletion-requests/:requestId/receipt').map(({ path }) => path)).toEqual([
      '/deletion-requests/done/receipt',
    ])
    const [blob] = made.mock.lastCall ?? []
    expect(JSON.parse(await (blob as Blob).text())).toEqual(signed)
    click.mockRestore()
    made.mockRestore()
  })
})
