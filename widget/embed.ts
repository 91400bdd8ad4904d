/**
 * The script tag's door: reads data-*, draws the launcher, keeps every call until the panel is there, and fetches the
 * panel when somebody first means to use it. It is on every page of the game's site, so it is small before all else.
 */
import type { Theme } from '../server/contract/game.ts'
import type { Medkit } from './handle.ts'
import { createHost } from './host.ts'
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
if (Array.isArray(early)) attach(document.currentScript as HTMLScriptElement, early)

function attach({ dataset, src, nonce }: HTMLScriptElement, early: Call[]): void {
  const from = src.replace(/\/[^/]*$/, '')
  const relay = dataset.relay ?? from
  const game = dataset.game ?? ''
  const locale = dataset.locale ?? (document.documentElement.lang || navigator.language)
  const root = createHost(relay, dataset.nonce ?? nonce)
  let _loading: Promise<unknown> | null = null
  let arrive: (real: Callable) => void
  const arrived = new Promise<Callable>((resolve) => {
    arrive = resolve
  })
  const load = () => {
    // A classic script of another origin has no address of its own to resolve a relative one against (HTML, "creating a
    // classic script": muted errors), so the panel's is written out.
    _loading ??= (import(/* @vite-ignore */ from + __panel__) as Promise<typeof import('./start.ts')>).then(
      ({ start }) =>
        arrive(start({ game, relay, locale, theme: dataset as Partial<Theme> }, { root, launcher }).medkit as never),
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
  const launcher = createLauncher(`${relay}/?game=${game}`, locale, load, () => call('open'))
  launcher.className += ` ${dataset.position}`
  if (dataset.launcher !== 'off') root.append(launcher)
  if (hasActedHere(game)) load()
  window.medkit = handle as never
  early.map((values) => call(...values))
}

/** Only a player who has written from this device may have an answer waiting; nobody else pays for the panel. */
function hasActedHere(game: string): boolean {
  try {
    return `medkit:${game}:acted` in localStorage
  } catch {
    return false
  }
}
