import { waitFor } from '@testing-library/preact'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { press, type, useTestPage } from '../../fixtures/widget/page.ts'
import { problem } from '../../fixtures/widget/test-relay.ts'
import { challengeFor, opened } from '../../fixtures/widget/work.ts'

describe('files on a message', () => {
  const testPage = useTestPage()
  const image = (name = 'sword.png') => new File(['picture'], name, { type: 'image/png' })

  beforeEach(async () => {
    testPage.relay.answer('POST /attachments', () => ({
      status: 201,
      body: {
        id: `A${String(testPage.relay.of('POST /attachments').length).padStart(21, '0')}`,
        upload: { protocol: 'put', url: '/put', headers: { 'x-signed': 'yes' }, expiresAt: new Date().toISOString() },
      },
    }))
    testPage.medkit.open('new')
    await testPage.screen.findByText('Add a screenshot or video')
  })

  const names = () => [...testPage.root.querySelectorAll('.file .name')].map((name) => name.textContent)

  it('refuses at once, by name and with the reason, what the game does not take', async () => {
    testPage.medkit.attach(new File(['x'], 'evil.svg', { type: 'image/svg+xml' }))
    await testPage.screen.findByText('This kind of file is not accepted here.')
    testPage.medkit.attach(new File([new Uint8Array(1_000_001)], 'huge.png', { type: 'image/png' }))
    await testPage.screen.findByText('Too large: the limit is 977 kB.')
    testPage.medkit.attach(image('third.png'))
    await testPage.screen.findByText('Only 2 files fit on a message.')
    expect(names()).toEqual(['evil.svg', 'huge.png'])
    expect(testPage.relay.of('POST /attachments')).toEqual([])
  })

  it('says of an empty file that there is nothing in it, offers nothing that cannot help, and lets the message go without', async () => {
    testPage.medkit.attach(new File([], 'empty.txt', { type: 'text/plain' }))
    testPage.medkit.attach(new File([], 'empty.png', { type: 'image/png' }))
    await waitFor(() => expect(testPage.screen.getAllByText(/^There is nothing in this file/)).toHaveLength(2))
    await testPage.screen.findByText('A file cannot go along. Remove it; then the message can go.')
    expect(testPage.screen.queryByRole('button', { name: 'Try again' })).toBeNull()
    expect(testPage.relay.of('POST /attachments')).toEqual([])
    for (const name of names()) await press(testPage.screen.getByRole('button', { name: `Remove ${name}` }))
    await press(testPage.screen.getByLabelText('Something is broken'))
    await type(testPage.screen.getByLabelText('What happened?'), 'Without it.')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await testPage.screen.findByText(/We have it/)
  })

  it('drops what is taken back, on the relay too', async () => {
    const drop = vi.fn(() => ({ status: 204 }))
    testPage.relay.answer('DELETE /attachments/:attachmentId', drop)
    testPage.medkit.attach(image())
    await waitFor(() => expect(testPage.relay.of('POST /attachments')).toHaveLength(1))
    await press(await testPage.screen.findByRole('button', { name: 'Remove sword.png' }))
    await waitFor(() => expect(drop).toHaveBeenCalledTimes(1))
    expect(names()).toEqual([])
  })

  it('does not send a message without a file that did not arrive, until the player says what to do with it', async () => {
    testPage.relay.answer('POST /attachments', () => 'offline')
    testPage.medkit.attach(image())
    await testPage.screen.findByText('Not sent')
    await press(testPage.screen.getByLabelText('Something is broken'))
    await type(testPage.screen.getByLabelText('What happened?'), 'See the picture.')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await waitFor(() => expect(testPage.root.activeElement?.textContent).toBe('Try again'))
    expect(testPage.relay.of('POST /tickets')).toEqual([])
    await press(testPage.screen.getByRole('button', { name: 'Remove sword.png' }))
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await testPage.screen.findByText(/We have it/)
  })

  it('offers to try again what the relay would not take, and says why it still will not', async () => {
    const giveBack = testPage.relay.answer('POST /attachments', () => problem(422, 'unsupported'))
    testPage.medkit.attach(image())
    await testPage.screen.findByText('Not sent. This is not possible here.')
    giveBack()
    testPage.relay.answer('POST /attachments', () => problem(415, 'type_not_allowed'))
    await press(testPage.screen.getByRole('button', { name: 'Try again' }))
    await testPage.screen.findByText('This kind of file is not accepted here.')
  })

  it('shows the work a game asks of anonymous players, anew for each file', async () => {
    testPage.relay.game.proofOfWork = true
    await testPage.reload()
    let asked = 0
    const made = [await challengeFor(3), await challengeFor(12)]
    testPage.relay.answer('POST /challenges', () => ({ status: 201, body: made[asked++]?.challenge }))
    testPage.medkit.open('new')
    await testPage.screen.findByLabelText('What happened?')
    const proofs = () => testPage.relay.of('POST /attachments').map(({ body }) => (body as { proof?: string }).proof)
    testPage.medkit.attach(image('one.png'))
    await waitFor(() => expect(proofs()).toHaveLength(1))
    testPage.medkit.attach(image('two.png'))
    await waitFor(() => expect(proofs()).toHaveLength(2))
    expect(proofs().map(opened)).toEqual(
      [3, 12].map((counter, n) => ({
        challenge: made[n]?.challenge,
        solution: { counter, derivedKey: made[n]?.derivedKey },
      })),
    )
  })

  it('says that there is no room for files, and that the message can go without', async () => {
    testPage.relay.answer('POST /attachments', () => problem(507, 'storage_full'))
    testPage.medkit.attach(image())
    await testPage.screen.findByText('Not sent. There is no room for files right now. Your message can go without.')
    await press(testPage.screen.getByRole('button', { name: 'Remove sword.png' }))
    await press(testPage.screen.getByLabelText('Something is broken'))
    await type(testPage.screen.getByLabelText('What happened?'), 'Without it, then.')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await testPage.screen.findByText(/We have it/)
  })

  it('holds a message with a refused file until the player has decided about the file', async () => {
    testPage.relay.answer('POST /attachments', () => problem(415, 'type_not_allowed'))
    testPage.medkit.attach(image())
    await testPage.screen.findByText('This kind of file is not accepted here.')
    await press(testPage.screen.getByLabelText('Something is broken'))
    await type(testPage.screen.getByLabelText('What happened?'), 'No picture, then.')
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await waitFor(() => expect(testPage.root.activeElement?.getAttribute('aria-label')).toBe('Remove sword.png'))
    expect(testPage.relay.of('POST /tickets')).toEqual([])
    await press(testPage.screen.getByRole('button', { name: 'Remove sword.png' }))
    await press(testPage.screen.getByRole('button', { name: 'Send' }))
    await testPage.screen.findByText(/We have it/)
    expect(testPage.relay.of('POST /tickets')[0]?.body).not.toHaveProperty('attachments')
  })

  it('goes on by itself with what stopped for want of a connection', async () => {
    const giveBack = testPage.relay.answer('POST /attachments', () => 'offline')
    const announced = () => testPage.relay.of('POST /attachments').length
    testPage.medkit.attach(image())
    await testPage.screen.findByText('Not sent')
    await waitFor(() => expect(testPage.relay.streams()).toBe(1))
    giveBack()
    const tried = announced()
    dispatchEvent(new Event('online'))
    await waitFor(() => expect(announced()).toBe(tried + 1))
  })

  it('asks for any file at all the second time, because some webviews offer none of the kinds they are asked for', async () => {
    const input = testPage.root.querySelector<HTMLInputElement>('input[type=file]')
    expect(input?.accept).toBe('image/png,text/plain')
    expect(input?.hasAttribute('capture')).toBe(false)
    input?.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))
    await waitFor(() => expect(input?.accept).toBe(''))
    const transfer = new DataTransfer()
    transfer.items.add(image())
    if (input) input.files = transfer.files
    input?.dispatchEvent(new Event('change', { bubbles: true }))
    await waitFor(() => expect(names()).toEqual(['sword.png']))
    expect(input?.accept).toBe('image/png,text/plain')
  })

  it('sends a photo in Apple’s format as it is, where the browser cannot read it', async () => {
    const heic = { types: ['image/heic'], maxBytes: 1_000_000, maxCount: 2 }
    testPage.relay.game.can.attachments = testPage.relay.game.attachments = heic
    await testPage.reload()
    testPage.medkit.open('new')
    await testPage.screen.findByLabelText('What happened?')
    testPage.medkit.attach(new File(['a photo'], 'IMG_1.HEIC'))
    const announced = { fileName: 'IMG_1.HEIC', fileType: 'image/heic', fileSize: 7 }
    await waitFor(() => expect(testPage.relay.of('POST /attachments')[0]?.body).toEqual(announced))
  })

  it('names the kind of file a device keeps to itself', async () => {
    testPage.medkit.attach(new File(['a log'], 'game.LOG'))
    await waitFor(() =>
      expect(testPage.relay.of('POST /attachments').map(({ body }) => body)).toContainEqual({
        fileName: 'game.LOG',
        fileType: 'text/plain',
        fileSize: 5,
      }),
    )
  })

  it('makes one player of two files chosen at once', async () => {
    testPage.medkit.attach(image('one.png'))
    testPage.medkit.attach(image('two.png'))
    const announced = () => testPage.relay.of('POST /attachments').map(({ body }) => body)
    const both = ['one.png', 'two.png'].map((fileName) => expect.objectContaining({ fileName }))
    await waitFor(() => expect(announced()).toEqual(expect.arrayContaining(both)))
    expect(testPage.relay.of('POST /sessions')).toHaveLength(1)
  })
})
