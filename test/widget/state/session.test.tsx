import { waitFor } from '@testing-library/preact'
import { describe, expect, it, vi } from 'vitest'
import { createStorage } from '../../../widget/state/storage.ts'
import { holdBack, kept, press, studioToken, type, useTestPage } from '../../fixtures/widget/page.ts'
import { messageOf, problem, session, ticketOf } from '../../fixtures/widget/test-relay.ts'
import { challengeFor, opened } from '../../fixtures/widget/work.ts'

const bearer = ({ headers }: { headers: Record<string, string> }) => headers.authorization

describe('a session', () => {
  const testPage = useTestPage()

  it('asks the studio once for a fresh token, however many calls were refused', async () => {
    let asked = 0
    const token = async () => {
      asked += 1
      return `${studioToken('ada')}${asked}`
    }
    const ticket = ticketOf({})
    const isFirst = ({ headers }: { headers: Record<string, string> }) => headers.authorization?.endsWith('1')
    const page = { items: [], cursor: null }
    testPage.relay.answer('GET /tickets', (one) =>
      isFirst(one) ? problem(401, 'token_expired') : { status: 200, body: page },
    )
    testPage.relay.answer('GET /tickets/:ticketId', (one) =>
      isFirst(one) ? problem(401, 'token_expired') : { status: 200, body: ticket },
    )
    testPage.medkit.open('new')
    await testPage.screen.findByText(/^Also sent/)
    testPage.medkit.open({ ticket: ticket.id })
    testPage.medkit.signIn(token)
    await testPage.screen.findByRole('heading', { name: ticket.number })
    await waitFor(() => expect(testPage.relay.of('GET /tickets')).toHaveLength(2))
    expect(testPage.relay.of('GET /tickets/:ticketId').filter(isFirst)).toHaveLength(1)
    expect(asked).toBe(2)
  })

  it('says, and tells the game, that its function gave no token, and goes on by itself once it does', async () => {
    const heard: string[] = []
    let isDown = true
    testPage.medkit.on('problem', ({ code }) => heard.push(code))
    testPage.medkit.signIn(async () => {
      if (isDown) throw Error('the studio is down')
      return studioToken('ada')
    })
    testPage.medkit.open()
    const banner = () => testPage.root.querySelector('.banner')?.textContent
    await waitFor(() =>
      expect(banner()).toBe('The game has not confirmed your sign-in yet. It is asked again by itself.'),
    )
    expect(testPage.root.textContent).not.toContain('No connection')
    expect(heard).toContain('sign_in_failed')
    expect(testPage.relay.of('GET /tickets')).toEqual([])
    isDown = false
    await testPage.screen.findByText(/No tickets yet/)
    expect(banner()).toBeUndefined()
  })

  it('tells the game when its token is about to end and cannot be renewed here', async () => {
    const heard = new Promise((resolve) => testPage.medkit.on('token-expiring', () => resolve(true)))
    testPage.medkit.signIn(studioToken('ada', 61))
    expect(await heard).toBe(true)
  })

  const hasRunOut = () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session({ token: 'old' })))
    const page = { items: [], cursor: null }
    const answer = (one: { headers: Record<string, string> }) =>
      bearer(one) === 'Bearer old' ? problem(401, 'token_expired') : { status: 200, body: page }
    testPage.relay.answer('GET /tickets', answer)
  }

  it('gives an anonymous player back their session by the recovery key', async () => {
    hasRunOut()
    await testPage.reload()
    testPage.medkit.open()
    await testPage.screen.findByText(/No tickets yet/)
    expect(testPage.relay.of('POST /sessions').map(({ body }) => body)).toEqual([
      { kind: 'recover', game: 'test', recoveryKey: 'KEY-OF-THE-PLAYER' },
    ])
    expect(testPage.relay.of('GET /tickets').map(bearer)).toEqual(['Bearer old', 'Bearer anonymous-token'])
  })

  it('shows an anonymous player a key to write down, which is not the one on the device, and only when asked', async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    await testPage.reload()
    testPage.medkit.open()
    await press(await testPage.screen.findByRole('button', { name: 'Your data' }))
    const show = await testPage.screen.findByRole('button', { name: 'Show the key' })
    expect(testPage.relay.of('POST /recovery-keys')).toEqual([])
    show.click()
    show.click()
    await testPage.screen.findByText('KEY-TO-WRITE-DOWN')
    expect(testPage.relay.of('POST /recovery-keys')).toHaveLength(1)
    expect(testPage.root.textContent).not.toContain('KEY-OF-THE-PLAYER')
  })

  it('begins anew for an anonymous player of whom the relay has nothing any more', async () => {
    hasRunOut()
    testPage.relay.answer('POST /sessions', ({ body }) =>
      (body as { kind: string }).kind === 'recover'
        ? problem(404, 'not_found')
        : { status: 201, body: session({ token: 'new', recoveryKey: 'ANOTHER-KEY' }) },
    )
    await testPage.reload()
    testPage.medkit.open()
    await testPage.screen.findByText(/No tickets yet/)
    await waitFor(() => expect(testPage.relay.of('GET /tickets').map(bearer)).toEqual(['Bearer old', 'Bearer new']))
    expect(localStorage.getItem('medkit:test:session')).toContain('ANOTHER-KEY')
  })

  it('says so when a session ended and cannot be renewed', async () => {
    testPage.relay.answer('GET /tickets', () => problem(401, 'session_ended'))
    testPage.medkit.signIn(studioToken('ada'))
    testPage.medkit.open()
    await testPage.screen.findByText(/You are signed out here/)
  })

  it('leaves not a word of the player in memory, in storage or on the screen after signing out', async () => {
    const ticket = ticketOf({ text: 'A secret of the first player' })
    testPage.relay.tickets.set(ticket.id, ticket)
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    await testPage.reload()
    testPage.medkit.open({ ticket: ticket.id })
    await type(await testPage.screen.findByLabelText('Write a message'), 'another secret')
    testPage.relay.tickets.clear()
    testPage.medkit.signOut()
    expect(kept()).toEqual(['medkit:test:wiped'])
    await testPage.screen.findByText(/No tickets yet/)
    expect(testPage.root.textContent).not.toContain('secret')
    await waitFor(() => expect(testPage.relay.of('DELETE /session').map(bearer)).toEqual(['Bearer anonymous-token']))
    testPage.medkit.open({ ticket: ticket.id })
    expect(testPage.root.textContent).not.toContain('secret')
  })

  it('makes nothing in the browser to sign out somebody who never was here', async () => {
    testPage.medkit.signOut()
    expect(await isNew('medkit:test')).toBe(true)
    expect(kept()).toEqual([])
  })

  it('wipes what another player left when the studio names somebody else', async () => {
    const ticket = ticketOf({ text: 'The words of Ada' })
    testPage.relay.tickets.set(ticket.id, ticket)
    testPage.medkit.signIn(studioToken('ada'))
    testPage.medkit.open('new')
    await type(await testPage.screen.findByLabelText('What happened?'), 'a draft of Ada')
    testPage.relay.tickets.clear()
    testPage.medkit.signIn(studioToken('ben'))
    expect(kept()).toEqual(['medkit:test:wiped'])
    testPage.medkit.open('new')
    expect(await testPage.screen.findByLabelText('What happened?')).toHaveProperty('value', '')
    expect(testPage.root.textContent).not.toContain('Ada')
  })

  it('shows nothing of the first player once the studio’s function hands over the token of another', async () => {
    const ofAda = ticketOf({ text: 'The words of Ada' })
    const ofBen = ticketOf({ text: 'The words of Ben' })
    // Made once: a token says to the second when it ends.
    const [ada, token] = [studioToken('ada'), studioToken('ben')]
    let current = ada
    testPage.relay.tickets.set(ofAda.id, ofAda)
    testPage.medkit.signIn(async () => current)
    testPage.medkit.open({ ticket: ofAda.id })
    await type(await testPage.screen.findByLabelText('Write a message'), 'a reply of Ada')

    // From here on there is Ben: his token, his tickets, and an answer to Ada that was on its way all the time.
    current = token
    const late = holdBack('/v1/tickets')
    testPage.medkit.open('tickets')
    testPage.relay.tell('resync', {})
    await waitFor(() => expect(late.held).toBe(1))
    testPage.relay.tickets.clear()
    testPage.relay.tickets.set(ofBen.id, ofBen)
    const drawn: string[] = []
    const watch = new MutationObserver(() => drawn.push(testPage.root.textContent ?? ''))
    const refuse = (one: { headers: Record<string, string> }) => one.headers.authorization !== `Bearer ${token}`
    testPage.relay.answer('POST /tickets/:ticketId/messages', (one) =>
      refuse(one) ? problem(401, 'token_expired') : { status: 201, body: messageOf({ text: 'in the wrong name' }) },
    )
    testPage.medkit.open({ ticket: ofAda.id })
    await testPage.screen.findByLabelText('Write a message')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await testPage.screen.findAllByText('The words of Ben')
    watch.observe(testPage.root, { subtree: true, childList: true, characterData: true })
    late.release()
    testPage.medkit.open('new')
    expect(await testPage.screen.findByLabelText('What happened?')).toHaveProperty('value', '')
    testPage.medkit.open('tickets')
    await testPage.screen.findAllByText('The words of Ben')
    watch.disconnect()

    expect(drawn.join()).not.toContain('Ada')
    expect(testPage.root.textContent).not.toContain('Ada')
    expect(testPage.screen.queryByText(/sign-in has run out/)).toBeNull()
    expect(testPage.relay.of('POST /tickets/:ticketId/messages').filter((one) => !refuse(one))).toEqual([])
    await waitFor(() => expect(testPage.relay.streams()).toBe(1))
    expect(testPage.relay.of('GET /events').map(bearer).pop()).toBe(`Bearer ${token}`)
  })

  it('never sends what a verified player wrote in anybody else’s name', async () => {
    testPage.relay.answer('POST /tickets', () => 'offline')
    testPage.medkit.signIn(studioToken('ada'))
    testPage.medkit.open('new')
    await press(await testPage.screen.findByLabelText('Something is broken'))
    await type(testPage.screen.getByLabelText('What happened?'), 'From Ada.')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await testPage.screen.findByText(/safe on this device/)
    const before = testPage.relay.of('POST /tickets').length
    await testPage.reload()
    testPage.medkit.open()
    await testPage.screen.findByText(/No tickets yet/)
    dispatchEvent(new Event('online'))
    expect(testPage.relay.of('POST /sessions')).toEqual([])
    expect(testPage.relay.of('POST /tickets')).toHaveLength(before)
    testPage.medkit.signIn(studioToken('ada'))
    dispatchEvent(new Event('online'))
    await waitFor(() => expect(testPage.relay.of('POST /tickets').length).toBeGreaterThan(before))
  })

  describe('begun where somebody else has written without an account', () => {
    const ofGuest = (text: string) => {
      const ticket = ticketOf({ text })
      testPage.relay.tickets.set(ticket.id, ticket)
      return ticket
    }
    const guestIsHere = async () => {
      localStorage.setItem('medkit:test:session', JSON.stringify(session()))
      await testPage.reload()
    }

    it('shows nothing of theirs, and asks for the new one’s own list', async () => {
      const ticket = ofGuest('The words of a guest')
      await guestIsHere()
      testPage.medkit.open('new')
      await type(await testPage.screen.findByLabelText('What happened?'), 'a draft of a guest')
      testPage.medkit.open({ ticket: ticket.id })
      await type(await testPage.screen.findByLabelText('Write a message'), 'a reply of a guest')
      await testPage.screen.findByRole('heading', { name: ticket.number })
      const late = holdBack('/v1/tickets')
      testPage.relay.tell('resync', {})
      await waitFor(() => expect(late.held).toBe(1))
      testPage.relay.tickets.clear()

      const ada = studioToken('ada')
      testPage.medkit.signIn(ada)
      late.release()
      await testPage.screen.findByText(/You wrote to us before you signed in/)
      expect(testPage.root.textContent).not.toContain('guest')
      await waitFor(() => expect(testPage.relay.of('GET /tickets').map(bearer).pop()).toBe(`Bearer ${ada}`))
      await testPage.screen.findByText(/No tickets yet/)
      testPage.medkit.open('new')
      expect(await testPage.screen.findByLabelText('What happened?')).toHaveProperty('value', '')
      testPage.medkit.open({ ticket: ticket.id })
      expect(testPage.root.textContent).not.toContain('guest')
      await waitFor(() => expect(testPage.relay.streams()).toBe(1))
      expect(testPage.relay.of('GET /events').map(bearer).pop()).toBe(`Bearer ${ada}`)
    })

    it('shows nothing of theirs to whoever gets their own tickets back by the recovery key', async () => {
      ofGuest('The words of a guest')
      await guestIsHere()
      testPage.medkit.open()
      await testPage.screen.findAllByText('The words of a guest')
      testPage.relay.tickets.clear()
      testPage.relay.answer('POST /sessions', () => ({ status: 201, body: session({ token: 'token-of-another' }) }))
      await press(testPage.screen.getByRole('button', { name: 'Sign in' }))
      await type(await testPage.screen.findByLabelText('Recovery key'), 'KEY-OF-ANOTHER')
      await press(testPage.screen.getByRole('button', { name: 'Get my tickets back' }))
      await testPage.screen.findByText(/No tickets yet/)
      expect(testPage.root.textContent).not.toContain('guest')
      expect(testPage.relay.of('GET /tickets').map(bearer).pop()).toBe('Bearer token-of-another')
    })

    it('sends what they could not send in their name alone', async () => {
      await guestIsHere()
      const giveBack = testPage.relay.answer('POST /tickets', () => 'offline')
      testPage.medkit.open('new')
      await press(await testPage.screen.findByLabelText('Something is broken'))
      await type(testPage.screen.getByLabelText('What happened?'), 'From a guest.')
      await press(testPage.screen.getByRole('button', { name: 'Send' }))
      await testPage.screen.findByText(/safe on this device/)
      const ada = studioToken('ada')
      testPage.medkit.signIn(ada)
      giveBack()
      dispatchEvent(new Event('online'))
      await waitFor(() => expect(testPage.relay.of('GET /tickets').map(bearer).pop()).toBe(`Bearer ${ada}`))
      await testPage.screen.findByText(/No tickets yet/)
      expect(testPage.root.textContent).not.toContain('From a guest.')
      await testPage.reload()
      await waitFor(() => expect(testPage.relay.tickets.size).toBe(1))
      expect(new Set(testPage.relay.of('POST /tickets').map(bearer))).toEqual(new Set(['Bearer anonymous-token']))
    })

    it('does not send a reply of theirs that waits for its file', async () => {
      const ticket = ofGuest('The words of a guest')
      await guestIsHere()
      testPage.medkit.open({ ticket: ticket.id })
      await type(await testPage.screen.findByLabelText('Write a message'), 'a reply of a guest')
      const late = holdBack('/v1/attachments')
      testPage.relay.answer('POST /attachments', () => problem(422, 'unsupported'))
      testPage.medkit.attach(new File(['log'], 'log.txt', { type: 'text/plain' }))
      await waitFor(() => expect(late.held).toBe(1))
      await press(testPage.screen.getByRole('button', { name: 'Send' }))
      testPage.medkit.signIn(studioToken('ada'))
      late.release()
      testPage.medkit.open('tickets')
      await testPage.screen.findByText(/You wrote to us before you signed in/)
      dispatchEvent(new Event('online'))
      await waitFor(() => expect(testPage.relay.streams()).toBe(1))
      expect(testPage.relay.of('POST /tickets/:ticketId/messages')).toEqual([])
      expect(testPage.root.textContent).not.toContain('a reply of a guest')
    })
  })

  it('drops a token that comes once its player has signed out, and asks for the next one’s', async () => {
    let arrive = (_token: string) => {}
    const slow = new Promise<string>((resolve) => {
      arrive = resolve
    })
    const ben = studioToken('ben')
    testPage.medkit.signIn(() => slow)
    testPage.medkit.open()
    testPage.medkit.signOut()
    testPage.medkit.signIn(async () => ben)
    arrive(studioToken('ada'))
    await waitFor(() => expect(testPage.relay.of('GET /tickets')).not.toEqual([]))
    await testPage.screen.findByText(/No tickets yet/)
    await press(testPage.screen.getByRole('button', { name: 'Get help' }))
    await press(await testPage.screen.findByLabelText('Something is broken'))
    await type(testPage.screen.getByLabelText('What happened?'), 'From Ben.')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await waitFor(() => expect(testPage.relay.tickets.size).toBe(1))
    expect(new Set(testPage.relay.asked.map(bearer).filter(Boolean))).toEqual(new Set([`Bearer ${ben}`]))
  })

  it('leaves the player when another tab signs out', async () => {
    const ticket = ticketOf({ text: 'The words of a guest' })
    testPage.relay.tickets.set(ticket.id, ticket)
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    await testPage.reload()
    testPage.medkit.open()
    await testPage.screen.findAllByText('The words of a guest')
    localStorage.clear()
    dispatchEvent(new StorageEvent('storage', { key: 'medkit:test:session' }))
    await testPage.screen.findByText(/No tickets yet/)
    expect(testPage.root.textContent).not.toContain('guest')
    expect(testPage.relay.of('DELETE /session')).toEqual([])
  })

  it('is whose it was when the game clears the browser’s storage, and kept again once they write', async () => {
    const ticket = ticketOf({ text: 'From before' })
    testPage.relay.tickets.set(ticket.id, ticket)
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    await testPage.reload()
    testPage.medkit.open({ ticket: ticket.id })
    const reply = await testPage.screen.findByLabelText('Write a message')
    await type(reply, 'Half')
    localStorage.clear()
    dispatchEvent(new StorageEvent('storage', { key: null }))
    // Of other windows, which have a stream or write something.
    for (const key of ['medkit:test:streams', 'medkit:test:draft@another', 'medkit:test:acted'])
      dispatchEvent(new StorageEvent('storage', { key, newValue: '1' }))
    await type(reply, 'Half a sentence, and its end')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await waitFor(() => expect(ticket.messages).toHaveLength(2))
    expect(testPage.relay.of('POST /sessions')).toEqual([])
    expect(testPage.relay.of('POST /tickets/:ticketId/messages').map(bearer)).toEqual(['Bearer anonymous-token'])
    expect(localStorage.getItem('medkit:test:session')).toContain('KEY-OF-THE-PLAYER')
  })

  it('that another tab has ended is over, also where the browser’s storage was cleared before', async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    await testPage.reload()
    testPage.medkit.open()
    await testPage.screen.findByRole('button', { name: 'Your data' })
    localStorage.clear()
    const told: (string | null)[] = []
    const set = vi.spyOn(Storage.prototype, 'setItem').mockImplementation((name) => told.push(name))
    createStorage('test').wipe(undefined)
    set.mockRestore()
    for (const key of told) dispatchEvent(new StorageEvent('storage', { key }))
    await waitFor(() => expect(testPage.screen.queryByRole('button', { name: 'Your data' })).toBeNull())
  })

  it('asks for a mailed link with the secret that keeps an earlier one good', async () => {
    testPage.relay.answer('POST /sessions', () => ({
      status: 202,
      body: { sent: true, browserSecret: 'of this browser' },
    }))
    for (const round of ['first', 'second']) {
      testPage.medkit.open('tickets')
      await press(await testPage.screen.findByRole('button', { name: 'Sign in' }))
      await type(await testPage.screen.findByLabelText('Your e-mail address'), `${round}@example.com`)
      await press(testPage.screen.getByRole('button', { name: 'Mail me the link' }))
      await testPage.screen.findByText(`If ${round}@example.com is right, a link is on its way. It works once.`)
    }
    expect(testPage.relay.of('POST /sessions').map(({ body }) => body)).toEqual([
      { kind: 'email', game: 'test', email: 'first@example.com', language: 'en' },
      { kind: 'email', game: 'test', email: 'second@example.com', language: 'en', browserSecret: 'of this browser' },
    ])
  })

  it('shows the work that the relay wants for a mail by then, without a word to the player', async () => {
    const { challenge, derivedKey } = await challengeFor(3)
    testPage.relay.game.proofOfWork = true
    await testPage.reload()
    const mailed = { status: 202, body: { sent: true, browserSecret: 'of this browser' } }
    testPage.relay.answer('POST /sessions', ({ body }) =>
      (body as { proof?: string }).proof ? mailed : problem(422, 'invalid'),
    )
    testPage.relay.answer('POST /sessions/challenges', () => ({ status: 201, body: challenge }))
    testPage.medkit.open('tickets')
    await press(await testPage.screen.findByRole('button', { name: 'Sign in' }))
    await type(await testPage.screen.findByLabelText('Your e-mail address'), 'ada@example.com')
    await press(testPage.screen.getByRole('button', { name: 'Mail me the link' }))
    await testPage.screen.findByText(/If ada@example.com is right/)
    const bodies = testPage.relay.of('POST /sessions').map(({ body }) => body as { proof?: string })
    expect(bodies).toHaveLength(2)
    expect(opened(bodies[1]?.proof)).toEqual({ challenge, solution: { counter: 3, derivedKey } })
  })

  it('adds the tickets from before signing in only when the player says so', async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    testPage.relay.answer('POST /sessions/merge', () => ({ status: 200, body: { tickets: 1 } }))
    await testPage.reload()
    testPage.medkit.signIn(studioToken('ada'))
    testPage.medkit.open()
    await testPage.screen.findByText(/You wrote to us before you signed in/)
    expect(testPage.relay.of('POST /sessions/merge')).toEqual([])
    await press(testPage.screen.getByRole('button', { name: 'Add them' }))
    await waitFor(() =>
      expect(testPage.relay.of('POST /sessions/merge').map(({ body }) => body)).toEqual([
        { anonymousToken: 'anonymous-token' },
      ]),
    )
    await waitFor(() => expect(testPage.screen.queryByText(/You wrote to us before/)).toBeNull())
  })
})

/** Opens it behind everybody who has asked to before. */
function isNew(database: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let made = false
    const request = indexedDB.open(database, 1)
    request.onupgradeneeded = () => {
      made = true
    }
    request.onsuccess = () => {
      request.result.close()
      resolve(made)
    }
    request.onerror = () => reject(request.error)
  })
}
