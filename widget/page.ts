/** The full-page door behind index.html: the studio's portal, and the page a game shows in its webview. */
import { createHost } from './host.ts'
import { start } from './start.ts'

const game = new URLSearchParams(location.search).get('game') ?? ''
const relay = location.origin
start({ game, relay, locale: navigator.language }, { root: createHost(relay), mode: 'page' })
