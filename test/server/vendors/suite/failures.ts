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
  refOf,
  type Scene,
  type Start,
  seen,
  setScene,
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

export function failureSuite(scene: () => Scene, start: Start): void {
  it('opens once although the first answer was lost', async () => {
    const opening = openingOf()
    await openOne(scene(), { message: 'Etwas anderes.' })
    const before = scene().simulator.tickets().length
    scene().simulator.misbehave('lost-answer', 1, scene().simulator.calls.open)
    expect(await codeOf(scene().vendor.open(opening, call()))).toBe('unreachable')
    const [created, ...more] = scene().simulator.tickets().slice(before)
    expect(more).toEqual([])
    if (scene().vendor.once.open === 'vendor') {
      expect((await scene().vendor.open(opening, call())).vendorTicketId).toBe(created?.vendorTicketId)
      expect(scene().simulator.tickets()).toHaveLength(before + 1)
    }
    if (scene().vendor.findOpened) {
      expect((await having(scene().vendor.findOpened)(opening, call()))?.vendorTicketId).toBe(created?.vendorTicketId)
      expect(await having(scene().vendor.findOpened)(openingOf(), call())).toBeUndefined()
    }
    expect(created?.lines.some((line) => line.includes(opening.mark))).toBe(true)
  })

  it('replies once although the first answer was lost', async (context) => {
    context.skip(!(scene().vendor.reply && scene().simulator.calls.reply), 'the vendor takes no replies')
    const id = await openOne(scene())
    const reply = { ...refOf(id), mark: randomUUID(), message: 'Einmal nur.', sentAt: new Date(), files: [] }
    scene().simulator.misbehave('lost-answer', 1, scene().simulator.calls.reply)
    expect(await codeOf(scene().vendor.reply?.(reply, call()))).toBe('unreachable')
    if (scene().vendor.once.reply === 'vendor') await scene().vendor.reply?.(reply, call())
    if (scene().vendor.findReplied) {
      expect(await having(scene().vendor.findReplied)(reply, call())).toBeDefined()
      expect(await having(scene().vendor.findReplied)({ ...reply, mark: randomUUID() }, call())).toBeUndefined()
    }
    expect(seen(scene(), id).lines.filter((line) => line.includes('Einmal nur.'))).toHaveLength(1)
    expect(seen(scene(), id).lines.some((line) => line.includes(reply.mark))).toBe(true)
  })

  it.each(misbehaviours)('meets a vendor that answers with %s in the one agreed way', async (how) => {
    const { vendor, simulator, end } = await setScene(start, how === 'hang' ? { timeoutMs: 2_000 } : {})
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
    scene().simulator.misbehave('busy', 10)
    await expect(scene().vendor.open(openingOf(), call())).rejects.toMatchObject({ retryAfterMs: 7_000, status: 429 })
  })

  it('stops when it is called off', async () => {
    scene().simulator.misbehave('hang', 10)
    const controller = new AbortController()
    const opening = scene().vendor.open(openingOf(), controller.signal)
    controller.abort()
    expect(await codeOf(opening)).toBe('unreachable')
  })

  it('never says its key', async () => {
    scene().simulator.misbehave('unauthorized', 10)
    await codeOf(scene().vendor.open(openingOf(), call()))
    const { apiKey, token } = scene().simulator.config
    expect(scene().said()).not.toContain(String(apiKey ?? token))
  })
}
