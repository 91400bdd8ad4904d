/** The full-page door behind index.html: the studio's portal, and the page a game shows in its webview. */
import type { TokenSource } from './handle.ts'
import { createHost } from './host.ts'
import { createBridge, type FromGame } from './play/bridge.ts'
import { start } from './start.ts'
import { openLink } from './state/mail-link.ts'
import { addStyles } from './style/adopt.ts'
import fullPageStyles from './style/full-page.css?inline'
import './style/page.css'

const asked = new URLSearchParams(location.search)
const secret = new URLSearchParams(location.hash.slice(1))
// A token in the address must not stay where history, a screenshot or the next script can read it.
history.replaceState(null, '', location.pathname + location.search)

const token = secret.get('token')
const code = secret.get('code')
const ticket = asked.get('ticket')
const relay = new URL('.', location.href).href.replace(/\/$/, '')
const bridge = createBridge(asked.get('bridge'))

const root = createHost(relay)
const { medkit, support } = start(
  {
    game: asked.get('game') ?? '',
    relay,
    locale: asked.get('locale') ?? navigator.language,
    ...(token && { token: renewable(token) }),
  },
  {
    root,
    mode: 'page',
    closable: bridge.present,
    ...(asked.get('files') === 'game' && { pickFile: () => bridge.tell('pick-file') }),
  },
)
addStyles(root, fullPageStyles)
if (code) {
  openLink(support, code).catch(async () => {
    await support.speech.complete()
    support.notices.show({ text: support.speech.whole().words.value.linkDead })
  })
}
if (ticket) medkit.open({ ticket })
if (bridge.present) connect()

/** The token from the address first; when it has run out, the game is asked for another. */
function renewable(first: string): TokenSource {
  if (!bridge.present) return first
  let next: string | undefined = first
  return async () => {
    const token = next ?? String((await bridge.ask('token-needed', 'token')).token)
    next = undefined
    return token
  }
}

function connect(): void {
  for (const event of ['ready', 'open', 'close', 'unread'] as const) {
    medkit.on(event, (detail) => bridge.tell(event, { ...detail }))
  }
  // A console's or a handheld's keyboard is the game's to show.
  const keyboard = (open: boolean) => (event: Event) => {
    const [target] = event.composedPath()
    if (target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement) bridge.tell('keyboard', { open })
  }
  document.addEventListener('focusin', keyboard(true))
  document.addEventListener('focusout', keyboard(false))
  bridge.hear(answer)
}

/** What comes over the bridge is the game's own, and still taken for nothing but what it should be. */
function answer({ type, ...more }: FromGame): void {
  if (type === 'token' && typeof more.token === 'string' && !token) medkit.signIn(more.token)
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
