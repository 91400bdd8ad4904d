/** Signing in by mail, against a real SMTP server. */

import { once } from 'node:events'
import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { languages } from '../../../server/contract/language.ts'
import { countedMailbox, createMailLinks, type MailLinks, mailboxOf } from '../../../server/players/mail-link.ts'
import { mailWords } from '../../../server/players/mail-words.ts'
import { createMailer, type Mailer, type MailFailed } from '../../../server/players/mailer.ts'
import type { MailLink, StandingLink } from '../../../server/store/mail-links.ts'
import { createTestClock, game, type TestClock } from '../../fixtures/studio.ts'

const key = Buffer.alloc(32, 'a key of its own')
const words = mailWords('en', 'Star Harbor')
const email = 'ada@players.example'

interface Received {
  to: string[]
  text: string
}

let smtp: SMTPServer
let mails: Received[]
let mailer: Mailer
let clock: TestClock
let rows: Map<string, MailLink>
let standing: Map<string, StandingLink>
let taken: number
let troubles: MailFailed[]
let links: MailLinks

beforeEach(async () => {
  mails = []
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (address, _session, done) =>
      done(
        address.address.startsWith('nobody')
          ? Object.assign(new Error('no such mailbox'), { responseCode: 550 })
          : undefined,
      ),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push({
          to: session.envelope.rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
        })
        done()
      })
    },
  })
  const listener = smtp.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  const port = typeof address === 'object' ? address?.port : undefined
  mailer = createMailer({ url: `smtp://127.0.0.1:${port}`, from: 'support@studio.example' })
  clock = createTestClock()
  rows = new Map()
  standing = new Map()
  taken = 0
  troubles = []
  links = createMailLinks({
    subjectKey: key,
    codeKey: Buffer.alloc(32, 'for codes'),
    clock,
    mailer,
    ledger: {
      save: async (link) => void rows.set(link.hash, link),
      take: async (hash) => {
        taken += 1
        const link = rows.get(hash)
        rows.delete(hash)
        return link
      },
      standing: async (subject) => standing.get(subject),
      stand: async (subject, link, unlessSince) => {
        const known = standing.get(subject)
        if (known && known.sentAt > unlessSince) return false
        standing.set(subject, link)
        return true
      },
      fall: async (subject) => void standing.delete(subject),
    },
    linkTo: (key, code) => `https://support.studio.example/?game=${key}#code=${code}`,
    onMailFailure: (error) => troubles.push(error),
  })
})

afterEach(async () => {
  mailer.close()
  await new Promise<void>((resolve) => smtp.close(resolve))
})

/** Asks, waits for the mail and reads the code out of it. */
async function askAndRead(request: { email?: string; browserSecret?: string; mail?: 'always' | 'seldom' } = {}) {
  const { browserSecret } = await links.ask({ game, email, words, mail: 'always', ...request })
  await links.settled()
  const text = (mails.at(-1)?.text ?? '').replace(/=\r\n/g, '').replace(/=3D/g, '=')
  return { browserSecret, code: /#code=([A-Za-z0-9_-]+)/.exec(text)?.[1] ?? '', text }
}

describe('a link in a mail', () => {
  it('signs its player in, in the browser that asked', async () => {
    const { browserSecret, code } = await askAndRead()
    expect(mails[0]?.to).toEqual([email])
    const player = await links.redeem({ game, code, browserSecret })
    expect(player).toEqual({ email, subject: expect.stringMatching(/^email:[0-9a-f]{32}$/) })
  })

  it('works once', async () => {
    const { browserSecret, code } = await askAndRead()
    const both = await Promise.all([1, 2].map(() => links.redeem({ game, code, browserSecret })))
    expect(both.filter(Boolean)).toHaveLength(1)
    expect(await links.redeem({ game, code, browserSecret })).toBeUndefined()
  })

  it('works for 15 minutes', async () => {
    const first = await askAndRead()
    clock.pass(15 * 60_000 - 1)
    expect(await links.redeem({ game, ...first })).toBeDefined()
    const second = await askAndRead()
    clock.pass(15 * 60_000)
    expect(await links.redeem({ game, ...second })).toBeUndefined()
  })

  it('opened in another browser, or by a mail scanner, lets nobody in and is not used up', async () => {
    const { browserSecret, code } = await askAndRead()
    const other = await askAndRead()
    for (const wrong of [other.browserSecret, '', 'x'.repeat(43)])
      expect(await links.redeem({ game, code, browserSecret: wrong })).toBeUndefined()
    expect(await links.redeem({ game, code, browserSecret })).toBeDefined()
  })

  it('of one game opens no other, and is not used up by trying', async () => {
    const { browserSecret, code } = await askAndRead()
    expect(await links.redeem({ game: 'moon-base', code, browserSecret })).toBeUndefined()
    expect(await links.redeem({ game, code, browserSecret })).toBeDefined()
  })

  it('still works after the same browser has asked again', async () => {
    const first = await askAndRead()
    const second = await askAndRead({ browserSecret: first.browserSecret })
    expect(second.browserSecret).toBe(first.browserSecret)
    expect(await links.redeem({ game, ...first })).toBeDefined()
    expect(await links.redeem({ game, ...second })).toBeDefined()
  })

  it('that stands is good for the next who asks, without another mail, and proves their mailbox to nobody else', async () => {
    const first = await askAndRead()
    const next = await askAndRead({ mail: 'seldom' })
    expect(mails).toHaveLength(1)
    expect(next.code).toBe(first.code)
    expect(next.browserSecret).not.toBe(first.browserSecret)
    expect(await links.redeem({ game, code: next.code, browserSecret: 'x'.repeat(43) })).toBeUndefined()
    expect(await links.redeem({ game, ...next })).toMatchObject({ email })
  })

  it('that is ten minutes old stands for nobody: another is mailed', async () => {
    const first = await askAndRead()
    clock.pass(10 * 60_000)
    const next = await askAndRead({ mail: 'seldom' })
    expect(mails).toHaveLength(2)
    expect(next.code).not.toBe(first.code)
    expect(await links.redeem({ game, ...next })).toBeDefined()
  })

  it('that was used stands for nobody', async () => {
    await links.redeem({ game, ...(await askAndRead()) })
    await askAndRead({ mail: 'seldom' })
    expect(mails).toHaveLength(2)
  })

  it('of one spelling opens no other', async () => {
    const { code } = await askAndRead()
    const { browserSecret } = await links.ask({ game, email: 'ada+1@players.example', words, mail: 'never' })
    expect(await links.redeem({ game, code, browserSecret })).toBeUndefined()
    expect(mails).toHaveLength(1)
  })

  it('is not to be had from the ledger', async () => {
    const { browserSecret, code } = await askAndRead()
    const kept = JSON.stringify([...rows.values(), ...standing])
    expect(kept).not.toContain(code)
    expect(kept).not.toContain(browserSecret)
  })

  it('made up is refused without a look at the ledger', async () => {
    const { browserSecret } = await askAndRead()
    for (const code of ['', 'x', 'x'.repeat(10_000), "' OR 1=1 --"])
      expect(await links.redeem({ game, code, browserSecret })).toBeUndefined()
    expect(taken).toBe(0)
  })
})

describe('the mail', () => {
  it('says what the link is for, what limits it has, and that it may be ignored', async () => {
    const { text } = await askAndRead()
    expect(text).toContain('Subject: Sign in to Star Harbor support')
    expect(text).toContain('15 minutes')
    expect(text).toContain('ignore')
    expect(text).toMatch(/^Auto-Submitted: auto-generated/m)
    expect(text).toMatch(/^Content-Type: text\/plain/m)
  })

  it("carries a game's name as text, never as another header", async () => {
    await links.ask({ game, email, mail: 'always', words: mailWords('en', 'Sun\r\nBcc: all@players.example') })
    await links.settled()
    expect(mails[0]?.to).toEqual([email])
    expect(mails[0]?.text).not.toMatch(/^Bcc:/m)
  })

  it('to an address the mail server refuses is answered like any other, and reported without the address', async () => {
    const answer = await links.ask({ game, email: 'nobody@players.example', words, mail: 'always' })
    expect(answer.browserSecret).toMatch(/^[A-Za-z0-9_-]{43}$/)
    await links.settled()
    expect(troubles.map(({ code }) => code)).toEqual(['EENVELOPE'])
    expect(`${troubles[0]?.message}`).not.toContain('nobody')
  })

  it('that no server takes is reported', async () => {
    await new Promise<void>((resolve) => smtp.close(resolve))
    await links.ask({ game, email, words, mail: 'always' })
    await links.settled()
    expect(troubles).toHaveLength(1)
    expect(troubles[0]?.code).toMatch(/^E[A-Z]+$/)
  })
})

describe('the words of the mail', () => {
  it.each(languages)('in %s name the game, the link, the 15 minutes, and stay text', (language) => {
    const { subject, text } = mailWords(language, 'Sun $& Moon')('https://x.example/#code=1')
    expect(subject).toContain('Sun $& Moon')
    expect(text.split('\n\n')).toHaveLength(4)
    for (const part of ['Sun $& Moon', '\nhttps://x.example/#code=1\n', '15']) expect(text).toContain(part)
    expect(subject + text).not.toMatch(/[{}]/)
    expect(text.normalize('NFC')).toBe(text)
  })

  it('arrive as they were written', async () => {
    await links.ask({ game, email, mail: 'always', words: mailWords('ja', 'Star Harbor') })
    await links.settled()
    const encoded = /\r\n\r\n([A-Za-z0-9+/=\r\n]+)$/.exec(mails[0]?.text ?? '')?.[1] ?? ''
    expect(Buffer.from(encoded, 'base64').toString()).toContain('15 分間有効')
  })
})

describe('a mailbox', () => {
  it('is one player however its address is typed, and another in another game', async () => {
    const subjects = new Set<string | undefined>()
    for (const typed of ['Ada@Players.example', ' ada@players.example ']) {
      const asked = await askAndRead({ email: mailboxOf(typed) ?? '' })
      subjects.add((await links.redeem({ game, ...asked }))?.subject)
    }
    expect(subjects.size).toBe(1)
    const { browserSecret } = await links.ask({ game: 'moon-base', email, words, mail: 'always' })
    await links.settled()
    const code = /#code=3D?([\s\S]+?)\r\n\r\n/.exec(mails.at(-1)?.text ?? '')?.[1]?.replace(/=\r\n/g, '') ?? ''
    subjects.add((await links.redeem({ game: 'moon-base', code, browserSecret }))?.subject)
    expect(subjects.size).toBe(2)
    expect(subjects).not.toContain(undefined)
  })

  it('is one plain address, without lists, names, line breaks or look-alike letters', () => {
    const bad = [
      '',
      'ada',
      '@x',
      'ada@',
      'a@x,b@y',
      'a@x;b@y',
      'Ada <a@x>',
      'a@x\nb',
      'a@b@c',
      '"a"@x',
      '\u212aim@x.example',
    ]
    for (const text of bad) expect(mailboxOf(text)).toBeUndefined()
    expect(mailboxOf('A.b+C@X.example')).toBe('a.b+c@x.example')
  })

  it.each([
    ['ada+1@players.example', 'ada@players.example'],
    ['a.da@players.example', 'a.da@players.example'],
    ['a.d.a+x+y@gmail.com', 'ada@gmail.com'],
    ['ada@googlemail.com', 'ada@gmail.com'],
    ['ada@players.example.', 'ada@players.example'],
  ])('counts %s as %s', (spelling, counted) => expect(countedMailbox(spelling)).toBe(counted))
})
