/** The full-page door behind index.html: the studio's portal, and the page a game shows in its webview. */
import { createHost } from './host.ts'
import { createBridge, type FromGame } from './play/bridge.ts'
import { start } from './start.ts'
import { openLink } from './state/mail-link.ts'
import { subjectOf } from './state/owner.ts'
import { addStyles } from './style/adopt.ts'
import fullPageStyles from './style/full-page.css?inline'
import './style/page.css'

const asked = new URLSearchParams(location.search)
const secret = takeSecret()
const ticket = asked.get('ticket')
const relay = new URL('.', location.href).href.replace(/\/$/, '')
const bridge = createBridge(asked.get('bridge'))

const root = createHost(relay, '')
document.body.append(root.host)
const { medkit, support } = start(
  { game: asked.get('game') ?? '', relay, locale: asked.get('locale') ?? navigator.language },
  {
    root,
    mode: 'page',
    closable: bridge.present,
    doubt: secret.token !== null,
    ...(asked.get('files') === 'game' && { pickFile: () => bridge.tell('pick-file') }),
  },
)
addStyles(root, fullPageStyles)
enter(secret, false)
if (ticket) medkit.open({ ticket })
if (bridge.present) connect()
// The page stands already, and its address was given another secret.
addEventListener('hashchange', () => enter(takeSecret(), true))
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted || bridge.present) return
  // Put away and fetched out again by whoever sits here now: as it would be opened anew.
  support.session.doubt()
  location.reload()
})

/** A token in the address must not stay where history, a screenshot or the next script can read it. */
function takeSecret() {
  const secret = new URLSearchParams(location.hash.slice(1))
  if (location.hash) history.replaceState(null, '', location.pathname + location.search)
  return { token: secret.get('token'), code: secret.get('code') }
}

/** @param live the page shows somebody, or nobody, already */
function enter({ token, code }: typeof secret, live: boolean): void {
  if (code) {
    openLink(support, code).catch(async () => {
      await support.speech.complete()
      support.notices.show({ text: support.speech.whole().words.value.linkDead })
    })
  }
  if (token) arrive(token, live)
}

/** Goes on at once where there is nobody to ask about. */
function arrive(token: string, live: boolean): void {
  const { session, arriving } = support
  const another = bridge.present ? askGame : undefined
  const known = session.known(subjectOf(token))
  if (known && known.owner !== subjectOf(token)) {
    session.doubt()
    arriving.value = { token, another, known }
    return
  }
  // What nobody has written here is not for whoever comes by a link.
  if (live && !known) session.doubt()
  session.signInByLink(token, another)
}

/** When the token from the address has run out. */
async function askGame(): Promise<string> {
  return String((await bridge.ask('token-needed', 'token')).token)
}

function connect(): void {
  for (const event of ['ready', 'open', 'close', 'unread'] as const) {
    medkit.on(event, (detail) => bridge.tell(event, { ...detail }))
  }
  // A console's or a handheld's keyboard is the game's to show.
  const keyboard = (open: boolean) => (event: Event) => {
    const { target } = event
    const isText = target instanceof HTMLInputElement && !/radio|checkbox|file/.test(target.type)
    if (isText || target instanceof HTMLTextAreaElement) bridge.tell('keyboard', { open })
  }
  // In here: the document hears nothing of a focus that goes from one place of ours to another.
  root.addEventListener('focusin', keyboard(true))
  root.addEventListener('focusout', keyboard(false))
  bridge.hear(answer)
}

/** What comes over the bridge is the game's own, and still taken for nothing but what it should be. */
function answer({ type, ...more }: FromGame): void {
  if (type === 'token' && typeof more.token === 'string' && !secret.token) medkit.signIn(more.token)
  if (type === 'locale' && typeof more.locale === 'string') support.speech.choose(more.locale).catch(() => {})
  if (type === 'metadata') medkit.setMetadata(textsOf(more.metadata))
  if (type === 'back') support.back()
  if (type === 'busy') medkit.setBusy(more.busy === true)
  if (type === 'pad') support.pad.value = more.pad !== false
  if (type === 'file') medkit.attach(fileOf(more))
}

function textsOf(value: unknown): Record<string, string> {
  const entries = Object.entries(typeof value === 'object' && value ? value : {})
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/** `{fileName, fileType, base64}`: what a native file chooser hands to a page. */
function fileOf({ fileName, fileType, base64 }: Record<string, unknown>): File {
  const bytes = Uint8Array.from(atob(String(base64)), (character) => character.charCodeAt(0))
  return new File([bytes], String(fileName), { type: String(fileType) })
}
