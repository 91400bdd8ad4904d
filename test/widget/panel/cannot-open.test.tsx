import { waitFor } from '@testing-library/preact'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Game } from '../../../server/contract/game.ts'
import { press, useTestPage } from '../../fixtures/widget/page.ts'
import { session, ticketOf } from '../../fixtures/widget/test-relay.ts'

const sentence = /^Sorry, you cannot write to us from here yet\./

describe('a game in which nothing can be opened', () => {
  const testPage = useTestPage()

  beforeEach(async () => {
    testPage.relay.game.can.open = false
    await testPage.reload()
  })

  it('says so on home, without a button that leads nowhere', async () => {
    testPage.medkit.open('tickets')
    await testPage.screen.findByText(sentence)
    expect(testPage.screen.queryByRole('button', { name: 'Get help' })).toBeNull()
    expect(testPage.screen.queryByText(/^No tickets yet/)).toBeNull()
  })

  it('says so where the form would be, before a word is written', async () => {
    testPage.medkit.open('new')
    await testPage.screen.findByText(sentence)
    expect(testPage.screen.queryByRole('textbox')).toBeNull()
    expect(testPage.screen.queryByRole('button', { name: 'Send' })).toBeNull()
  })

  it.each([
    ['de', /^Von hier aus kannst du uns leider noch nicht schreiben\./],
    ['ja', /^申し訳ありませんが、ここからはまだお問い合わせを送れません。/],
    ['ar', /^عذراً، لا يمكنك مراسلتنا من هنا بعد\./],
  ])('says so in %s', async (locale, words) => {
    await testPage.reload({ locale })
    testPage.medkit.open('tickets')
    await testPage.screen.findByText(words)
  })

  it('goes on showing what was said', async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    const ticket = { ...ticketOf({ text: 'My sword is gone' }) }
    ticket.can = { reply: false, close: true, reopen: false, rate: false }
    testPage.relay.tickets.set(ticket.id, ticket)
    await testPage.reload()
    testPage.medkit.open('tickets')
    await press(await testPage.screen.findByRole('button', { name: /My sword is gone/ }))
    await testPage.screen.findByRole('log')
    await waitFor(() => expect(testPage.screen.getByRole('log').textContent).toContain('My sword is gone'))
    expect(testPage.screen.queryByRole('textbox')).toBeNull()
  })
})

describe('a game in which it depends on the player', () => {
  const testPage = useTestPage()
  const answer = (own: boolean) =>
    testPage.relay.answer('GET /games/:game', ({ headers }) => {
      const open = headers.authorization ? own : !own
      return {
        status: 200,
        body: { ...testPage.relay.game, canByPlayer: true, can: { ...testPage.relay.game.can, open } } satisfies Game,
      }
    })
  const bearers = () => testPage.relay.of('GET /games/:game').map(({ headers }) => headers.authorization !== undefined)

  it('shows a player who is signed in no form until their own answer is there', async () => {
    answer(false)
    let hand = (_: string) => {}
    const token = new Promise<string>((resolve) => {
      hand = resolve
    })
    await testPage.reload({ token: () => token })
    testPage.medkit.open('new')
    await testPage.screen.findByRole('heading', { name: 'New ticket' })
    await waitFor(() => expect(testPage.screen.getByRole('dialog', { name: 'Star Harbor support' })).not.toBeNull())
    expect(testPage.screen.queryByRole('textbox')).toBeNull()
    hand(session().token)
    await testPage.screen.findByText(sentence)
    expect(bearers().at(-1)).toBe(true)
  })

  it('opens the form for whom it is open, though not for anyone', async () => {
    answer(true)
    await testPage.reload({ token: () => Promise.resolve(session().token) })
    testPage.medkit.open('new')
    await testPage.screen.findByRole('button', { name: 'Send' })
  })

  it('goes by what holds for anyone once the player has signed out', async () => {
    answer(false)
    await testPage.reload({ token: () => Promise.resolve(session().token) })
    testPage.medkit.open('new')
    await testPage.screen.findByText(sentence)
    testPage.medkit.signOut()
    testPage.medkit.open('new')
    await testPage.screen.findByRole('button', { name: 'Send' })
  })

  it('opens the form where the player’s own answer cannot be had', async () => {
    testPage.relay.answer('GET /games/:game', ({ headers }) =>
      headers.authorization
        ? { status: 503, body: {} }
        : { status: 200, body: { ...testPage.relay.game, canByPlayer: true } satisfies Game },
    )
    await testPage.reload({ token: () => Promise.resolve(session().token) })
    testPage.medkit.open('new')
    await testPage.screen.findByRole('button', { name: 'Send' })
  })

  it('asks as anyone where the answer is the same for everyone', async () => {
    await testPage.reload({ token: () => Promise.resolve(session().token) })
    testPage.medkit.open('tickets')
    await waitFor(() => expect(testPage.relay.of('GET /tickets').length).toBeGreaterThan(0))
    expect(bearers()).not.toContain(true)
  })
})
