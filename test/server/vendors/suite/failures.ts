/** What every vendor does when the other side fails: once, in the one agreed way, and without saying its key. */
import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { type Misbehaviour, misbehaviours } from '../../../simulators/misbehave.ts'
import {
  ada,
  call,
  codeOf,
  having,
  openingOf,
  openOne,
  type RelayFixture,
  refOf,
  type Start,
  seen,
  startVendorRelay,
} from './parts.ts'

const codesOf: Record<Misbehaviour, readonly string[]> = {
  error: ['unreachable'],
  busy: ['busy'],
  hang: ['unreachable'],
  reset: ['unreachable'],
  html: ['unexpected'],
  'error-inside': ['unexpected', 'refused', 'missing'],
  'lost-answer': ['unreachable'],
  redirect: ['unexpected'],
  oversize: ['unexpected'],
  unauthorized: ['misconfigured'],
}

export function failureSuite(fixture: () => RelayFixture, start: Start): void {
  it('opens once although the first answer was lost', async () => {
    const opening = openingOf()
    await openOne(fixture(), { message: 'Etwas anderes.' })
    const before = fixture().simulator.tickets().length
    fixture().simulator.misbehave('lost-answer', 1, fixture().simulator.calls.open)
    expect(await codeOf(fixture().vendor.open(opening, call()))).toBe('unreachable')
    const [created, ...more] = fixture().simulator.tickets().slice(before)
    expect(more).toEqual([])
    if (fixture().vendor.once.open === 'vendor') {
      expect((await fixture().vendor.open(opening, call())).vendorTicketId).toBe(created?.vendorTicketId)
      expect(fixture().simulator.tickets()).toHaveLength(before + 1)
    }
    if (fixture().vendor.findOpened) {
      expect((await having(fixture().vendor.findOpened)(opening, call()))?.vendorTicketId).toBe(created?.vendorTicketId)
      expect(await having(fixture().vendor.findOpened)(openingOf(), call())).toBeUndefined()
    }
    expect(created?.lines.some((line) => line.includes(opening.mark))).toBe(true)
  })

  it('replies once although the first answer was lost', async (context) => {
    context.skip(!(fixture().vendor.reply && fixture().simulator.calls.reply), 'the vendor takes no replies')
    const id = await openOne(fixture())
    const reply = { ...refOf(id), mark: randomUUID(), message: 'Einmal nur.', sentAt: new Date(), files: [] }
    fixture().simulator.misbehave('lost-answer', 1, fixture().simulator.calls.reply)
    expect(await codeOf(fixture().vendor.reply?.(reply, call()))).toBe('unreachable')
    if (fixture().vendor.once.reply === 'vendor') await fixture().vendor.reply?.(reply, call())
    if (fixture().vendor.findReplied) {
      expect(await having(fixture().vendor.findReplied)(reply, call())).toBeDefined()
      expect(await having(fixture().vendor.findReplied)({ ...reply, mark: randomUUID() }, call())).toBeUndefined()
    }
    expect(seen(fixture(), id).lines.filter((line) => line.includes('Einmal nur.'))).toHaveLength(1)
    expect(seen(fixture(), id).lines.some((line) => line.includes(reply.mark))).toBe(true)
  })

  it.each(misbehaviours)('meets a vendor that answers with %s in the one agreed way', async (how) => {
    const { vendor, simulator, end } = await startVendorRelay(start, how === 'hang' ? { timeoutMs: 2_000 } : {})
    onTestFinished(end)
    const { vendorTicketId } = await vendor.open(openingOf(), call())
    const attempts = [
      () => vendor.open(openingOf(), call()),
      () => vendor.read?.(refOf(vendorTicketId), call()),
      () => vendor.close?.(refOf(vendorTicketId), call()),
      () => vendor.list?.(ada, undefined, call()),
    ]
    // More than any one call needs, so that nothing is tolerated by luck.
    simulator.misbehave(how, 500)
    const codes = await Promise.all(
      attempts.map((attempt) => attempt()).flatMap((running) => (running ? [codeOf(running)] : [])),
    )
    for (const code of codes) expect(codesOf[how]).toContain(code)
  })

  it('says for how long a busy vendor wants to be left alone', async () => {
    fixture().simulator.misbehave('busy', 10)
    await expect(fixture().vendor.open(openingOf(), call())).rejects.toMatchObject({ retryAfterMs: 7_000, status: 429 })
  })

  it('stops when it is called off', async () => {
    fixture().simulator.misbehave('hang', 10)
    const controller = new AbortController()
    const opening = fixture().vendor.open(openingOf(), controller.signal)
    controller.abort()
    expect(await codeOf(opening)).toBe('unreachable')
  })

  it('never says its key', async () => {
    fixture().simulator.misbehave('unauthorized', 10)
    await codeOf(fixture().vendor.open(openingOf(), call()))
    const { apiKey, token } = fixture().simulator.config
    expect(fixture().said()).not.toContain(String(apiKey ?? token))
  })
}
