/** The agents' pages of the built-in desk: plain HTML and forms, no script. Nothing is read of who is not known. */
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Clock } from '../runtime/clock.ts'
import { type DeskFiles, deskId } from '../vendors/desk/desk.ts'
import type { VendorFileId, VendorMessageId, VendorTicketId } from '../vendors/vendor.ts'
import type { DeskFile, DeskLedger, DeskTicket } from './ledger.ts'
import { type DeskSignIn, type Entry, sessionSeconds } from './sign-in.ts'
import { deskStyle } from './style.ts'
import { listPage, signInPage, ticketPage } from './views.ts'

export interface DeskPageParts {
  door: DeskSignIn
  /** Where a request comes from. */
  addressOf: (context: Context) => string | undefined
  ledger: DeskLedger
  files: DeskFiles
  clock: Clock
  /** Tells the relay that something a player can see has changed. */
  onChange: (game: string, id: VendorTicketId) => void
  /** How a file leaves: as a download, sandboxed. */
  download: (
    body: ReadableStream<Uint8Array>,
    file: { fileName: string; fileType: string; fileSize: number },
  ) => Response
}

type Env = { Variables: { games: readonly string[] } }

const cookieName = 'medkit-desk'
const listed = 200
/** A token is short. */
const maxSignInBytes = 4_096
/** An agent's answer with its files is read in one piece. */
const maxFormBytes = 26_214_400
const maxTextLength = 10_000

const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  // A form's POST says where it comes from only when referrers are not forbidden altogether; see isForeign.
  'referrer-policy': 'same-origin',
}

export function createDeskPages({
  door,
  addressOf,
  ledger,
  files,
  clock,
  onChange,
  download,
}: DeskPageParts): Hono<Env> {
  const pages = new Hono<Env>()

  async function ticketOf(games: readonly string[], id: string): Promise<DeskTicket | undefined> {
    for (const game of games) {
      const ticket = await ledger.find(game, id as VendorTicketId)
      if (ticket) return ticket
    }
    return undefined
  }

  pages.get('/desk.css', (context) => context.body(deskStyle, 200, { 'content-type': 'text/css; charset=utf-8' }))

  function refuse(context: Context, entry: Entry) {
    if ('games' in entry) return context.html(signInPage('No game has this token.'), 401, pageHeaders)
    const headers = { ...pageHeaders, 'retry-after': String(entry.waitSeconds) }
    return context.html(signInPage('Too many wrong tokens. Try again in a minute.'), 429, headers)
  }

  const isOpened = (entry: Entry) => 'games' in entry && entry.games.length > 0
  const tooLarge = (context: Context) => context.html(signInPage('That is no token.'), 413, pageHeaders)

  pages.post('/sign-in', bodyLimit({ maxSize: maxSignInBytes, onError: tooLarge }), async (context) => {
    if (isForeign(context)) return refuse(context, { games: [] })
    const { token } = await formOf(context)
    const entry = await door.byToken(typeof token === 'string' ? token : '', addressOf(context))
    if (typeof token !== 'string' || !isOpened(entry)) return refuse(context, entry)
    keepSession(context, await door.open(token))
    return context.redirect('/desk', 303)
  })

  pages.post('/sign-out', async (context) => {
    const id = getCookie(context, cookieName)
    if (id !== undefined && !isForeign(context)) await door.end(id)
    deleteCookie(context, cookieName, { path: '/desk' })
    return context.redirect('/desk', 303)
  })

  /** Undefined for a visitor who shows nothing. */
  async function entryOf(context: Context): Promise<Entry | undefined> {
    const token = bearerOf(context)
    if (token !== undefined) return door.byToken(token, addressOf(context))
    const id = getCookie(context, cookieName)
    const games = id === undefined ? [] : await door.bySession(id)
    return games.length > 0 ? { games } : undefined
  }

  pages.use(async (context, next) => {
    const entry = await entryOf(context)
    if (!entry) return context.html(signInPage(), 401, pageHeaders)
    if (!('games' in entry) || entry.games.length === 0) return refuse(context, entry)
    if (context.req.method === 'POST' && isForeign(context)) return context.html(signInPage(), 403, pageHeaders)
    context.set('games', entry.games)
    return next()
  })

  pages.get('/', async (context) => {
    const tickets = await ledger.list(context.get('games'), listed)
    if (wantsJson(context)) return context.json({ tickets })
    return context.html(listPage(tickets, clock.now()), 200, pageHeaders)
  })

  pages.get('/tickets/:id', async (context) => {
    const ticket = await ticketOf(context.get('games'), context.req.param('id'))
    if (!ticket) return context.notFound()
    const [messages, attached] = await Promise.all([ledger.messages(ticket.id), ledger.files(ticket.id)])
    if (wantsJson(context)) return context.json({ ticket, messages, files: attached })
    return context.html(ticketPage({ ticket, messages, files: attached }), 200, pageHeaders)
  })

  pages.post('/tickets/:id/messages', async (context) => {
    const ticket = await ticketOf(context.get('games'), context.req.param('id'))
    if (!ticket) return context.notFound()
    // Said before a byte of it is read; who does not say how much it is does not get to send it.
    if (Number(context.req.header('content-length') ?? Number.POSITIVE_INFINITY) > maxFormBytes)
      return context.text('Too large: an answer with its files may be 25 MB.', 413)
    const form = await formOf(context)
    const text = textOf(form.text)
    if (text.length > maxTextLength) return context.text('Too long: an answer may have 10,000 characters.', 422)
    const sent = [form.file].flat().filter((file): file is File => file instanceof File && file.size > 0)
    if (text === '' && sent.length === 0) return context.text('Nothing to send.', 422)
    const author = form.kind === 'note' ? 'note' : 'agent'
    await say(ticket, { author, text, name: typeof form.name === 'string' ? form.name.trim() : '' }, sent)
    return context.redirect(`/desk/tickets/${ticket.id}`, 303)
  })

  async function say(ticket: DeskTicket, said: { author: 'agent' | 'note'; text: string; name: string }, sent: File[]) {
    const id = deskId<VendorMessageId>()
    const rows = await Promise.all(sent.map((file) => keepFile(ticket, id, file)))
    const at = clock.now().getTime()
    const message = {
      id,
      ticket_id: ticket.id,
      author: said.author,
      author_name: said.name.slice(0, 60) || null,
      text: said.text,
      sent_at: at,
      mark: null,
    }
    const isAnswer = said.author === 'agent'
    await ledger.say(message, rows, { ...(isAnswer ? { status: 'answered' as const } : {}), changed_at: at })
    if (isAnswer) onChange(ticket.game, ticket.id)
  }

  async function keepFile(ticket: DeskTicket, message_id: VendorMessageId, file: File): Promise<DeskFile> {
    const id = deskId<VendorFileId>()
    await files.write(id, file.stream(), { maxBytes: file.size })
    const file_type = file.type || 'application/octet-stream'
    return { id, ticket_id: ticket.id, message_id, file_name: file.name.slice(0, 200), file_type, file_size: file.size }
  }

  for (const [path, status] of [
    ['/tickets/:id/close', 'closed'],
    ['/tickets/:id/reopen', 'open'],
  ] as const) {
    pages.post(path, async (context) => {
      const ticket = await ticketOf(context.get('games'), context.req.param('id') ?? '')
      if (!ticket) return context.notFound()
      await ledger.setStatus(ticket.id, status, clock.now())
      onChange(ticket.game, ticket.id)
      return context.redirect(`/desk/tickets/${ticket.id}`, 303)
    })
  }

  pages.get('/files/:id', async (context) => {
    const file = await ledger.findFile(context.req.param('id') as VendorFileId)
    const ticket = file && (await ticketOf(context.get('games'), file.ticket_id))
    const kept = ticket && (await files.read(file.id))
    if (!ticket || !kept) return context.notFound()
    return download(kept.body, { fileName: file.file_name, fileType: file.file_type, fileSize: kept.size })
  })

  return pages
}

/** What is no form has no fields, whatever it calls itself. */
async function formOf({ req }: Context): Promise<Record<string, unknown>> {
  // Read first, on its own: a client that breaks off here has sent nothing that could be judged.
  await req.arrayBuffer()
  return req.parseBody({ all: true }).catch(() => ({}))
}

/** A form sends each line break as two characters; the browser counted it as one. */
function textOf(field: unknown): string {
  return typeof field === 'string' ? field.replaceAll('\r\n', '\n').trim() : ''
}

function keepSession(context: Context, id: string): void {
  const secure = new URL(context.req.url).protocol === 'https:' || context.req.header('x-forwarded-proto') === 'https'
  const options = { path: '/desk', httpOnly: true, sameSite: 'Strict', secure, maxAge: sessionSeconds } as const
  setCookie(context, cookieName, id, options)
}

/** A form on somebody else's page. Browsers that send neither header send no strict cookie across sites either. */
function isForeign(context: Context): boolean {
  const site = context.req.header('sec-fetch-site')
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  const origin = context.req.header('origin')
  return origin !== undefined && URL.parse(origin)?.host !== context.req.header('host')
}

function bearerOf(context: Context): string | undefined {
  return /^Bearer +(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1]
}

function wantsJson(context: Context): boolean {
  return context.req.header('accept')?.includes('application/json') ?? false
}
