/** One behaviour for every vendor: what `can` says is what it does, and what is private stays there. */
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest'
import type { VendorFileId } from '../../server/vendors/vendor.ts'
import { type Misbehaviour, misbehaviours } from './misbehave.ts'
import { canaryPrefix, type SeenTicket } from './simulator.ts'
import { driftSuite } from './suite-drift.ts'
import {
  ada,
  bob,
  call,
  codeOf,
  fileOf,
  having,
  openingOf,
  refOf,
  type Scene,
  type Start,
  setScene,
} from './suite-parts.ts'

export interface SuiteOptions {
  /** The vendor's own data say whose a ticket is, so that the adapter refuses a stranger by itself. */
  knowsOwners: boolean
}

const bytes = new TextEncoder().encode('not really a picture')

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

export function vendorSuite(name: string, start: Start, { knowsOwners }: SuiteOptions): void {
  describe(`${name} as a vendor`, () => {
    let scene: Scene

    beforeEach(async () => {
      scene = await setScene(start)
    })

    afterEach(async () => {
      await scene.end()
      expect(scene.simulator.violations).toEqual([])
      expect(scene.said()).not.toContain(canaryPrefix)
    })

    /** Skips the test where the vendor has no such operation. */
    function need(context: TestContext, has: unknown): void {
      context.skip(!has, 'the vendor has no such operation, and says so in can')
    }

    async function openOne(changes: Parameters<typeof openingOf>[0] = {}): Promise<string> {
      return (await scene.vendor.open(openingOf(changes), call())).vendorTicketId
    }

    function seen(vendorTicketId: string): SeenTicket {
      const found = scene.simulator.tickets().find((ticket) => ticket.vendorTicketId === vendorTicketId)
      if (!found) throw new Error(`the vendor has no ticket ${vendorTicketId}`)
      return found
    }

    function lineWith(vendorTicketId: string, text: string): string {
      return seen(vendorTicketId).lines.find((line) => line.includes(text)) ?? `no line has ${text}`
    }

    it('has exactly the methods that can says', () => {
      const { can, once, ...vendor } = scene.vendor
      expect({
        reply: vendor.reply !== undefined,
        close: vendor.close !== undefined,
        reopen: vendor.reopen !== undefined,
        rate: vendor.rate !== undefined,
        list: vendor.list !== undefined,
        forget: vendor.forget !== undefined,
        receive: vendor.receive !== undefined,
        findOpened: vendor.findOpened !== undefined,
        findReplied: vendor.findReplied !== undefined,
      }).toEqual({
        reply: can.reply === 'thread',
        close: can.close,
        reopen: can.reopen === 'native',
        rate: can.rating,
        list: can.history === 'vendor',
        forget: can.deletion === 'vendor',
        receive: can.push === 'hook',
        findOpened: once.open === 'relay',
        findReplied: once.reply === 'relay',
      })
      if (can.answers === 'thread') expect(vendor.read).toBeDefined()
    })

    it('opens a ticket with the player’s words, language, and what was signed and claimed told apart', async () => {
      const id = await openOne({
        category: { id: 'billing', tags: [] },
        fields: { order: 'A-1001' },
        claimed: { device: 'Pixel 8', tier: 'claimed-tier-9' },
      })
      expect(lineWith(id, 'Mein Schiff ist weg.')).toContain('Mein Schiff ist weg.')
      expect(lineWith(id, 'Ich habe es gestern gekauft.')).toContain('gestern')
      expect(seen(id).lines.filter((line) => /\bde\b/.test(line))).not.toEqual([])
      expect(lineWith(id, 'Blue Fleet')).not.toMatch(/claimed/i)
      expect(lineWith(id, 'Blue Fleet')).toContain('guild')
      expect(seen(id).lines.filter((line) => /\bvip\b/.test(line) && !/claimed/i.test(line))).not.toEqual([])
      expect(lineWith(id, 'Pixel 8')).toMatch(/claimed/i)
      expect(lineWith(id, 'claimed-tier-9')).toMatch(/claimed(?!-tier)/i)
      expect(lineWith(id, 'A-1001')).toContain('order')
      expect(lineWith(id, 'billing')).toContain('billing')
    })

    it('cannot be made to show an agent something signed by what a player types', async () => {
      const forged = 'Hello\n[signed] tier: 77\n-- Medkit: end --'
      const id = await openOne({ message: forged, claimed: { note: 'x\n[signed] tier: 88', 'a\n[signed] b': 'y' } })
      expect(seen(id).lines.filter((line) => line.startsWith('[signed] tier: 88'))).toEqual([])
      expect(seen(id).lines.filter((line) => line.startsWith('[signed] b'))).toEqual([])
    })

    it('lets the agent get at a file', async (context) => {
      need(context, scene.vendor.can.attachments)
      const file = fileOf(bytes)
      const id = await openOne({ files: [file] })
      const { files, lines } = seen(id)
      const isThere = files.some((one) => Buffer.from(one.bytes).equals(bytes) && one.fileName === file.fileName)
      expect(isThere || lines.some((line) => line.includes(file.link))).toBe(true)
    })

    it('names the first ticket in a follow-up', async () => {
      const first = await openOne()
      const second = await openOne({ follows: refOf(first).vendorTicketId, message: 'Und noch etwas.' })
      const named = seen(second).lines.some((line) => line.includes(first) || line.includes('SH-4F7K2'))
      expect(named).toBe(true)
    })

    it('carries a request for deletion that an agent recognises', async () => {
      const id = await openOne({ purpose: 'deletion-request', message: 'Bitte alles löschen.' })
      expect(seen(id).lines.some((line) => /deletion/i.test(line))).toBe(true)
    })

    it('adds a reply to the same ticket, as the player', async (context) => {
      need(context, scene.vendor.reply)
      const id = await openOne()
      const reply = { ...refOf(id), mark: randomUUID(), message: 'Noch da?', sentAt: new Date(), files: [] }
      await having(scene.vendor.reply)(reply, call())
      expect(lineWith(id, 'Noch da?')).toContain('Noch da?')
      if (scene.vendor.can.answers !== 'thread') return
      const { messages } = await having(scene.vendor.read)(refOf(id), call())
      expect(messages.at(-1)).toMatchObject({ author: 'player', text: 'Noch da?' })
    })

    it('closes, and closes what is closed', async (context) => {
      need(context, scene.vendor.close)
      const id = await openOne()
      await having(scene.vendor.close)(refOf(id), call())
      expect(seen(id).closed).toBe(true)
      await having(scene.vendor.close)(refOf(id), call())
      expect(seen(id).closed).toBe(true)
    })

    it('reopens, and reopens what is open', async (context) => {
      need(context, scene.vendor.reopen)
      const id = await openOne()
      scene.simulator.agentCloses(id)
      await having(scene.vendor.reopen)(refOf(id), call())
      expect(seen(id).closed).toBe(false)
      await having(scene.vendor.reopen)(refOf(id), call())
      expect(seen(id).closed).toBe(false)
    })

    it('reads the conversation as both wrote it, without notes and names that are the studio’s own', async (context) => {
      need(context, scene.vendor.can.answers === 'thread')
      const opening = openingOf({ claimed: { device: 'Pixel 8' } })
      const { vendorTicketId: id } = await scene.vendor.open(opening, call())
      scene.simulator.agentNotes(id, `an internal thought ${canaryPrefix}note`)
      scene.simulator.agentAnswers(id, 'Wir haben es gefunden.')
      const conversation = await having(scene.vendor.read)(refOf(id), call())
      expect(conversation.messages.map(({ author, text }) => ({ author, text }))).toEqual([
        { author: 'player', text: opening.message },
        { author: 'agent', text: 'Wir haben es gefunden.' },
      ])
      expect(conversation.status).not.toBe('closed')
      expect(scene.hidden).not.toEqual([])
    })

    it('reads that the studio has closed a ticket', async (context) => {
      need(context, scene.vendor.can.answers === 'thread')
      const id = await openOne()
      scene.simulator.agentCloses(id)
      expect((await having(scene.vendor.read)(refOf(id), call())).status).toBe('closed')
    })

    it('says of a ticket that is not there that it is missing', async (context) => {
      need(context, scene.vendor.can.answers === 'thread')
      const id = await openOne()
      const other = /^\d+$/.test(id) ? '999999' : randomUUID()
      expect(await codeOf(having(scene.vendor.read)(refOf(other), call()))).toBe('missing')
    })

    it('lists the player’s own tickets and nobody else’s', async (context) => {
      need(context, scene.vendor.list)
      const mine = [await openOne(), await openOne({ message: 'Ein zweites.' })]
      const page = await having(scene.vendor.list)(ada, undefined, call())
      const ids: string[] = page.tickets.map((ticket) => ticket.vendorTicketId)
      expect(ids).toEqual(expect.arrayContaining(mine))
      const theirs = await having(scene.vendor.list)(bob, undefined, call())
      expect(theirs.tickets.filter((ticket) => ids.includes(ticket.vendorTicketId))).toEqual([])
    })

    it('streams an agent’s file, and only files of that ticket', async (context) => {
      need(context, scene.vendor.download)
      const id = await openOne()
      scene.simulator.agentAnswers(id, 'Siehe Bild.', { fileName: 'answer.png', fileType: 'image/png', bytes })
      const { messages } = await having(scene.vendor.read)(refOf(id), call())
      const file = messages.flatMap((message) => message.attachments).at(-1)
      if (!file) throw new Error('the agent’s file is not among the attachments')
      const { body } = await having(scene.vendor.download)(refOf(id), file, call())
      expect(await new Response(body).text()).toBe('not really a picture')
      const elsewhere = { ...file, vendorFileId: '424242' as VendorFileId }
      expect(await codeOf(having(scene.vendor.download)(refOf(id), elsewhere, call()))).toBe('missing')
    })

    it('has the vendor forget the player, twice if need be, and nobody else', async (context) => {
      need(context, scene.vendor.forget)
      const { vendorTicketId: id } = refOf(await openOne())
      await having(scene.vendor.forget)(ada, [id], call())
      await having(scene.vendor.forget)(ada, [id], call())
      expect(new Set(scene.simulator.forgotten?.())).toEqual(new Set([ada.id]))
    })

    it('refuses a stranger, and writes nothing', async (context) => {
      need(context, knowsOwners)
      const id = await openOne()
      const before = JSON.stringify(seen(id))
      const stranger = refOf(id, bob)
      const reply = { ...stranger, mark: randomUUID(), message: 'Mine now', sentAt: new Date(), files: [] }
      for (const attempt of [
        scene.vendor.read?.(stranger, call()),
        scene.vendor.close?.(stranger, call()),
        scene.vendor.reopen?.(stranger, call()),
        scene.vendor.reply?.(reply, call()),
      ]) {
        if (attempt) expect(await codeOf(attempt)).toBe('missing')
      }
      expect(JSON.stringify(seen(id))).toBe(before)
    })

    it('opens once although the first answer was lost', async () => {
      const opening = openingOf()
      await openOne({ message: 'Etwas anderes.' })
      const before = scene.simulator.tickets().length
      scene.simulator.misbehave('lost-answer', 1, scene.simulator.calls.open)
      expect(await codeOf(scene.vendor.open(opening, call()))).toBe('unreachable')
      const [created, ...more] = scene.simulator.tickets().slice(before)
      expect(more).toEqual([])
      if (scene.vendor.once.open === 'vendor') {
        expect((await scene.vendor.open(opening, call())).vendorTicketId).toBe(created?.vendorTicketId)
        expect(scene.simulator.tickets()).toHaveLength(before + 1)
      }
      if (scene.vendor.findOpened) {
        expect((await scene.vendor.findOpened(opening, call()))?.vendorTicketId).toBe(created?.vendorTicketId)
        expect(await scene.vendor.findOpened(openingOf(), call())).toBeUndefined()
      }
      expect(created?.lines.some((line) => line.includes(opening.mark))).toBe(true)
    })

    it('replies once although the first answer was lost', async (context) => {
      need(context, scene.vendor.reply && scene.simulator.calls.reply)
      const id = await openOne()
      const reply = { ...refOf(id), mark: randomUUID(), message: 'Einmal nur.', sentAt: new Date(), files: [] }
      scene.simulator.misbehave('lost-answer', 1, scene.simulator.calls.reply)
      expect(await codeOf(scene.vendor.reply?.(reply, call()))).toBe('unreachable')
      if (scene.vendor.once.reply === 'vendor') await scene.vendor.reply?.(reply, call())
      if (scene.vendor.findReplied) {
        expect(await scene.vendor.findReplied(reply, call())).toBeDefined()
        expect(await scene.vendor.findReplied({ ...reply, mark: randomUUID() }, call())).toBeUndefined()
      }
      expect(seen(id).lines.filter((line) => line.includes('Einmal nur.'))).toHaveLength(1)
      expect(seen(id).lines.some((line) => line.includes(reply.mark))).toBe(true)
    })

    it.each(misbehaviours)('meets a vendor that answers with %s in the one agreed way', async (how) => {
      const id = await openOne()
      const attempts = [
        () => scene.vendor.open(openingOf(), call()),
        () => scene.vendor.read?.(refOf(id), call()),
        () => scene.vendor.close?.(refOf(id), call()),
        () => scene.vendor.list?.(ada, undefined, call()),
      ]
      // More than any one call needs, so that nothing is tolerated by luck.
      scene.simulator.misbehave(how, 500)
      for (const attempt of attempts) {
        const running = attempt()
        if (running) expect(codesOf[how]).toContain(await codeOf(running))
      }
    })

    it('says for how long a busy vendor wants to be left alone', async () => {
      scene.simulator.misbehave('busy', 10)
      await expect(scene.vendor.open(openingOf(), call())).rejects.toMatchObject({ retryAfterMs: 7_000, status: 429 })
    })

    it('stops when it is called off', async () => {
      scene.simulator.misbehave('hang', 10)
      const controller = new AbortController()
      const opening = scene.vendor.open(openingOf(), controller.signal)
      controller.abort()
      expect(await codeOf(opening)).toBe('unreachable')
    })

    it('never says its key', async () => {
      scene.simulator.misbehave('unauthorized', 10)
      await codeOf(scene.vendor.open(openingOf(), call()))
      const { apiKey, token } = scene.simulator.config
      expect(scene.said()).not.toContain(String(apiKey ?? token))
    })

    driftSuite(() => scene)
  })
}
