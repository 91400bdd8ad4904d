import { waitFor } from '@testing-library/preact'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { userEvent } from 'vitest/browser'
import type { Message } from '../../../server/contract/message.ts'
import type { Conversation } from '../../../server/contract/ticket.ts'
import { holdBack, kept, press, type, useTestPage } from '../../fixtures/widget/page.ts'
import { closedTicket, messageOf, problem, session, ticketOf } from '../../fixtures/widget/test-relay.ts'
import { takeFiles } from '../../fixtures/widget/uploads.ts'

/** How a time of day is told. */
const clock = { hour: 'numeric', minute: 'numeric' } as const

const alongside: Conversation['sentAlong'] = [
  { key: 'name', value: 'Ada', source: 'signed' },
  { key: 'guild', value: 'Blue Fleet', source: 'signed' },
  { key: 'language', value: 'de', source: 'claimed' },
  { key: 'category', value: 'billing', source: 'claimed' },
  { key: 'order', value: 'A-1', source: 'claimed' },
  { key: 'browser', value: 'Firefox 140', source: 'claimed' },
  { key: 'level', value: '••••', source: 'claimed' },
]

describe('a conversation', () => {
  const testPage = useTestPage()
  let ticket: Conversation

  const show = async (shown: Conversation) => {
    ticket = shown
    testPage.relay.tickets.set(ticket.id, ticket)
    testPage.medkit.open({ ticket: ticket.id })
    const heading = await testPage.screen.findByRole('heading', { name: ticket.number })
    await waitFor(() => expect(testPage.root.activeElement).toBe(heading))
    await waitFor(() => expect(testPage.root.querySelectorAll('.message')).toHaveLength(ticket.messages.length))
  }

  beforeEach(async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    await testPage.reload()
    await waitFor(() => expect(testPage.relay.streams()).toBe(1))
  })

  it('tells what was sent along, signed and told apart, once the player opens it', async () => {
    await show(ticketOf({ sentAlong: alongside }))
    const summary = testPage.screen.getByText('What we sent along')
    expect(summary.closest('details')?.open).toBe(false)
    summary.focus()
    await userEvent.keyboard('{Enter}')
    await waitFor(() => expect(summary.closest('details')?.open).toBe(true))
    const told = [...testPage.root.querySelectorAll('.also .origin, .also dl > div')]
    expect(told.map(({ textContent }) => textContent)).toEqual([
      'Signed by the game',
      'NameAda',
      'guildBlue Fleet',
      'From you and this device',
      'You write inDeutsch',
      'What is it about?Purchases',
      'Order numberA-1',
      'BrowserFirefox 140',
      'level••••',
    ])
  })

  it('has nothing to open where nothing was sent along, or it has been forgotten', async () => {
    await show(ticketOf({}))
    expect(testPage.screen.queryByText('What we sent along')).toBeNull()
  })

  it('shows an answer as it comes, in a log, and tells the relay that it was seen', async () => {
    await show(ticketOf({}))
    const message = messageOf({ author: 'agent', authorName: 'Mara', text: 'We found it.' })
    const { messages: _, earlier: __, ...summary } = ticket
    testPage.relay.tell('message-added', { ticketId: ticket.id, message })
    testPage.relay.tell('ticket-changed', { ticket: { ...summary, status: 'answered', unread: 1 } })
    const answer = await testPage.screen.findByText('We found it.')
    expect(answer.closest('[role=log]')).not.toBeNull()
    expect(answer.closest('article')?.textContent).toContain('Mara')
    await waitFor(() => expect(testPage.relay.of('POST /tickets/:ticketId/read')).toHaveLength(1))
  })

  it('shows a reply once, though the relay tells of it before it answers', async () => {
    await show(ticketOf({}))
    const late = holdBack('/messages')
    await type(await testPage.screen.findByLabelText('Write a message'), 'Thank you')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await waitFor(() => expect(late.held).toBe(1))
    const message = ticket.messages.find(({ text }) => text === 'Thank you')
    testPage.relay.tell('message-added', { ticketId: ticket.id, message })
    testPage.relay.tell('message-delivery', { ticketId: ticket.id, messageId: message?.id, delivery: 'delivered' })
    await testPage.screen.findByText('With the studio')
    expect(testPage.root.querySelectorAll('.message')).toHaveLength(2)
    late.release()
    await waitFor(() => expect(testPage.relay.of('POST /tickets/:ticketId/messages')).toHaveLength(1))
    await type(testPage.screen.getByLabelText('Write a message'), 'Once more')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await waitFor(() => expect(testPage.relay.of('POST /tickets/:ticketId/messages')).toHaveLength(2))
    await waitFor(() => expect(testPage.root.querySelectorAll('.message')).toHaveLength(3))
    expect(testPage.screen.getAllByText('Thank you')).toHaveLength(1)
  })

  it('names the subject above, unless a message begins with it', async () => {
    const text = 'My  sword is gone, and so is all that I had ever kept in the harbor'
    const topic = () => testPage.root.querySelector('.topic')?.textContent
    await show(ticketOf({ subject: 'My sword is gone, and so is all that I had…', messages: [messageOf({ text })] }))
    expect(topic()).toBeUndefined()
    await show(ticketOf({ subject: 'Lost items', messages: [messageOf({ text })] }))
    expect(topic()).toBe('Lost items')
  })

  it('stays closed though a list from before comes late', async () => {
    await show(ticketOf({ updatedAt: '2026-01-01T00:00:00.000Z' }))
    const other = ticketOf({ unread: 1 })
    testPage.relay.tickets.set(other.id, other)
    const late = holdBack('/v1/tickets')
    const unread: number[] = []
    testPage.medkit.on('unread', ({ count }) => unread.push(count))
    testPage.relay.tell('resync', {})
    await waitFor(() => expect(late.held).toBe(1))
    await press(await testPage.screen.findByRole('button', { name: /Close it/ }))
    const reopen = await testPage.screen.findByRole('button', { name: /Still not solved/ })
    late.release()
    await waitFor(() => expect(unread).toContain(1))
    expect(reopen.isConnected).toBe(true)
  })

  it('asks, when the page is seen again, for what came while it was hidden', async () => {
    await show(ticketOf({}))
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
    document.dispatchEvent(new Event('visibilitychange'))
    await waitFor(() => expect(testPage.relay.streams()).toBe(0))
    hidden.mockRestore()
    document.dispatchEvent(new Event('visibilitychange'))
    await waitFor(() => expect(testPage.relay.streams()).toBe(1))
    expect(testPage.relay.of('GET /events').map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '0'])
  })

  it('says under the newest own message where it is', async () => {
    await show(ticketOf({ messages: [messageOf({ text: 'one' }), messageOf({ text: 'two', delivery: 'received' })] }))
    const truths = () => [...testPage.root.querySelectorAll('.truth')].map((truth) => truth.textContent)
    expect(truths()).toEqual(['Received'])
    testPage.relay.tell('message-delivery', {
      ticketId: ticket.id,
      messageId: ticket.messages[1]?.id,
      delivery: 'delivered',
    })
    await waitFor(() => expect(truths()).toEqual(['With the studio']))
    testPage.relay.tell('message-delivery', {
      ticketId: ticket.id,
      messageId: ticket.messages[1]?.id,
      delivery: 'failed',
      problem: { code: 'vendor_refused' },
    })
    await waitFor(() => expect(truths()[0]).toMatch(/^Could not be sent\. The studio’s help desk did not take/))
  })

  it('sends again, when the player asks, what the vendor did not take', async () => {
    const stuck = messageOf({ text: 'stuck', delivery: 'failed', problem: { code: 'vendor_refused' } })
    await show(ticketOf({ messages: [stuck, messageOf({ text: 'later' })] }))
    testPage.relay.answer('POST /tickets/:ticketId/messages/:messageId/retry', ({ path }) => {
      expect(path).toBe(`/tickets/${ticket.id}/messages/${stuck.id}/retry`)
      return { status: 200, body: { ...stuck, delivery: 'received', problem: undefined } }
    })
    await press(testPage.screen.getByRole('button', { name: 'Try again' }))
    await waitFor(() => expect(testPage.screen.queryByText(/Could not be sent/)).toBeNull())
  })

  it('shows what was written as text, whatever it looks like', async () => {
    await show(
      ticketOf({ messages: [messageOf({ author: 'agent', text: '<img src=x onerror=alert(1)><b>bold</b>' })] }),
    )
    expect(testPage.screen.getByText('<img src=x onerror=alert(1)><b>bold</b>').children).toHaveLength(0)
  })

  it('keeps a reply as a draft, and sends it by Enter from a keyboard', async () => {
    await show(ticketOf({}))
    await type(await testPage.screen.findByLabelText('Write a message'), 'It was the blue one.')
    const drafts = () => kept().filter((name) => name.startsWith(`medkit:test:draft:${ticket.id}@`))
    expect(drafts().map((name) => localStorage.getItem(name))).toEqual([
      expect.stringContaining('"It was the blue one."'),
    ])
    await userEvent.keyboard('{Enter}')
    await waitFor(() => expect(ticket.messages).toHaveLength(2))
    expect(drafts()).toEqual([])
    expect(testPage.screen.getByLabelText('Write a message')).toHaveProperty('value', '')
  })

  it('takes of a paste what fits, in whole characters, says so until something is taken away, and sends that', async () => {
    await show(ticketOf({}))
    const field = await testPage.screen.findByLabelText('Write a message')
    const sentence = /^This is too long: its end was left out/
    await type(field, 'x'.repeat(9_998))
    expect(testPage.screen.queryByText(sentence)).toBeNull()
    field.focus()
    document.execCommand('insertText', false, 'y😀z')
    await testPage.screen.findByText(sentence)
    expect(field).toHaveProperty('value', `${'x'.repeat(9_998)}y`)
    await userEvent.keyboard('{Backspace}')
    await waitFor(() => expect(testPage.screen.queryByText(sentence)).toBeNull())
    await userEvent.keyboard('{Enter}')
    await waitFor(() => expect(ticket.messages.at(-1)?.text).toBe('x'.repeat(9_998)))
  })

  it('lets a composition end before it cuts', async () => {
    await show(ticketOf({}))
    const field: HTMLTextAreaElement = await testPage.screen.findByLabelText('Write a message')
    await type(field, 'x'.repeat(9_998))
    const compose = (text: string) => {
      field.value = 'x'.repeat(9_998) + text
      field.dispatchEvent(new InputEvent('input', { bubbles: true, isComposing: true }))
    }
    field.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }))
    compose('にほ')
    compose('にほんご')
    expect(field.value.length).toBe(10_002)
    field.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true }))
    await testPage.screen.findByText(/^This is too long: its end was left out/)
    expect(field.value).toBe(`${'x'.repeat(9_998)}にほ`)
  })

  it('gives a message that was refused back with its files, before what has been written since', async () => {
    const id = takeFiles(testPage.relay)
    const giveBack = testPage.relay.answer('POST /tickets/:ticketId/messages', () => problem(422, 'invalid'))
    await show(ticketOf({}))
    const field = await testPage.screen.findByLabelText('Write a message')
    testPage.medkit.attach(new File(['log'], 'log.txt', { type: 'text/plain' }))
    await type(field, 'The first thought.')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    const again = await testPage.screen.findByRole('button', { name: 'Edit it' })
    await type(field, 'A second one.')
    await press(again)
    expect(field).toHaveProperty('value', 'The first thought.\n\nA second one.')
    giveBack()
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await waitFor(() =>
      expect(testPage.relay.of('POST /tickets/:ticketId/messages').at(-1)?.body).toEqual({
        message: 'The first thought.\n\nA second one.',
        attachments: [id],
      }),
    )
  })

  it('is not sent by the Enter that ends a composition, in whichever way the engine says so', async () => {
    await show(ticketOf({}))
    const box = await testPage.screen.findByLabelText('Write a message')
    await type(box, '日本')
    const enter = { key: 'Enter', bubbles: true, cancelable: true }
    box.dispatchEvent(new KeyboardEvent('keydown', { ...enter, isComposing: true }))
    // WebKit: the composition has ended already, and only the code tells.
    box.dispatchEvent(new KeyboardEvent('keydown', { ...enter, keyCode: 229 }))
    await type(box, '日本語')
    await userEvent.keyboard('{Enter}')
    await waitFor(() => expect(testPage.relay.of('POST /tickets/:ticketId/messages')).not.toEqual([]))
    expect(testPage.relay.of('POST /tickets/:ticketId/messages').map(({ body }) => body)).toEqual([
      { message: '日本語' },
    ])
  })

  it('keeps the newest in view when something takes room from it', async () => {
    const many = Array.from({ length: 30 }, (_, n) => messageOf({ text: `line ${n}` }))
    await show(ticketOf({ messages: many, can: { reply: true, close: true, reopen: true, rate: true } }))
    const log = testPage.screen.getByRole('log')
    const hidden = () => log.scrollHeight - log.scrollTop - log.clientHeight
    await waitFor(() => expect(hidden()).toBeLessThan(2))
    const before = log.clientHeight
    await press(await testPage.screen.findByRole('button', { name: /Close it/ }))
    await waitFor(() => expect(log.clientHeight).toBeLessThan(before - 60))
    await waitFor(() => expect(hidden()).toBeLessThan(2))
  })

  it('closes on purpose, with a way back', async () => {
    await show(ticketOf({}))
    await press(await testPage.screen.findByRole('button', { name: 'Solved? Close it' }))
    await testPage.screen.findByText('This ticket is closed.')
    expect(testPage.screen.queryByLabelText('Write a message')).toBeNull()
    await press(testPage.screen.getByRole('button', { name: 'Undo' }))
    await testPage.screen.findByLabelText('Write a message')
    expect(ticket.status).toBe('open')
  })

  it('offers a closed ticket to be reopened, and to be rated once', async () => {
    await show(closedTicket())
    await testPage.screen.findByLabelText('4 stars')
    await press(testPage.screen.getByText('4 stars').closest('label') ?? testPage.root.host)
    await type(testPage.screen.getByLabelText('What should we know? (optional)'), 'Quick!')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await testPage.screen.findByText('Thank you. You gave 4 of 5.')
    expect(ticket.rating).toEqual({ score: 4, comment: 'Quick!' })
    await press(testPage.screen.getByRole('button', { name: 'Still not solved?' }))
    await testPage.screen.findByLabelText('Write a message')
  })

  it('says in the log, in the player’s language, who closed and reopened the ticket and when', async () => {
    const line = (change: Partial<Message>) => messageOf({ author: 'system', text: 'In English.', ...change })
    const lines = [
      line({ event: 'closed', by: 'player' }),
      line({ event: 'reopened', by: 'player' }),
      line({ event: 'closed', by: 'studio' }),
      line({ event: 'reopened', by: 'studio', sentAt: '2026-11-20T08:05:00.000Z' }),
      // Of a relay that knows more than this widget.
      line({}),
    ]
    ticket = ticketOf({ messages: [messageOf({ text: 'Hello' }), ...lines] })
    testPage.relay.tickets.set(ticket.id, ticket)
    testPage.medkit.open({ ticket: ticket.id })
    const said = () => [...testPage.root.querySelectorAll('[role=log] > .event')]
    const words = () => said().map(({ firstChild }) => firstChild?.textContent)
    await waitFor(() =>
      expect(words()).toEqual([
        'You closed this ticket.',
        'You reopened this ticket.',
        'Support closed this ticket.',
        'Support reopened this ticket.',
        'In English.',
      ]),
    )
    const time = said()[3]?.querySelector('time')
    expect(time?.dateTime).toBe('2026-11-20T08:05:00.000Z')
    expect(time?.textContent).toBe(new Date(time?.dateTime ?? '').toLocaleTimeString('en', clock))
    // Neither a bubble nor anything to be delivered; what is the player's own keeps its place.
    expect(testPage.root.querySelectorAll('.message')).toHaveLength(1)
    expect([...testPage.root.querySelectorAll('.truth')].map(({ textContent }) => textContent)).toEqual([
      'With the studio',
    ])
    testPage.relay.tell('message-added', { ticketId: ticket.id, message: line({ event: 'closed', by: 'studio' }) })
    await waitFor(() => expect(words()).toHaveLength(6))
    expect(getComputedStyle(said()[5] ?? testPage.root.host).textAlign).toBe('center')
  })

  it('keeps in their order what was said in one second, where a vendor tells no more of the time', async () => {
    const sentAt = '2026-11-20T08:05:00.000Z'
    await show(ticketOf({ messages: ['one', 'two', 'three'].map((text) => messageOf({ text, sentAt })) }))
    testPage.relay.tell('message-added', { ticketId: ticket.id, message: messageOf({ text: 'four', sentAt }) })
    await testPage.screen.findByText('four')
    const said = [...testPage.root.querySelectorAll('.said-text')].map(({ textContent }) => textContent)
    expect(said).toEqual(['one', 'two', 'three', 'four'])
  })

  it('stays where the player reads, and offers the new answer', async () => {
    const messages = Array.from({ length: 40 }, (_, index) =>
      messageOf({ text: `line ${index}`, sentAt: new Date(index * 60_000).toISOString() }),
    )
    await show(ticketOf({ messages }))
    const log = testPage.screen.getByRole('log')
    expect(log.scrollHeight - log.scrollTop - log.clientHeight).toBeLessThan(2)
    const scrolled = new Promise((resolve) => log.addEventListener('scroll', resolve, { once: true }))
    log.scrollTop = 0
    await scrolled
    const closing = messageOf({ author: 'system', text: 'x', event: 'closed', by: 'player' })
    testPage.relay.tell('message-added', { ticketId: ticket.id, message: closing })
    await testPage.screen.findByText('You closed this ticket.')
    expect(testPage.screen.queryByRole('button', { name: 'New answer' })).toBeNull()
    testPage.relay.tell('message-added', {
      ticketId: ticket.id,
      message: messageOf({ author: 'agent', text: 'newest' }),
    })
    await press(await testPage.screen.findByRole('button', { name: 'New answer' }))
    expect(log.scrollHeight - log.scrollTop - log.clientHeight).toBeLessThan(2)
  })
})
