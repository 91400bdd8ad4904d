import { waitFor } from '@testing-library/preact'
import { beforeEach, describe, expect, it } from 'vitest'
import { holdBack, press, type, useTestPage } from '../../fixtures/widget/page.ts'
import { messageOf, session, ticketOf } from '../../fixtures/widget/test-relay.ts'

const regions = '[role=status], [role=alert], [role=log]'

/** What a screen reader may speak by itself: what comes into a live region, and every alert and status that comes with words. */
function listenTo(root: ShadowRoot): string[] {
  const heard: string[] = []
  const watch = new MutationObserver((records) => {
    const words = records.flatMap(spoken).map(({ textContent }) => textContent?.trim() ?? '')
    heard.push(...words.filter(Boolean))
  })
  watch.observe(root, { subtree: true, childList: true, characterData: true })
  return heard
}

function spoken({ type, target, addedNodes }: MutationRecord): Node[] {
  const element = target instanceof Element ? target : target.parentElement
  if (element?.closest('[aria-live=off]')) return []
  const isQuiet = (node: Node) => node instanceof Element && node.matches('[aria-live=off]')
  if (element?.closest(regions))
    return type === 'characterData' ? [target] : [...addedNodes].filter((node) => !isQuiet(node))
  return [...addedNodes].flatMap((node) => (node instanceof Element ? regionsIn(node) : []))
}

function regionsIn(element: Element): Element[] {
  const spoken = '[role=alert], [role=status]'
  return element.matches(spoken) ? [element] : [...element.querySelectorAll(spoken)]
}

describe('what is announced', () => {
  const testPage = useTestPage()
  const image = () => new File(['picture'], 'sword.png', { type: 'image/png' })
  const waits = 'Goes out as soon as the files are there.'
  const many = () => ticketOf({ messages: Array.from({ length: 9 }, (_, n) => messageOf({ text: `line ${n}` })) })

  beforeEach(async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    await testPage.reload()
    testPage.relay.answer('POST /attachments', () => ({
      status: 201,
      body: {
        id: 'A000000000000000000001',
        upload: { protocol: 'put', url: '/put', headers: {}, expiresAt: new Date().toISOString() },
      },
    }))
  })

  it('of a reply without files: its own words, and nothing of files', async () => {
    const ticket = many()
    testPage.relay.tickets.set(ticket.id, ticket)
    testPage.medkit.open({ ticket: ticket.id })
    await type(await testPage.screen.findByLabelText('Write a message'), 'It was the blue one.')
    const heard = listenTo(testPage.root)
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await waitFor(() => expect(heard.join()).toContain('It was the blue one.'))
    await testPage.screen.findByText('Received')
    expect(heard).not.toContain(waits)
  })

  it('of a new ticket without files: nothing of files', async () => {
    testPage.medkit.open('new')
    await testPage.screen.findByText('Add a screenshot or video')
    await press(testPage.screen.getByLabelText('Something is broken'))
    await type(testPage.screen.getByLabelText('What happened?'), 'My sword is gone.')
    const heard = listenTo(testPage.root)
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await testPage.screen.findByText(/We have it/)
    expect(heard).not.toContain(waits)
  })

  it('of a message that waits for its file: that it does, once', async () => {
    testPage.medkit.open('new')
    await testPage.screen.findByText('Add a screenshot or video')
    await press(testPage.screen.getByLabelText('Something is broken'))
    await type(testPage.screen.getByLabelText('What happened?'), 'See the picture.')
    const late = holdBack('/attachments')
    testPage.medkit.attach(image())
    await waitFor(() => expect(late.held).toBe(1))
    const heard = listenTo(testPage.root)
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await testPage.screen.findByText(waits)
    expect(heard.filter((text) => text === waits)).toEqual([waits])
  })

  it('of closing a ticket: that it is closed, once, though the log says so too', async () => {
    const ticket = many()
    testPage.relay.tickets.set(ticket.id, ticket)
    await waitFor(() => expect(testPage.relay.streams()).toBe(1))
    testPage.medkit.open({ ticket: ticket.id })
    const close = await testPage.screen.findByRole('button', { name: 'Solved? Close it' })
    const heard = listenTo(testPage.root)
    await press(close)
    await testPage.screen.findByText('Ticket closed.')
    const message = messageOf({ author: 'system', text: 'Closed.', event: 'closed', by: 'player' })
    testPage.relay.tell('message-added', { ticketId: ticket.id, message })
    await testPage.screen.findByText('You closed this ticket.')
    expect(heard.filter((text) => /closed/i.test(text))).toEqual([expect.stringContaining('Ticket closed.')])
  })

  it('of a conversation that is opened: nothing of what was said before, and then what comes', async () => {
    const ticket = many()
    testPage.relay.tickets.set(ticket.id, ticket)
    await waitFor(() => expect(testPage.relay.streams()).toBe(1))
    testPage.medkit.open('tickets')
    await testPage.screen.findByLabelText('Language')
    const heard = listenTo(testPage.root)
    const late = holdBack(`/tickets/${ticket.id}`)
    testPage.medkit.open({ ticket: ticket.id })
    await waitFor(() => expect(late.held).toBe(1))
    await testPage.screen.findByRole('log')
    late.release()
    await testPage.screen.findByText('line 8')
    expect(heard).toEqual([])
    testPage.relay.tell('message-added', {
      ticketId: ticket.id,
      message: messageOf({ author: 'agent', text: 'We found it.' }),
    })
    await waitFor(() => expect(heard.join()).toContain('We found it.'))
  })
})
