/** The agents' pages as HTML. `html` escapes whatever is put into it. */
import { html } from 'hono/html'
import type { DeskFile, DeskMessage, DeskTicket } from './ledger.ts'

type Html = ReturnType<typeof html>

const statusWords = { open: 'Open', answered: 'Answered', closed: 'Closed' } as const
const authorWords = { player: 'Player', agent: 'Support', note: 'Internal note, for agents only' } as const

function page(title: string, body: Html, refreshSeconds?: number): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${refreshSeconds ? html`<meta http-equiv="refresh" content="${refreshSeconds}" />` : ''}
        <title>${title}</title>
        <link rel="stylesheet" href="/desk/desk.css" />
      </head>
      <body>
        ${body}
      </body>
    </html>`
}

/** @param refused - what is said above the form */
export function signInPage(refused?: string): Html {
  return page(
    'Medkit desk',
    html`<main class="narrow">
      <h1>Medkit desk</h1>
      ${refused ? html`<p role="alert" class="alert">${refused}</p>` : ''}
      <form method="post" action="/desk/sign-in">
        <label for="token">Desk token</label>
        <input id="token" name="token" type="password" required autocomplete="current-password" />
        <button>Sign in</button>
      </form>
    </main>`,
  )
}

export function listPage(tickets: readonly DeskTicket[], now: Date): Html {
  return page(
    'Tickets · Medkit desk',
    html`${header()}
      <main>
        <h1>Tickets</h1>
        ${
          tickets.length === 0
            ? html`<p class="empty">No ticket yet. This page looks again every few seconds.</p>`
            : html`<ul class="tickets">
              ${tickets.map((ticket) => listed(ticket, now))}
            </ul>`
        }
      </main>`,
    5,
  )
}

function listed(ticket: DeskTicket, now: Date): Html {
  return html`<li>
    <a href="/desk/tickets/${ticket.id}">
      <span class="status ${ticket.status}">${statusWords[ticket.status]}</span>
      <strong dir="auto">${ticket.subject}</strong>
      <span class="facts">
        ${ticket.number} · ${ticket.game} · ${ticket.language} ${ticket.category ? html`· ${ticket.category}` : ''} ·
        ${ago(now.getTime() - Number(ticket.changed_at))}
      </span>
    </a>
  </li>`
}

export interface TicketView {
  ticket: DeskTicket
  messages: readonly DeskMessage[]
  files: readonly DeskFile[]
}

export function ticketPage({ ticket, messages, files }: TicketView): Html {
  return page(
    `${ticket.number} · Medkit desk`,
    html`${header()}
      <main class="ticket">
        <p><a href="/desk">‹ All tickets</a></p>
        <h1 dir="auto">${ticket.subject}</h1>
        <p class="facts">
          <span class="status ${ticket.status}">${statusWords[ticket.status]}</span>
          ${ticket.number} · ${ticket.language} ${ticket.category ? html`· ${ticket.category}` : ''}
          ${ticket.purpose === 'deletion-request' ? html`· <strong>deletion request</strong>` : ''}
        </p>
        <ol class="messages">
          ${messages.map((message) => messageView(message, ticket, files))}
        </ol>
        ${answerForm(ticket)} ${about(ticket)}
      </main>`,
  )
}

function header(): Html {
  return html`<header>
    <a href="/desk"><strong>Medkit desk</strong></a>
    <form method="post" action="/desk/sign-out"><button class="quiet">Sign out</button></form>
  </header>`
}

function messageView(message: DeskMessage, ticket: DeskTicket, files: readonly DeskFile[]): Html {
  const own = files.filter((file) => file.message_id === message.id)
  return html`<li class="${message.author}">
    <p class="facts">
      ${authorWords[message.author]} ${message.author_name ? html`· <bdi>${message.author_name}</bdi>` : ''} ·
      <time>${new Date(Number(message.sent_at)).toISOString().slice(0, 16).replace('T', ' ')} UTC</time>
    </p>
    <p class="text" dir="auto" ${message.author === 'player' ? html`lang="${ticket.language}"` : ''}>${message.text}</p>
    ${own.map((file) => html`<p><a href="/desk/files/${file.id}"><bdi>${file.file_name}</bdi></a> (${size(file)})</p>`)}
  </li>`
}

function answerForm({ id, status }: DeskTicket): Html {
  const move = status === 'closed' ? 'reopen' : 'close'
  return html`<form method="post" action="/desk/tickets/${id}/messages" enctype="multipart/form-data" class="answer">
      <label for="text">Answer</label>
      <textarea id="text" name="text" rows="5" maxlength="10000" dir="auto"></textarea>
      <div class="row">
        <label for="name">Your name, as the player sees it</label>
        <input id="name" name="name" maxlength="60" />
        <label for="file">Files</label>
        <input id="file" name="file" type="file" multiple />
      </div>
      <div class="row">
        <button name="kind" value="answer">Send to the player</button>
        <button name="kind" value="note" class="quiet">Keep as internal note</button>
      </div>
    </form>
    <form method="post" action="/desk/tickets/${id}/${move}">
      <button class="quiet">${status === 'closed' ? 'Reopen ticket' : 'Close ticket'}</button>
    </form>`
}

function about(ticket: DeskTicket): Html {
  const rating = ticket.rating ? (JSON.parse(ticket.rating) as { score: number; comment?: string }) : undefined
  return html`<aside>
    <h2>Player</h2>
    <dl>
      <dt>Id</dt>
      <dd><bdi>${ticket.player_id}</bdi> (${ticket.player_kind})</dd>
      ${ticket.player_name ? html`<dt>Name</dt><dd><bdi>${ticket.player_name}</bdi></dd>` : ''}
      ${ticket.player_email ? html`<dt>E-mail</dt><dd><bdi>${ticket.player_email}</bdi></dd>` : ''}
      ${rating ? html`<dt>Rating</dt><dd>${rating.score} of 5 <bdi>${rating.comment ?? ''}</bdi></dd>` : ''}
    </dl>
    <h2>Answers to the form</h2>
    ${facts(ticket.fields)}
    <h2>Signed by the studio</h2>
    ${facts(ticket.signed)}
    <h2>Claimed by the player’s device, not proved</h2>
    ${facts(ticket.claimed)}
  </aside>`
}

function facts(json: string): Html {
  const entries = Object.entries(JSON.parse(json) as Record<string, unknown>)
  if (entries.length === 0) return html`<p class="empty">Nothing.</p>`
  const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  return html`<dl>
    ${entries.map(([name, value]) => html`<dt><bdi>${name}</bdi></dt><dd><bdi>${shown(value)}</bdi></dd>`)}
  </dl>`
}

function size({ file_size }: DeskFile): string {
  const bytes = Number(file_size)
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

function ago(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  return minutes < 1_440 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 1_440)} d ago`
}
