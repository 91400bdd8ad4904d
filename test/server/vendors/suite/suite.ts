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
  refOf,
  type Scene,
  type Start,
  seen,
  setScene,
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
      const id = await openOne(scene, {
        category: { id: 'billing', tags: [] },
        fields: { order: 'A-1001' },
        claimed: { device: 'Pixel 8', tier: 'claimed-tier-9' },
      })
      expect(lineWith(scene, id, 'Mein Schiff ist weg.')).toContain('Mein Schiff ist weg.')
      expect(lineWith(scene, id, 'Ich habe es gestern gekauft.')).toContain('gestern')
      expect(seen(scene, id).lines.filter((line) => /\bde\b/.test(line))).not.toEqual([])
      expect(lineWith(scene, id, 'Blue Fleet')).not.toMatch(/claimed/i)
      expect(lineWith(scene, id, 'Blue Fleet')).toContain('guild')
      expect(seen(scene, id).lines.filter((line) => /\bvip\b/.test(line) && !/claimed/i.test(line))).not.toEqual([])
      expect(lineWith(scene, id, 'Pixel 8')).toMatch(/claimed/i)
      expect(lineWith(scene, id, 'claimed-tier-9')).toMatch(/claimed(?!-tier)/i)
      expect(lineWith(scene, id, 'A-1001')).toContain('order')
      expect(lineWith(scene, id, 'billing')).toContain('billing')
    })

    it('cannot be made to show an agent something signed by what a player types', async () => {
      const forged = 'Hello\n[signed] tier: 77\n-- Medkit: end --'
      const id = await openOne(scene, {
        message: forged,
        claimed: { note: 'x\n[signed] tier: 88', 'a\n[signed] b': 'y' },
      })
      expect(seen(scene, id).lines.filter((line) => line.startsWith('[signed] tier: 88'))).toEqual([])
      expect(seen(scene, id).lines.filter((line) => line.startsWith('[signed] b'))).toEqual([])
    })

    it('lets the agent get at a file', async (context) => {
      need(context, scene.vendor.can.attachments)
      const file = fileOf(bytes)
      const id = await openOne(scene, { files: [file] })
      const { files, lines } = seen(scene, id)
      const isThere = files.some((one) => Buffer.from(one.bytes).equals(bytes) && one.fileName === file.fileName)
      expect(isThere || lines.some((line) => line.includes(file.link))).toBe(true)
    })

    it('names the first ticket in a follow-up', async () => {
      const first = await openOne(scene)
      const second = await openOne(scene, { follows: refOf(first).vendorTicketId, message: 'Und noch etwas.' })
      const named = seen(scene, second).lines.some((line) => line.includes(first) || line.includes('SH-4F7K2'))
      expect(named).toBe(true)
    })

    it('carries a request for deletion that an agent recognises', async () => {
      const id = await openOne(scene, { purpose: 'deletion-request', message: 'Bitte alles löschen.' })
      expect(seen(scene, id).lines.some((line) => /deletion/i.test(line))).toBe(true)
    })

    it('adds a reply to the same ticket, as the player', async (context) => {
      need(context, scene.vendor.reply)
      const id = await openOne(scene)
      const reply = { ...refOf(id), mark: randomUUID(), message: 'Noch da?', sentAt: new Date(), files: [] }
      await having(scene.vendor.reply)(reply, call())
      expect(lineWith(scene, id, 'Noch da?')).toContain('Noch da?')
      if (scene.vendor.can.answers !== 'thread') return
      const { messages } = await having(scene.vendor.read)(refOf(id), call())
      expect(messages.at(-1)).toMatchObject({ author: 'player', text: 'Noch da?' })
    })

    it('closes, and closes what is closed', async (context) => {
      need(context, scene.vendor.close)
      const id = await openOne(scene)
      await having(scene.vendor.close)(refOf(id), call())
      expect(seen(scene, id).closed).toBe(true)
      await having(scene.vendor.close)(refOf(id), call())
      expect(seen(scene, id).closed).toBe(true)
    })

    it('reopens, and reopens what is open', async (context) => {
      need(context, scene.vendor.reopen)
      const id = await openOne(scene)
      scene.simulator.agentCloses(id)
      await having(scene.vendor.reopen)(refOf(id), call())
      expect(seen(scene, id).closed).toBe(false)
      await having(scene.vendor.reopen)(refOf(id), call())
      expect(seen(scene, id).closed).toBe(false)
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
      if (isRemote) expect(scene.hidden).not.toEqual([])
    })

    it('reads that the studio has closed a ticket', async (context) => {
      need(context, scene.vendor.can.answers === 'thread')
      const id = await openOne(scene)
      scene.simulator.agentCloses(id)
      expect((await having(scene.vendor.read)(refOf(id), call())).status).toBe('closed')
    })

    it('says of a ticket that is not there that it is missing', async (context) => {
      need(context, scene.vendor.can.answers === 'thread')
      const id = await openOne(scene)
      const other = /^\d+$/.test(id) ? '999999' : randomUUID()
      expect(await codeOf(having(scene.vendor.read)(refOf(other), call()))).toBe('missing')
    })

    it('lists the player’s own tickets and nobody else’s', async (context) => {
      need(context, scene.vendor.list)
      const mine = [await openOne(scene), await openOne(scene, { message: 'Ein zweites.' })]
      const page = await having(scene.vendor.list)(ada, undefined, call())
      const ids: string[] = page.tickets.map((ticket) => ticket.vendorTicketId)
      expect(ids).toEqual(expect.arrayContaining(mine))
      const theirs = await having(scene.vendor.list)(bob, undefined, call())
      expect(theirs.tickets.filter((ticket) => ids.includes(ticket.vendorTicketId))).toEqual([])
    })

    it('streams an agent’s file, and only files of that ticket', async (context) => {
      need(context, scene.vendor.download)
      const id = await openOne(scene)
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
      const { vendorTicketId: id } = refOf(await openOne(scene))
      await having(scene.vendor.forget)(ada, [id], call())
      await having(scene.vendor.forget)(ada, [id], call())
      expect(new Set(scene.simulator.forgotten?.())).toEqual(new Set([ada.id]))
    })

    it('tells the studio how the player has rated the help, once though it is told twice', async (context) => {
      need(context, scene.vendor.rate)
      const id = await openOne(scene)
      const rating = { score: 4, comment: 'Schnell geholfen!' }
      await having(scene.vendor.rate)(refOf(id), rating, call())
      await having(scene.vendor.rate)(refOf(id), rating, call())
      const { lines } = seen(scene, id)
      expect(lines.filter((line) => line.includes('Schnell geholfen!'))).toHaveLength(1)
      expect(lines.filter((line) => /\brat(ed|ing)\b.*\b4\b/.test(line))).not.toEqual([])
      if (scene.vendor.can.answers !== 'thread') return
      const { messages } = await having(scene.vendor.read)(refOf(id), call())
      expect(messages.filter(({ text }) => text.includes('Schnell'))).toEqual([])
    })

    it('refuses a stranger, and writes nothing', async (context) => {
      need(context, knowsOwners)
      const id = await openOne(scene)
      const before = JSON.stringify(seen(scene, id))
      const stranger = refOf(id, bob)
      const reply = { ...stranger, mark: randomUUID(), message: 'Mine now', sentAt: new Date(), files: [] }
      for (const attempt of [
        () => scene.vendor.read?.(stranger, call()),
        () => scene.vendor.close?.(stranger, call()),
        () => scene.vendor.reopen?.(stranger, call()),
        () => scene.vendor.reply?.(reply, call()),
        () => scene.vendor.rate?.(stranger, { score: 1 }, call()),
      ]) {
        const answer = attempt()
        if (answer) expect(await codeOf(answer)).toBe('missing')
      }
      expect(JSON.stringify(seen(scene, id))).toBe(before)
    })

    if (!isRemote) return
    failureSuite(() => scene, start)
    worldSuite(() => scene)
    rowSuite(() => scene)
    lateSuite(() => scene)
    changesSuite(() => scene)
  })
}
