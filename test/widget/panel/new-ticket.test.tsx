import { waitFor } from '@testing-library/preact'
import { beforeEach, describe, expect, it } from 'vitest'
import { userEvent } from 'vitest/browser'
import type { NewTicket } from '../../../server/contract/ticket.ts'
import { focused, kept, press, shelved, studioToken, type, useTestPage } from '../../fixtures/widget/page.ts'
import { problem, session } from '../../fixtures/widget/test-relay.ts'
import { challengeFor, opened } from '../../fixtures/widget/work.ts'

describe('a new ticket', () => {
  const testPage = useTestPage({ metadata: () => ({ level: '42' }) })
  const send = async () => press(testPage.screen.getByRole('button', { name: 'Send' }))
  const write = async (text: string) => type(testPage.screen.getByLabelText('What happened?'), text)
  const choices = () =>
    kept()
      .filter((name) => name.startsWith('medkit:test:choices@'))
      .map((name) => localStorage.getItem(name))
      .join()
  const sent = () => testPage.relay.of('POST /tickets').map(({ body }) => body as NewTicket)

  beforeEach(async () => {
    testPage.medkit.open('new')
    await testPage.screen.findByText(/^Also sent/)
  })

  it('goes out with category, fields, language and what the device says, and lands on the result', async () => {
    await press(testPage.screen.getByLabelText('Purchases'))
    await type(await testPage.screen.findByLabelText('Order number'), 'A-1')
    await write('I was charged twice.')
    await send()
    const result = await testPage.screen.findByText(/^We have it\. Your ticket is SH-\d+\.$/)
    await waitFor(() => expect(focused(testPage.root)?.contains(result)).toBe(true))
    const [ticket] = sent()
    expect(ticket).toMatchObject({
      message: 'I was charged twice.',
      language: 'en',
      category: 'billing',
      fields: { order: 'A-1' },
    })
    expect(ticket?.metadata).toMatchObject({ level: '42', page: location.host + location.pathname })
    expect(ticket).not.toHaveProperty('email')
  })

  it('makes an anonymous player with the first thing sent, and keeps the recovery key', async () => {
    expect(testPage.relay.of('POST /sessions')).toEqual([])
    await press(testPage.screen.getByLabelText('Something is broken'))
    await write('The gate is closed.')
    await send()
    await testPage.screen.findByText(/We have it/)
    expect(testPage.relay.of('POST /sessions').map(({ body }) => body)).toEqual([{ kind: 'anonymous', game: 'test' }])
    expect(testPage.relay.of('POST /tickets')[0]?.headers).toMatchObject({ authorization: 'Bearer anonymous-token' })
    expect(localStorage.getItem('medkit:test:session')).toContain('KEY-OF-THE-PLAYER')
  })

  it('sends once, however often Send is pressed', async () => {
    await press(testPage.screen.getByLabelText('Something is broken'))
    await write('Only once.')
    const button = testPage.screen.getByRole('button', { name: 'Send' })
    button.click()
    button.click()
    await testPage.screen.findByText(/We have it/)
    expect(sent()).toHaveLength(1)
  })

  it('asks for what is missing, one mistake at each place, and takes the focus to the first', async () => {
    await press(testPage.screen.getByLabelText('Purchases'))
    await send()
    const order = testPage.screen.getByLabelText('Order number')
    await waitFor(() => expect(focused(testPage.root)).toBe(order))
    expect(order.getAttribute('aria-invalid')).toBe('true')
    expect(testPage.root.querySelector(`#${order.getAttribute('aria-describedby')?.split(' ')[1]}`)?.textContent).toBe(
      'Please fill this in.',
    )
    expect(sent()).toEqual([])
  })

  it('keeps a draft from the first key until it is sent, and not before', async () => {
    expect(kept()).toEqual([])
    await write('It was there')
    expect(kept()).toEqual([expect.stringMatching(/^medkit:test:draft@/)])
    await testPage.reload()
    testPage.medkit.open('new')
    const message = await testPage.screen.findByLabelText('What happened?')
    expect(message).toHaveProperty('value', 'It was there')
    await press(testPage.screen.getByLabelText('Something is broken'))
    await send()
    await testPage.screen.findByText(/We have it/)
    expect(kept().filter((name) => localStorage.getItem(name)?.includes('It was there'))).toEqual([])
  })

  it('takes of a paste into any field what fits, and loses nothing that stood there', async () => {
    const sentence = /^This is too long: its end was left out/
    await press(testPage.screen.getByLabelText('Purchases'))
    for (const [label, room] of [
      ['What happened?', 10_000],
      ['Order number', 2_000],
    ] as const) {
      const field: HTMLInputElement = testPage.screen.getByLabelText(label)
      await type(field, 'the end')
      field.focus()
      field.setSelectionRange(0, 0)
      document.execCommand('insertText', false, '👩‍👩‍👧‍👦'.repeat(1_000))
      await waitFor(() => expect(testPage.screen.queryAllByText(sentence).length).toBeGreaterThan(0))
      expect(field.value).toMatch(/^(👩‍👩‍👧‍👦)+the end$/u)
      expect(field.value.length).toBeGreaterThan(room - 11)
      expect(field.value.length).toBeLessThanOrEqual(room)
      await type(field, 'short')
      await waitFor(() => expect(testPage.screen.queryByText(sentence)).toBeNull())
    }
  })

  it('says what it can where something else answers in place of the relay, keeps the message, and sends it', async () => {
    const giveBack = testPage.relay.answer('POST /tickets', () => ({ status: 200, body: {} }))
    await press(testPage.screen.getByLabelText('Something is broken'))
    await write('Through a hotel.')
    await send()
    await testPage.screen.findByText('Your message is safe on this device and goes out by itself.')
    expect(testPage.relay.tickets.size).toBe(0)
    giveBack()
    dispatchEvent(new Event('online'))
    await testPage.screen.findByText(/We have it/)
  })

  it('leaves out every detail the player switches off', async () => {
    await press(await testPage.screen.findByText('Also sent: 7 details'))
    for (const name of [/^Browser/, /^level/]) {
      await press(testPage.screen.getByLabelText(name))
      await press(testPage.screen.getByLabelText(name))
    }
    await testPage.screen.findByText('Also sent: 5 details')
    await press(testPage.screen.getByLabelText('Something is broken'))
    await write('No details.')
    await send()
    await testPage.screen.findByText(/We have it/)
    expect(Object.keys(sent()[0]?.metadata ?? {}).sort()).toEqual(['locale', 'os', 'page', 'screen', 'timeZone'])
  })

  it('sends a mask for every detail the player masks, and keeps its value nowhere', async () => {
    await press(await testPage.screen.findByText('Also sent: 7 details'))
    const line = testPage.screen.getByLabelText(/^level/) as HTMLInputElement
    expect(line.closest('label')?.textContent).toContain('42')
    await press(line)
    await waitFor(() => expect(line.indeterminate).toBe(true))
    expect(line.closest('label')?.textContent).toBe('level••••Value not sent')
    await testPage.screen.findByText('Also sent: 7 details')
    await press(testPage.screen.getByLabelText('Something is broken'))
    await write('Masked.')
    testPage.relay.answer('POST /tickets', () => 'offline')
    await send()
    await waitFor(() => expect(sent()).not.toEqual([]))
    expect(sent()[0]?.metadata).toMatchObject({ level: '••••', page: location.host + location.pathname })
    expect(JSON.stringify(testPage.relay.asked)).not.toContain('"42"')
    const left = JSON.stringify([await shelved(), { ...localStorage }])
    expect(left).toContain('••••')
    expect(left).not.toContain('"42"')
  })

  it('remembers what was masked and what was left out, by name alone, through a reload and for the next ticket', async () => {
    await press(await testPage.screen.findByText('Also sent: 7 details'))
    await press(testPage.screen.getByLabelText(/^level/))
    await press(testPage.screen.getByLabelText(/^Page/))
    await press(testPage.screen.getByLabelText(/^Page/))
    await testPage.screen.findByText('Also sent: 6 details')
    expect(choices()).toContain('{"level":"masked","page":"withheld"}')
    await testPage.reload()
    testPage.medkit.open('new')
    await testPage.screen.findByText('Also sent: 6 details')
    await press(testPage.screen.getByLabelText('Something is broken'))
    await write('Again.')
    await send()
    await testPage.screen.findByText(/We have it/)
    expect(sent()[0]?.metadata).toMatchObject({ level: '••••' })
    expect(sent()[0]?.metadata).not.toHaveProperty('page')
    testPage.medkit.open('new')
    await testPage.screen.findByText('Also sent: 6 details')
  })

  it('forgets with the player what they masked', async () => {
    await press(await testPage.screen.findByText('Also sent: 7 details'))
    await press(testPage.screen.getByLabelText(/^level/))
    await testPage.screen.findByText('Value not sent')
    testPage.medkit.signOut()
    expect(kept()).toEqual(['medkit:test:wiped'])
    testPage.medkit.open('tickets')
    testPage.medkit.open('new')
    await press(await testPage.screen.findByText('Also sent: 7 details'))
    await testPage.screen.findByLabelText(/^level42$/)
    expect(testPage.screen.queryByText('Value not sent')).toBeNull()
  })

  it('goes round from sent to masked to not sent and back to sent by the keyboard', async () => {
    await press(await testPage.screen.findByText('Also sent: 7 details'))
    const line = testPage.screen.getByLabelText(/^level/) as HTMLInputElement
    line.focus()
    const states = []
    for (let presses = 0; presses < 3; presses += 1) {
      const before = line.closest('label')?.textContent
      await userEvent.keyboard(' ')
      await waitFor(() => expect(line.closest('label')?.textContent).not.toBe(before))
      states.push([line.indeterminate, line.checked])
    }
    expect(states).toEqual([
      [true, false],
      [false, false],
      [false, true],
    ])
    expect(choices()).toContain('{}')
  })

  it('shows what the studio’s token says as signed, with nothing to press, and sends no claim beside it', async () => {
    const profile = { name: 'Åsa', metadata: { tier: 2, tags: ['vip'], fields: { level: '7' } } }
    testPage.medkit.signIn(studioToken('ada', 3600, profile))
    testPage.medkit.open('new')
    await press(await testPage.screen.findByText('Also sent: 11 details'))
    const signed = [...testPage.root.querySelectorAll('.also dl > div')].map(({ textContent }) => textContent)
    expect(signed).toEqual(['Player IDada', 'NameÅsa', 'Tier2', 'Tagsvip', 'level7'])
    expect(testPage.root.querySelectorAll('.also dl input')).toHaveLength(0)
    expect(testPage.screen.queryByLabelText(/^level/)).toBeNull()
    await press(testPage.screen.getByLabelText('Something is broken'))
    await write('Signed.')
    await send()
    await testPage.screen.findByText(/We have it/)
    expect(sent()[0]?.metadata).not.toHaveProperty('level')
  })

  it('starts with the draft a game hands over', async () => {
    testPage.medkit.open('new', { message: 'From the game', category: 'bug' })
    await waitFor(() =>
      expect(testPage.screen.getByLabelText('What happened?')).toHaveProperty('value', 'From the game'),
    )
    expect(testPage.screen.getByLabelText('Something is broken')).toHaveProperty('checked', true)
  })

  it('sends by Control and Enter from the message', async () => {
    await press(testPage.screen.getByLabelText('Something is broken'))
    await write('Quick.')
    await userEvent.keyboard('{Control>}{Enter}{/Control}')
    await testPage.screen.findByText(/We have it/)
    expect(sent()).toHaveLength(1)
  })

  it('shows the work a game asks of anonymous players', async () => {
    testPage.relay.game.proofOfWork = true
    await testPage.reload()
    const { challenge, derivedKey } = await challengeFor(300)
    testPage.relay.answer('POST /challenges', () => ({ status: 201, body: challenge }))
    testPage.medkit.open('new')
    await press(await testPage.screen.findByLabelText('Something is broken'))
    await write('Worked for.')
    await send()
    await testPage.screen.findByText(/We have it/)
    expect(opened(sent()[0]?.proof)).toEqual({ challenge, solution: { counter: 300, derivedKey } })
    expect(testPage.relay.of('POST /sessions').map(({ body }) => body)).toEqual([{ kind: 'anonymous', game: 'test' }])
  })

  it('comes in with some work to show, where many others came from the same address', async () => {
    const { challenge, derivedKey } = await challengeFor(7)
    testPage.relay.answer('POST /sessions/challenges', () => ({ status: 201, body: challenge }))
    testPage.relay.answer('POST /sessions', ({ body }) =>
      (body as { proof?: string }).proof ? { status: 201, body: session() } : problem(422, 'invalid'),
    )
    await press(testPage.screen.getByLabelText('Something is broken'))
    await write('One of many.')
    await send()
    await testPage.screen.findByText(/We have it/)
    const [asked] = testPage.relay.of('POST /sessions/challenges')
    expect(asked?.body).toEqual({ game: 'test' })
    expect(asked?.headers).not.toHaveProperty('authorization')
    const [, second] = testPage.relay.of('POST /sessions').map(({ body }) => body as { proof?: string })
    expect(second).toMatchObject({ kind: 'anonymous', game: 'test' })
    expect(opened(second?.proof)).toEqual({ challenge, solution: { counter: 7, derivedKey } })
  })

  it('says why the relay will not have it, and lets it be written again', async () => {
    const giveBack = testPage.relay.answer('POST /tickets', () => problem(422, 'invalid'))
    await press(testPage.screen.getByLabelText('Something is broken'))
    await write('Refused.')
    await send()
    await testPage.screen.findByText(/Something in here could not be accepted/)
    await press(testPage.screen.getByRole('button', { name: 'Edit it' }))
    giveBack()
    expect(await testPage.screen.findByLabelText('What happened?')).toHaveProperty('value', 'Refused.')
  })
})

describe('a new ticket, where the studio answers by e-mail', () => {
  const testPage = useTestPage()

  it('asks for an address before sending, and says where the answer will come', async () => {
    testPage.relay.game.can.answers = 'email'
    await testPage.reload()
    testPage.medkit.open('new')
    const address = await testPage.screen.findByLabelText('Your e-mail address')
    await press(testPage.screen.getByLabelText('Something is broken'))
    await type(testPage.screen.getByLabelText('What happened?'), 'Write to me.')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await testPage.screen.findByText('Please write an address like name@example.com.')
    await type(address, 'mira@example.com')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await testPage.screen.findByText('The answer comes to your e-mail address.')
    expect(testPage.relay.of('POST /tickets')[0]?.body).toMatchObject({ email: 'mira@example.com' })
  })
})
