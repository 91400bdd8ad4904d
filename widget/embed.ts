/**
 * The script tag's door: reads data-*, draws the launcher, keeps every call until the panel is there, and fetches the
 * panel when somebody first means to use it. It is on every page of the game's site, so it is small before all else.
 */
import type { Theme } from '../server/contract/game.ts'
import type { Medkit } from './handle.ts'
import { createHost, raise } from './host.ts'
import { createLauncher } from './launcher.ts'

type Call = [name: string, ...values: unknown[]]
type Method = (...values: unknown[]) => unknown
type Callable = Record<string, Method>

/** Where the build put the panel, e.g. `/assets/panel-1a2b3c4d.js`. */
declare const __panel__: string

declare global {
  interface Window {
    medkit?: Call[] | (Medkit & { push(...calls: Call[]): void })
  }
}

const methods = 'open close destroy signIn signOut setMetadata addBreadcrumb attach setBusy doctor'.split(' ')
const early = window.medkit ?? []

// A second copy of the script leaves the first one alone.
if (Array.isArray(early)) {
  const { dataset, src, nonce } = document.currentScript as HTMLScriptElement
  const from = src.replace(/\/[^/]*$/, '')
  const relay = dataset.relay ?? from
  const game = dataset.game ?? ''
  const locale = dataset.locale ?? (document.documentElement.lang || navigator.language)
  const root = createHost(relay, dataset.nonce ?? nonce)
  /** How often it is put back before the panel is asked, which can tell the studio. */
  let tries = 9
  let _loading: Promise<unknown> | null = null
  let arrive: (real: Callable) => void
  const arrived = new Promise<Callable>((resolve) => {
    arrive = resolve
  })
  const load = () => {
    // A classic script of another origin has no address of its own to resolve a relative one against (HTML, "creating a
    // classic script": muted errors), so the panel's is written out.
    _loading ??= (import(/* @vite-ignore */ from + __panel__) as Promise<typeof import('./start.ts')>).then(
      ({ start }) => {
        tries = 0
        arrive(start({ game, relay, locale, theme: dataset as Partial<Theme> }, { root, launcher }).medkit as never)
      },
      () => {
        // The next press follows the link to the full page, and the next sign of interest tries again.
        _loading = launcher.onclick = null
      },
    )
  }
  const call = (name: string, ...values: unknown[]) => {
    if (/open|doctor/.test(name)) load()
    if (name === 'destroy') {
      root.host.remove()
      delete window.medkit
    }
    return arrived.then((real) => (real[name] as Method)(...values))
  }
  const handle: Callable = {
    push: (...calls) => (calls as Call[]).map((values) => call(...values)),
    on(...values) {
      const listening = call('on', ...values)
      return () => listening.then((off) => (off as Method)())
    },
  }
  for (const name of methods) handle[name] = (...values) => call(name, ...values)
  const launcher = createLauncher(`${relay}/?game=${game}`, locale, dataset.position)
  if (dataset.launcher !== 'off') root.append(launcher)
  window.medkit = handle as never
  /** Its size changes when the page takes it away, and when it is back. */
  const stay = () => {
    if ((window.medkit as unknown) !== handle) return
    if (root.host.isConnected) raise(root)
    else if (tries-- > 0) {
      // Whoever writes a new document takes every listener off the old one, down to ours.
      launcher.onpointerenter = launcher.onfocus = load
      launcher.onclick = (event) => {
        event.preventDefault()
        call('open')
      }
      // A script in <head> runs before there is a body, and a document that is being written may have nothing at all.
      ;(document.body ?? document.documentElement)?.append(root.host)
      // Once the browser has noticed that it is back.
      setTimeout(stay, 99)
    } else load()
  }
  // Later, or the browser would tell the page of a loop.
  new ResizeObserver(() => setTimeout(stay)).observe(launcher)
  stay()
  try {
    // Only a player who has written from this device may have an answer waiting; nobody else pays for the panel.
    if (`medkit:${game}:acted` in localStorage) load()
  } catch {
    // Where storage is refused, nobody has.
  }
  early.map((values) => call(...values))
}
