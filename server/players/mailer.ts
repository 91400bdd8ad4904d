/** The only place that sends mail. Plain text: nothing to load, nothing to inject into, readable everywhere. */
import type { Transporter } from 'nodemailer'

export interface Mail {
  /** One mailbox; the caller has checked that it is one. */
  to: string
  subject: string
  text: string
}

export interface Mailer {
  /** @throws MailFailed */
  send: (mail: Mail) => Promise<void>
  close: () => void
}

/** Says which step failed, in the library's own stable words (`EAUTH`, `ECONNECTION` …); never an address or a link. */
export class MailFailed extends Error {
  override readonly name = 'MailFailed'
  readonly code: string

  constructor(code: string, options?: ErrorOptions) {
    super(`the mail could not be handed over: ${code}`, options)
    this.code = code
  }
}

/** @param config - `url` is `smtp://` (with STARTTLS where the server offers it) or `smtps://`, with its credentials */
export function createMailer(config: { url: string; from: string }): Mailer {
  let opened: Promise<Transporter> | undefined

  /** Loaded with the first mail: most relays write none. */
  async function open(): Promise<Transporter> {
    const { createTransport } = await import('nodemailer')
    return createTransport({
      url: config.url,
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 20_000,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  }

  return {
    async send({ to, subject, text }) {
      try {
        // As an object, an address is never parsed as a list of several.
        const recipient = { name: '', address: to }
        opened ??= open()
        await (await opened).sendMail({ from: config.from, to: recipient, subject, text, headers: automatic })
      } catch (error) {
        throw new MailFailed(codeOf(error), { cause: error })
      }
    },
    close: () => void opened?.then((transport) => transport.close()),
  }
}

/** RFC 3834: keeps out-of-office replies from coming back. */
const automatic = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' }

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'EUNKNOWN'
}
