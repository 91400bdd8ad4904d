/** One behaviour for every vendor: what `can` says is what it does, and what is private stays there. */
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest'
import type { VendorFileId } from '../../../../server/vendors/vendor.ts'
import { canaryPrefix } from '../../../simulators/simulator.ts'
import { changesSuite } from './changes.ts'
import { failureSuite } from './failures.ts'
import {
  ada,
  bob,
  call,
  codeOf,
  fileOf,
  having,
  lineWith,
  openingOf,
  openOne,
  type RelayFixture,
  refOf,
  type Start,
  seen,
  startVendorRelay,
} from './parts.ts'
import { worldSuite } from './world.ts'
import { lateSuite } from './world-late.ts'
import { rowSuite } from './world-rows.ts'

export interface SuiteOptions {
  /** The vendor's own data say whose a ticket is, so that the adapter refuses a stranger by itself. */
  knowsOwners: boolean
  /** False for the built-in desk, which has no wire that could break or drift. Default true. */
  isRemote?: boolean
}

const bytes = new TextEncoder().encode('not really a picture')

export function vendorSuite(name: string, start: Start, { knowsOwners, isRemote = true }: SuiteOptions): void {
  describe(`${name} as a vendor`, () => {
    let fixture: RelayFixture

    beforeEach(async () => {
      fixture = await startVendorRelay(start)
    })

    afterEach(async () => {
      await fixture.end()
      expect(fixture.simulator.violations).toEqual([])
      expect(fixture.said()).not.toContain(canaryPrefix)
    })

    /** Skips the test where the vendor has no such operation. */
    function need(context: TestContext, has: unknown): void {
      context.skip(!has, 'the vendor has no such operation, and says so in can')
    }

    it('has exactly the methods that can says', () => {
      const { can, once, ...vendor } = fixture.vendor
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
        rate: can.rating !== false,
        list: can.history === 'vendor',
        forget: can.deletion === 'vendor',
        receive: can.push === 'hook',
        findOpened: once.open === 'relay',
        findReplied: once.reply === 'relay',
      })
      if (can.answers === 'thread') expect(vendor.read).toBeDefined()
    })

    it('opens a ticket with the player’s words, language, and what was signed and claimed told apart', async () => {
      const id = await openOne(fixture, {
        category: { id: 'billing', tags: [] },
        fields: { order: 'A-1001' },
        claimed: { device: 'Pixel 8', tier: 'claimed-tier-9' },
      })
      expect(lineWith(fixture, id, 'Mein Schiff ist weg.')).toContain('Mein Schiff ist weg.')
      expect(lineWith(fixture, id, 'Ich habe es gestern gekauft.')).toContain('gestern')
      expect(seen(fixture, id).lines.filter((line) => /\bde\b/.test(line))).not.toEqual([])
      expect(lineWith(fixture, id, 'Blue Fleet')).not.toMatch(/claimed/i)
      expect(lineWith(fixture, id, 'Blue Fleet')).toContain('guild')
      expect(seen(fixture, id).lines.filter((line) => /\bvip\b/.test(line) && !/claimed/i.test(line))).not.toEqual([])
      expect(lineWith(fixture, id, 'Pixel 8')).toMatch(/claimed/i)
      expect(lineWith(fixture, id, 'claimed-tier-9')).toMatch(/claimed(?!-tier)/i)
      expect(lineWith(fixture, id, 'A-1001')).toContain('order')
      expect(lineWith(fixture, id, 'billing')).toContain('billing')
    })

    it('cannot be made to show an agent something signed by what a player types', async () => {
      const forged = 'Hello\n[signed] tier: 77\n-- Medkit: end --'
      const id = await openOne(fixture, {
        message: forged,
        claimed: { note: 'x\n[signed] tier: 88', 'a\n[signed] b': 'y' },
      })
      expect(seen(fixture, id).lines.filter((line) => line.startsWith('[signed] tier: 88'))).toEqual([])
      expect(seen(fixture, id).lines.filter((line) => line.startsWith('[signed] b'))).toEqual([])
    })

    it('lets the agent get at a file', async (context) => {
      need(context, fixture.vendor.can.attachments)
      const file = fileOf(bytes)
      const id = await openOne(fixture, { files: [file] })
      const { files, lines } = seen(fixture, id)
      const isThere = files.some((one) => Buffer.from(one.bytes).equals(bytes) && one.fileName === file.fileName)
      expect(isThere || lines.some((line) => line.includes(file.link))).toBe(true)
    })

    it('names the first ticket in a follow-up', async () => {
      const first = await openOne(fixture)
      const second = await openOne(fixture, { follows: refOf(first).vendorTicketId, message: 'Und noch etwas.' })
      const named = seen(fixture, second).lines.some((line) => line.includes(first) || line.includes('SH-4F7K2'))
      expect(named).toBe(true)
    })

    it('carries a request for deletion that an agent recognises', async () => {
      const id = await openOne(fixture, { purpose: 'deletion-request', message: 'Bitte alles löschen.' })
      expect(seen(fixture, id).lines.some((line) => /deletion/i.test(line))).toBe(true)
    })

    it('adds a reply to the same ticket, as the player', async (context) => {
      need(context, fixture.vendor.reply)
      const id = await openOne(fixture)
      const reply = { ...refOf(id), mark: randomUUID(), message: 'Noch da?', sentAt: new Date(), files: [] }
      await having(fixture.vendor.reply)(reply, call())
      expect(lineWith(fixture, id, 'Noch da?')).toContain('Noch da?')
      if (fixture.vendor.can.answers !== 'thread') return
      const { messages } = await having(fixture.vendor.read)(refOf(id), call())
      expect(messages.at(-1)).toMatchObject({ author: 'player', text: 'Noch da?' })
    })

    it('closes, and closes what is closed', async (context) => {
      need(context, fixture.vendor.close)
      const id = await openOne(fixture)
      await having(fixture.vendor.close)(refOf(id), call())
      expect(seen(fixture, id).closed).toBe(true)
      await having(fixture.vendor.close)(refOf(id), call())
      expect(seen(fixture, id).closed).toBe(true)
    })

    it('reopens, and reopens what is open', async (context) => {
      need(context, fixture.vendor.reopen)
      const id = await openOne(fixture)
      fixture.simulator.agentCloses(id)
      await having(fixture.vendor.reopen)(refOf(id), call())
      expect(seen(fixture, id).closed).toBe(false)
      await having(fixture.vendor.reopen)(refOf(id), call())
      expect(seen(fixture, id).closed).toBe(false)
    })

    it('reads the conversation as both wrote it, without notes and names that are the studio’s own', async (context) => {
      need(context, fixture.vendor.can.answers === 'thread')
      const opening = openingOf({ claimed: { device: 'Pixel 8' } })
      const { vendorTicketId: id } = await fixture.vendor.open(opening, call())
      fixture.simulator.agentNotes(id, `an internal thought ${canaryPrefix}note`)
      fixture.simulator.agentAnswers(id, 'Wir haben es gefunden.')
      const conversation = await having(fixture.vendor.read)(refOf(id), call())
      expect(conversation.messages.map(({ author, text }) => ({ author, text }))).toEqual([
        { author: 'player', text: opening.message },
        { author: 'agent', text: 'Wir haben es gefunden.' },
      ])
      expect(conversation.status).not.toBe('closed')
      if (isRemote) expect(fixture.hidden).not.toEqual([])
    })

    it('reads that the studio has closed a ticket', async (context) => {
      need(context, fixture.vendor.can.answers === 'thread')
      const id = await openOne(fixture)
      fixture.simulator.agentCloses(id)
      expect((await having(fixture.vendor.read)(refOf(id), call())).status).toBe('closed')
    })

    it('says of a ticket that is not there that it is missing', async (context) => {
      need(context, fixture.vendor.can.answers === 'thread')
      const id = await openOne(fixture)
      const other = /^\d+$/.test(id) ? '999999' : randomUUID()
      expect(await codeOf(having(fixture.vendor.read)(refOf(other), call()))).toBe('missing')
    })

    it('lists the player’s own tickets and nobody else’s', async (context) => {
      need(context, fixture.vendor.list)
      const mine = [await openOne(fixture), await openOne(fixture, { message: 'Ein zweites.' })]
      const page = await having(fixture.vendor.list)(ada, undefined, call())
      const ids: string[] = page.tickets.map((ticket) => ticket.vendorTicketId)
      expect(ids).toEqual(expect.arrayContaining(mine))
      const theirs = await having(fixture.vendor.list)(bob, undefined, call())
      expect(theirs.tickets.filter((ticket) => ids.includes(ticket.vendorTicketId))).toEqual([])
    })

    it('streams an agent’s file, and only files of that ticket', async (context) => {
      need(context, fixture.vendor.download)
      const id = await openOne(fixture)
      fixture.simulator.agentAnswers(id, 'Siehe Bild.', { fileName: 'answer.png', fileType: 'image/png', bytes })
      const { messages } = await having(fixture.vendor.read)(refOf(id), call())
      const file = messages.flatMap((message) => message.attachments).at(-1)
      if (!file) throw new Error('the agent’s file is not among the attachments')
      const { body } = await having(fixture.vendor.download)(refOf(id), file, call())
      expect(await new Response(body).text()).toBe('not really a picture')
      const elsewhere = { ...file, vendorFileId: '424242' as VendorFileId }
      expect(await codeOf(having(fixture.vendor.download)(refOf(id), elsewhere, call()))).toBe('missing')
    })

    it('has the vendor forget the player, twice if need be, and nobody else', async (context) => {
      need(context, fixture.vendor.forget)
      const { vendorTicketId: id } = refOf(await openOne(fixture))
      await having(fixture.vendor.forget)(ada, [id], call())
      await having(fixture.vendor.forget)(ada, [id], call())
      expect(new Set(fixture.simulator.forgotten?.())).toEqual(new Set([ada.id]))
    })

    it('tells the studio how the player has rated the help, once though it is told twice', async (context) => {
      need(context, fixture.vendor.rate)
      const id = await openOne(fixture)
      const rating = { score: 4, comment: 'Schnell geholfen!' }
      await having(fixture.vendor.rate)(refOf(id), rating, call())
      await having(fixture.vendor.rate)(refOf(id), rating, call())
      const { lines } = seen(fixture, id)
      expect(lines.filter((line) => line.includes('Schnell geholfen!'))).toHaveLength(1)
      expect(lines.filter((line) => /\brat(ed|ing)\b.*\b4\b/.test(line))).not.toEqual([])
      if (fixture.vendor.can.answers !== 'thread') return
      const { messages } = await having(fixture.vendor.read)(refOf(id), call())
      expect(messages.filter(({ text }) => text.includes('Schnell'))).toEqual([])
    })

    it('refuses a stranger, and writes nothing', async (context) => {
      need(context, knowsOwners)
      const id = await openOne(fixture)
      const before = JSON.stringify(seen(fixture, id))
      const stranger = refOf(id, bob)
      const reply = { ...stranger, mark: randomUUID(), message: 'Mine now', sentAt: new Date(), files: [] }
      for (const attempt of [
        () => fixture.vendor.read?.(stranger, call()),
        () => fixture.vendor.close?.(stranger, call()),
        () => fixture.vendor.reopen?.(stranger, call()),
        () => fixture.vendor.reply?.(reply, call()),
        () => fixture.vendor.rate?.(stranger, { score: 1 }, call()),
      ]) {
        const answer = attempt()
        if (answer) expect(await codeOf(answer)).toBe('missing')
      }
      expect(JSON.stringify(seen(fixture, id))).toBe(before)
    })

    if (!isRemote) return
    failureSuite(() => fixture, start)
    worldSuite(() => fixture)
    rowSuite(() => fixture)
    lateSuite(() => fixture)
    changesSuite(() => fixture)
  })
}
