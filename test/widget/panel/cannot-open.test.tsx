import { waitFor } from '@testing-library/preact'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Game } from '../../../server/contract/game.ts'
import { press, useStage } from '../../fixtures/widget/page.ts'
import { session, ticketOf } from '../../fixtures/widget/test-relay.ts'

const sentence = /^Sorry, you cannot write to us from here yet\./

describe('a game in which nothing can be opened', () => {
  const stage = useStage()

  beforeEach(async () => {
    stage.relay.game.can.open = false
    await stage.reload()
  })

  it('says so on home, without a button that leads nowhere', async () => {
    stage.medkit.open('tickets')
    await stage.screen.findByText(sentence)
    expect(stage.screen.queryByRole('button', { name: 'Get help' })).toBeNull()
    expect(stage.screen.queryByText(/^No tickets yet/)).toBeNull()
  })

  it('says so where the form would be, before a word is written', async () => {
    stage.medkit.open('new')
    await stage.screen.findByText(sentence)
    expect(stage.screen.queryByRole('textbox')).toBeNull()
    expect(stage.screen.queryByRole('button', { name: 'Send' })).toBeNull()
  })

  it.each([
    ['de', /^Von hier aus kannst du uns leider noch nicht schreiben\./],
    ['ja', /^申し訳ありませんが、ここからはまだお問い合わせを送れません。/],
    ['ar', /^عذراً، لا يمكنك مراسلتنا من هنا بعد\./],
  ])('says so in %s', async (locale, words) => {
    await stage.reload({ locale })
    stage.medkit.open('tickets')
    await stage.screen.findByText(words)
  })

  it('goes on showing what was said', async () => {
    localStorage.setItem('medkit:test:session', JSON.stringify(session()))
    const ticket = { ...ticketOf({ text: 'My sword is gone' }) }
    ticket.can = { reply: false, close: true, reopen: false, rate: false }
    stage.relay.tickets.set(ticket.id, ticket)
    await stage.reload()
    stage.medkit.open('tickets')
    await press(await stage.screen.findByRole('button', { name: /My sword is gone/ }))
    await stage.screen.findByRole('log')
    await waitFor(() => expect(stage.screen.getByRole('log').textContent).toContain('My sword is gone'))
    expect(stage.screen.queryByRole('textbox')).toBeNull()
  })
})

describe('a game in which it depends on the player', () => {
  const stage = useStage()
  const answer = (own: boolean) =>
    stage.relay.answer('GET /games/:game', ({ headers }) => {
      const open = headers.authorization ? own : !own
      return {
        status: 200,
        body: { ...stage.relay.game, canByPlayer: true, can: { ...stage.relay.game.can, open } } satisfies Game,
      }
    })
  const bearers = () => stage.relay.of('GET /games/:game').map(({ headers }) => headers.authorization !== undefined)

  it('shows a player who is signed in no form until their own answer is there', async () => {
    answer(false)
    let hand = (_: string) => {}
    const token = new Promise<string>((resolve) => {
      hand = resolve
    })
    await stage.reload({ token: () => token })
    stage.medkit.open('new')
    await stage.screen.findByRole('heading', { name: 'New ticket' })
    await waitFor(() => expect(stage.screen.getByRole('dialog', { name: 'Star Harbor support' })).not.toBeNull())
    expect(stage.screen.queryByRole('textbox')).toBeNull()
    hand(session().token)
    await stage.screen.findByText(sentence)
    expect(bearers().at(-1)).toBe(true)
  })

  it('opens the form for whom it is open, though not for anyone', async () => {
    answer(true)
    await stage.reload({ token: () => Promise.resolve(session().token) })
    stage.medkit.open('new')
    await stage.screen.findByRole('button', { name: 'Send' })
  })

  it('goes by what holds for anyone once the player has signed out', async () => {
    answer(false)
    await stage.reload({ token: () => Promise.resolve(session().token) })
    stage.medkit.open('new')
    await stage.screen.findByText(sentence)
    stage.medkit.signOut()
    stage.medkit.open('new')
    await stage.screen.findByRole('button', { name: 'Send' })
  })

  it('opens the form where the player’s own answer cannot be had', async () => {
    stage.relay.answer('GET /games/:game', ({ headers }) =>
      headers.authorization
        ? { status: 503, body: {} }
        : { status: 200, body: { ...stage.relay.game, canByPlayer: true } satisfies Game },
    )
    await stage.reload({ token: () => Promise.resolve(session().token) })
    stage.medkit.open('new')
    await stage.screen.findByRole('button', { name: 'Send' })
  })

  it('asks as anyone where the answer is the same for everyone', async () => {
    await stage.reload({ token: () => Promise.resolve(session().token) })
    stage.medkit.open('tickets')
    await waitFor(() => expect(stage.relay.of('GET /tickets').length).toBeGreaterThan(0))
    expect(bearers()).not.toContain(true)
  })
})
