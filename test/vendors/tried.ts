/**
 * README's cells by trying: each row is done at a simulator, by a vendor as it is configured, and what can then be seen there
 * is the cell. Nothing here believes `can` but for figures that nobody can see.
 */
import { randomUUID } from 'node:crypto'
import type { Once, Vendor } from '../../server/vendors/vendor.ts'
import type { VendorSimulator } from './simulator.ts'
import { ada, call, fileOf, openingOf, refOf } from './suite-parts.ts'

export interface Trial {
  simulator: VendorSimulator
  vendor: Vendor
  /** Opens where `vendor` cannot: the player's tickets may come from elsewhere. */
  elsewhere: Vendor
}

/** @returns what the cell says, if it is true */
export type Try = (trial: Trial) => Promise<string>

const bytes = new TextEncoder().encode('not really a picture')

const yesOrNo = (has: unknown) => (has ? 'yes' : 'no')

async function openWith(vendor: Vendor, changes: Parameters<typeof openingOf>[0] = {}): Promise<string | undefined> {
  const opened = await vendor
    .open(openingOf({ answerTo: 'typed@players.example', ...changes }), call())
    .catch(() => undefined)
  return opened?.vendorTicketId
}

async function someTicket({ vendor, elsewhere }: Trial): Promise<string> {
  const id = (await openWith(vendor)) ?? (await openWith(elsewhere))
  if (id === undefined) throw new Error('nobody can open a ticket there')
  return id
}

function linesOf({ simulator }: Trial, id: string | undefined): readonly string[] {
  return simulator.tickets().find(({ vendorTicketId }) => vendorTicketId === id)?.lines ?? []
}

const isClosed = ({ simulator }: Trial, id: string) =>
  simulator.tickets().some(({ vendorTicketId, closed }) => vendorTicketId === id && closed)

async function followUp(trial: Trial, first: string): Promise<boolean> {
  const follows = refOf(first).vendorTicketId
  const id = await openWith(trial.vendor, { follows, message: 'Und noch etwas.' })
  return id !== first && linesOf(trial, id).some((line) => line.includes(first))
}

const open: Try = async (trial) => {
  const id = await openWith(trial.vendor, { message: 'Mein Anker klemmt.' })
  if (!linesOf(trial, id).some((line) => line.includes('Mein Anker klemmt.'))) return 'no'
  trial.simulator.makeNew?.('player-new')
  const opened = await openWith(trial.vendor, { player: { ...ada, id: 'player-new' } })
  return opened === undefined ? 'yes, for players who have a chat there' : 'yes'
}

const writeOn: Try = async (trial) => {
  const id = await someTicket(trial)
  const reply = { ...refOf(id), mark: randomUUID(), message: 'Noch da?', sentAt: new Date(), files: [] }
  await trial.vendor.reply?.(reply, call()).catch(() => undefined)
  if (linesOf(trial, id).includes('Noch da?')) return 'on the ticket'
  return (await followUp(trial, id)) ? 'as a follow-up ticket' : 'no'
}

const readAnswers: Try = async (trial) => {
  const id = await someTicket(trial)
  trial.simulator.agentAnswers(id, 'Wir suchen es.')
  const read = await trial.vendor.read?.(refOf(id), call()).catch(() => undefined)
  const isRead = read?.messages.some(({ author, text }) => author === 'agent' && text === 'Wir suchen es.')
  return isRead ? 'yes' : 'no, by e-mail'
}

const close: Try = async (trial) => {
  const id = await someTicket(trial)
  await trial.vendor.close?.(refOf(id), call())
  return yesOrNo(isClosed(trial, id))
}

const reopen: Try = async (trial) => {
  const id = await someTicket(trial)
  trial.simulator.agentCloses(id)
  await trial.vendor.reopen?.(refOf(id), call())
  if (!isClosed(trial, id)) return 'yes'
  return (await followUp(trial, id)) ? 'as a follow-up ticket' : 'no'
}

const attach: Try = async (trial) => {
  const file = fileOf(bytes)
  const id = await openWith(trial.vendor, { files: [file] })
  const ticket = trial.simulator.tickets().find(({ vendorTicketId }) => vendorTicketId === id)
  const isThere = ticket?.files.some((one) => Buffer.from(one.bytes).equals(bytes))
  const isLinked = ticket?.lines.some((line) => line.includes(file.link))
  const { attachments } = trial.vendor.can
  return (isThere || isLinked) && attachments ? `${attachments.maxBytes / 1024 / 1024} MB each` : 'no'
}

const getFiles: Try = async (trial) => {
  const id = await someTicket(trial)
  trial.simulator.agentAnswers(id, 'Siehe Bild.', { fileName: 'answer.png', fileType: 'image/png', bytes })
  const read = await trial.vendor.read?.(refOf(id), call()).catch(() => undefined)
  const file = read?.messages.flatMap(({ attachments }) => attachments).at(-1)
  const download = file && (await trial.vendor.download?.(refOf(id), file, call()))
  return yesOrNo(download && (await new Response(download.body).text()) === 'not really a picture')
}

const seeElsewhere: Try = async (trial) => {
  const id = await openWith(trial.elsewhere)
  const page = await trial.vendor.list?.(ada, undefined, call())
  return yesOrNo(page?.tickets.some(({ vendorTicketId }) => vendorTicketId === id))
}

const beForgotten: Try = async (trial) => {
  const id = refOf(await someTicket(trial)).vendorTicketId
  await trial.vendor.forget?.(ada, [id], call())
  if (trial.simulator.forgotten?.().includes(ada.id)) return 'by the vendor’s own call'
  const asked = await openWith(trial.vendor, { purpose: 'deletion-request', message: 'Bitte alles löschen.' })
  return linesOf(trial, asked).some((line) => /deletion/i.test(line)) ? 'the studio is asked' : 'no'
}

const rate: Try = async (trial) => {
  const id = await someTicket(trial)
  await trial.vendor.rate?.(refOf(id), { score: 4, comment: 'Schnell geholfen!' }, call())
  const lines = linesOf(trial, id)
  if (!lines.some((line) => line.includes('Schnell geholfen!'))) return 'no'
  // A field of the vendor's own holds both; a note says them.
  return lines.some((line) => /^rating:.*Schnell geholfen!/.test(line)) ? 'yes' : 'yes, as a note to the agents'
}

/** That it is there within 15 seconds, a test of the relay's shows. */
const hear: Try = async (trial) => {
  const id = await someTicket(trial)
  trial.simulator.agentAnswers(id, 'Wir suchen es.')
  if (!(await trial.vendor.read?.(refOf(id), call()).catch(() => undefined))) return 'by e-mail'
  if (trial.vendor.needsNoHook) return 'at once'
  const body = trial.simulator.hookOf?.(id)
  const hints = body === undefined ? [] : trial.vendor.receive?.({ headers: new Headers(), body })
  const isHinted = hints?.some(({ vendorTicketId }) => vendorTicketId === id)
  return isHinted ? 'at once with its hook, else within 15 seconds' : 'within 15 seconds'
}

export const tries: Record<string, Try> = {
  'Open a ticket': open,
  'Write on': writeOn,
  'Read the answers here': readAnswers,
  Close: close,
  Reopen: reopen,
  'Attach files': attach,
  'Get an agent’s files': getFiles,
  'See tickets opened elsewhere': seeElsewhere,
  'Be forgotten': beForgotten,
  'Rate the help': rate,
  'Hear of news': hear,
}

/** Sends a ticket whose answer is lost, and again after having looked: what keeps it single, if anything does. */
export async function onceOpened({ simulator, vendor }: Trial): Promise<Once | 'never'> {
  const opening = openingOf({ answerTo: 'typed@players.example' })
  const copies = () => simulator.tickets().filter(({ lines }) => lines.some((line) => line.includes(opening.mark)))
  simulator.misbehave('lost-answer', 1, simulator.calls.open)
  await vendor.open(opening, call()).catch(() => undefined)
  simulator.behave()
  if (copies().length === 0) return 'never'
  if ((await vendor.findOpened?.(opening, call()))?.vendorTicketId === copies()[0]?.vendorTicketId) return 'relay'
  await vendor.open(opening, call())
  return copies().length === 1 ? 'vendor' : 'marked'
}

/** The same of a reply; where there are none, what a player writes next is a new ticket. */
export async function onceReplied(trial: Trial): Promise<Once | 'never'> {
  const { simulator, vendor } = trial
  if (!vendor.reply) return onceOpened(trial)
  const id = await openWith(vendor)
  if (id === undefined) return 'never'
  const reply = { ...refOf(id), mark: randomUUID(), message: `Noch da? ${randomUUID()}`, sentAt: new Date(), files: [] }
  const copies = () => linesOf(trial, id).filter((line) => line === reply.message).length
  if (simulator.calls.reply) simulator.misbehave('lost-answer', 1, simulator.calls.reply)
  await vendor.reply(reply, call()).catch(() => undefined)
  simulator.behave()
  if (await vendor.findReplied?.(reply, call())) return copies() === 1 ? 'relay' : 'marked'
  await vendor.reply(reply, call())
  return copies() === 1 ? 'vendor' : 'marked'
}
