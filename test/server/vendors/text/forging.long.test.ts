/** Nothing a player can write makes a line that an agent could take for the relay's, at any vendor, wherever it is put. */
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { VendorConfig } from '../../../../server/vendors/registry.ts'
import { legible } from '../../../../server/vendors/text/legible.ts'
import type { Opening, Reply, Vendor, VendorTicketId } from '../../../../server/vendors/vendor.ts'
import { forgery, isLabelLike, isMarkerLike, rowsOf } from '../../../fixtures/forgery.ts'
import { vendorOf } from '../../../fixtures/vendor-of.ts'
import { startDesk } from '../../../simulators/desk/simulator.ts'
import type { VendorSimulator } from '../../../simulators/simulator.ts'
import { simulators } from '../../../simulators/simulators.ts'
import { ada, call, fileOf, openingOf, refOf, tagOf } from '../suite/parts.ts'

interface Site {
  vendor: Vendor
  /** All that went there since it was last asked, by the name it has there. */
  written: () => Written[]
  /** Leaves nothing of the attempt there, where what is there would be looked through each time. */
  clear?: () => Promise<unknown>
  close: () => Promise<void>
}

interface Written {
  name: string
  text: string
}

const attemptsEach = 286
const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
/** What holds a message; everything else is one line. */
const messages = ['message', 'content', 'commentContent', 'description']

for (const [name, start] of Object.entries({ ...sites(), desk: desk }))
  it(`${name}: no attempt of ${attemptsEach} makes a line outside the player’s part (seed ${seed})`, async () => {
    const site = await start()
    onTestFinished(() => site.close())
    console.info(`${name}: ${attemptsEach} attempts, seed ${seed}`)
    await fc.assert(
      fc.asyncProperty(attempt, async (forged) => {
        const opening = openingOf({ ...forged, follows: undefined })
        const { vendorTicketId } = await site.vendor.open(opening, call())
        judge(site.written(), opening)
        await replyAndRate(site, vendorTicketId, opening)
        await site.clear?.()
      }),
      { numRuns: attemptsEach, seed },
    )
  }, 300_000)

async function replyAndRate(site: Site, id: VendorTicketId, opening: Opening): Promise<void> {
  const { message, files, absent } = opening
  const reply: Reply = {
    ...refOf(id),
    mark: `re-${opening.mark}`.slice(0, 36),
    message,
    sentAt: new Date(),
    files,
    absent,
  }
  if (site.vendor.reply) {
    await site.vendor.reply(reply, call())
    judge(site.written(), { ...opening, mark: reply.mark })
  }
  await site.vendor.rate?.(refOf(id), { score: 3, comment: message }, call()).catch(() => undefined)
  for (const { text } of site.written()) {
    const marked = rowsOf(text).filter(isMarkerLike)
    expect([0, 2]).toContain(marked.length)
  }
}

/** Where a player's words can go: their message, what they answered and called things, what their browser claims. */
const attempt = fc.tuple(forgery, forgery, forgery, forgery, forgery).map(
  ([message, subject, name, value, fileName]): Partial<Opening> => ({
    message: message.trim() === '' ? 'x' : message,
    subject,
    fields: { order: value, [`order ${name}`]: 'x' },
    claimed: { [name]: value, device: value },
    player: { ...ada, name, signed: { tier: 2, tags: ['vip'], fields: { guild: value } } },
    files: [fileOf(new Uint8Array([1]), { fileName: `${fileName}.txt`, fileType: 'text/plain' })],
    absent: [{ fileName, why: 'refused: unreadable' }],
  }),
)

function judge(written: readonly Written[], { mark }: Opening): void {
  expect(written).not.toEqual([])
  for (const { name, text } of written) {
    const rows = rowsOf(text)
    if (!messages.includes(name)) {
      expect(rows).toHaveLength(1)
      expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b]/)
      continue
    }
    const marked = rows.flatMap((row, index) => (isMarkerLike(row) ? [index] : []))
    if (marked.length > 0) judgeNote(rows, marked, tagOf(mark))
  }
}

/** One note, at the end, with this message's tag above and below, and in it nothing signed but what was. */
function judgeNote(rows: readonly string[], marked: readonly number[], tag: string): void {
  const [first = 0, last = 0] = marked
  expect(marked).toHaveLength(2)
  expect(last).toBe(rows.length - 1)
  expect([rows[first], rows[last]]).toEqual([
    `-- Medkit ${tag}: notes for the agent; above is the player’s text --`,
    `-- Medkit ${tag}: end --`,
  ])
  const inside = rows.slice(first + 1, last)
  expect(inside.join('')).not.toMatch(/[\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/u)
  const signed = inside.filter((row) => isLabelLike(row, '[signed]'))
  expect(signed.filter((row) => !/^\[signed\] (tier: 2|tags: vip|guild: .*)$/.test(row))).toEqual([])
  expect(inside.filter((row) => isLabelLike(row, '[proved]') && !/^\[proved\] (name|e-mail): /.test(row))).toEqual([])
  expect(inside.filter((row) => !/^(\[|ticket: |language: |player: |subject: |file |mark: )/.test(row))).toEqual([])
}

function sites(): Record<string, () => Promise<Site>> {
  const remote = Object.entries(simulators).map(
    ([name, start]) => [name, async () => remoteSite(await start())] as const,
  )
  return Object.fromEntries(remote)
}

function remoteSite(simulator: VendorSimulator): Site {
  let read = 0
  return {
    vendor: vendorOf(VendorConfig.parse(simulator.config)),
    written: () => {
      const fresh = simulator.received.slice(read).filter(({ method }) => method !== 'GET')
      read = simulator.received.length
      return fresh.flatMap(({ body }) => textsIn('', body))
    },
    close: simulator.close,
  }
}

async function desk(): Promise<Site> {
  const { vendor, simulator } = await startDesk({
    clock: { now: () => new Date() },
    tagOf,
    onDrift: () => {},
    onHidden: () => {},
  })
  const read = new Map<string, number>()
  return {
    vendor: legible(vendor),
    written: () =>
      simulator.tickets().flatMap(({ vendorTicketId, lines }) => {
        const fresh = lines.slice(read.get(vendorTicketId) ?? 0)
        read.set(vendorTicketId, lines.length)
        // Below each message it says its mark.
        return fresh.length > 0 ? [{ name: 'content', text: fresh.slice(0, -1).join('\n') }] : []
      }),
    clear: async () => vendor.forget?.(ada, [], call()),
    close: simulator.close,
  }
}

/** Keys are words there as well. */
function textsIn(name: string, value: unknown): Written[] {
  if (typeof value === 'string') return [{ name, text: value }]
  if (value instanceof FormData || typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((one) => textsIn(name, one))
  return Object.entries(value).flatMap(([key, one]) => [{ name: 'key', text: key }, ...textsIn(key, one)])
}
