/** The npm door: `mount(options)` puts Medkit on the page and gives the handle that the script tag gives, too. */
import type {
  Draft,
  FailureCode,
  Finding,
  Medkit,
  MedkitEvents,
  MountOptions,
  MountTheme,
  PageProblemCode,
  TokenSource,
  View,
} from './handle.ts'
import { createHost } from './host.ts'
import { createLauncher } from './launcher.ts'
import { start } from './start.ts'
import { addStyles } from './style/adopt.ts'
import inlineStyles from './style/inline.css?inline'

export type {
  Draft,
  FailureCode,
  Finding,
  Medkit,
  MedkitEvents,
  MountOptions,
  MountTheme,
  PageProblemCode,
  TokenSource,
  View,
}

/** Puts Medkit on the page. Nothing is stored in the browser before the player acts. */
export function mount(options: MountOptions): Medkit {
  const relay = (options.relay ?? location.origin).replace(/\/$/, '')
  const locale = options.locale ?? (document.documentElement.lang || navigator.language)
  const root = createHost(relay, options.nonce ?? '')
  const mode = options.target ? 'inline' : 'docked'
  if (options.target) {
    root.host.className = mode
    addStyles(root, inlineStyles)
  }
  const launcher = createLauncher(`${relay}/?game=${options.game}`, locale)
  if (options.launcher !== false && mode === 'docked') root.append(launcher)
  ;(options.target ?? document.body ?? document.documentElement).append(root.host)
  const { medkit } = start({ ...options, relay, locale }, { root, launcher, mode })
  return medkit
}
