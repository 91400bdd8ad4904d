/** A vendor that takes the message and not its file: the agent gets a link, and no message is lost. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileOf, upload } from '../../../fixtures/relay-files.ts'
import { png } from '../../../fixtures/sample-files.ts'
import { type RelayFixture, startVendorRelay, tokenOf } from '../../../fixtures/vendor-relay.ts'

const ada = tokenOf('ada')
let fixture: RelayFixture

describe.each([
  ['theymes', 'POST /attachments'],
  ['theymes', 'PUT /uploads/:attachmentId'],
  ['i3d', 'POST /v3/tickets/attachment'],
] as const)('%s, when %s', (name, call) => {
  beforeEach(async () => {
    fixture = await startVendorRelay(name)
  })

  afterEach(() => fixture.end())

  const opened = async () => {
    const id = await upload(fixture, ada, png())
    const ticket = await fixture.open(ada, { attachments: [id] })
    await fixture.readUntil(ada, ticket.id, ({ messages }) => messages[0]?.delivery === 'delivered', 'it is delivered')
    const [seen] = await fixture.atVendor(ticket.number)
    return { id, seen }
  }

  it('refuses the file, has the message with a link to it', async () => {
    fixture.simulator.misbehave('refuse', 2, call)
    const { id, seen } = await opened()
    expect(seen?.files).toEqual([])
    const link = seen?.lines.join('\n').match(/file screenshot\.png: (\S+)/)?.[1] ?? ''
    expect(Buffer.from(await (await fetch(link)).arrayBuffer()).equals(png())).toBe(true)
    expect(await fileOf(fixture, ada, id)).toMatchObject({ state: 'ready' })
  })

  it.each(['error', 'reset', 'lost-answer'] as const)(
    'breaks off (%s), has the file once and whole with the next try',
    async (how) => {
      fixture.simulator.misbehave(how, 1, call)
      const { seen } = await opened()
      expect(seen?.files.map(({ bytes }) => Buffer.from(bytes).equals(png()))).toEqual([true])
    },
  )
})
