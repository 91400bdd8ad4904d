/** A relay with two games of two studios, a mail server that really receives, and everybody who may knock. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import type { LinkSent, Session } from '../../../server/contract/player.ts'
import { createSessionTokens } from '../../../server/players/session.ts'
import { createStudio, createTestClock, type Studio, type TestClock } from '../../players/studio.ts'
import { deskToken, relaySecret, type StartOptions, startRelay, type TestRelay } from '../start.ts'
import { until } from '../wait.ts'

export const publicUrl = 'https://support.studio.example'

export interface Scene extends TestRelay {
  clock: TestClock
  /** Of `star-harbor`. */
  studio: Studio
  /** Of `moon-base`. */
  otherStudio: Studio
  mails: ReceivedMail[]
  /** A token the studio signs now, for an hour; what is given replaces single claims. */
  verified: (claims?: Record<string, unknown>, header?: Record<string, unknown>) => string
  /** Asks for a link, waits for the mail and reads the code out of it. */
  askForLink: (email?: string, more?: Record<string, unknown>) => Promise<{ code: string; browserSecret: string }>
  signInByMail: (email?: string) => Promise<Session>
  /** Another session for the player of one that was signed out, as if they had signed in again. */
  renew: (token: string) => Promise<string>
}

export interface ReceivedMail {
  to: string[]
  text: string
  /** From the link, as somebody who opens it has it. */
  code: string
}

export interface SceneOptions {
  config?: Record<string, unknown>
  /** Merged over `star-harbor`. */
  game?: Record<string, unknown>
  players?: Record<string, unknown>
  start?: Omit<StartOptions, 'config' | 'games' | 'game' | 'clock'>
  /** How far its clock is ahead, in milliseconds. */
  aheadMs?: number
}

export async function startScene({ config, game, players, start, aheadMs = 0 }: SceneOptions = {}): Promise<Scene> {
  const mails: ReceivedMail[] = []
  const smtp = await startSmtp(mails)
  const [studio, otherStudio] = [createStudio(), createStudio()]
  const clock = createTestClock(new Date(Date.now() + aheadMs))
  const relay = await startRelay({
    ...start,
    clock,
    config: { publicUrl, mail: { url: smtp.url, from: 'support@studio.example' }, ...config },
    games: {
      'star-harbor': {
        name: 'Star Harbor',
        origins: ['https://play.star-harbor.example'],
        languages: ['en', 'de', 'ja'],
        players: { jwt: studio.config, anonymous: true, email: true, ...players },
        vendor: { kind: 'desk', token: deskToken },
        ...game,
      },
      'moon-base': {
        name: 'Moon Base',
        origins: ['https://moon-base.example'],
        players: { jwt: otherStudio.config, anonymous: true, email: true },
        vendor: { kind: 'desk', token: 'desk-token-of-moon-base' },
      },
    },
  })

  function verified(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): string {
    const now = Math.floor(clock.now().getTime() / 1_000)
    return studio.sign({ iat: now, exp: now + 3_600, ...claims }, header)
  }

  async function askForLink(email = 'ada@players.example', more: Record<string, unknown> = {}) {
    const before = mails.length
    const asked = await relay.call<LinkSent>('POST /v1/sessions', {
      body: { game: 'star-harbor', kind: 'email', email, ...more },
    })
    const mail = await until(() => mails[before], 'the mail has come')
    return { code: mail.code, browserSecret: asked.body.browserSecret }
  }

  return {
    ...relay,
    clock,
    studio,
    otherStudio,
    mails,
    verified,
    askForLink,
    async signInByMail(email) {
      const body = { game: 'star-harbor', kind: 'email', ...(await askForLink(email)) }
      return (await relay.call<Session>('POST /v1/sessions', { body })).body
    },
    async renew(token) {
      const { sub, aud } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
      const kind = sub.startsWith('anon:') ? 'anonymous' : 'email'
      const sessions = createSessionTokens([relaySecret], { clock })
      return (await sessions.issue({ game: aud, subject: sub, kind, lifetimeSeconds: 3_600 })).token
    },
    async close() {
      await relay.close()
      await smtp.close()
    },
  }
}

async function startSmtp(mails: ReceivedMail[]) {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _session, done) =>
      done(
        address.startsWith('nobody') ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : undefined,
      ),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address)
        const text = decode(Buffer.concat(chunks).toString())
        mails.push({ to, text, code: /#code=([\w-]+)/.exec(text)?.[1] ?? '' })
        done()
      })
    },
  })
  const listener = server.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

/** As a mail program shows it. */
function decode(mail: string): string {
  const [head = '', ...body] = mail.split('\r\n\r\n')
  const text = body.join('\r\n\r\n')
  if (/^content-transfer-encoding: base64/im.test(head)) return `${head}\n\n${Buffer.from(text, 'base64').toString()}`
  if (!/^content-transfer-encoding: quoted-printable/im.test(head)) return mail
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return `${head}\n\n${Buffer.from(bytes, 'latin1').toString()}`
}
