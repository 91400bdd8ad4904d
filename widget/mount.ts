/** The npm door: draws the launcher at once and fetches the panel when somebody first means to use it. */
import type { Draft, FailureCode, Finding, Medkit, MedkitEvents, MountOptions, TokenSource, View } from './handle.ts'
import { createHost } from './host.ts'
import { createLauncher } from './launcher.ts'

export type { Draft, FailureCode, Finding, Medkit, MedkitEvents, MountOptions, TokenSource, View }

export type Emit = <E extends keyof MedkitEvents>(event: E, detail: MedkitEvents[E]) => void

/** What the panel is given to stand on. */
export interface PanelParts {
  root: ShadowRoot
  relay: string
  locale: string
  options: MountOptions
  launcher?: HTMLElement | undefined
  emit: Emit
}

/** The lazy half of {@link Medkit}: all but the listeners, which are there from the start. */
export type Panel = Omit<Medkit, 'on'>

type Listener = (detail: unknown) => void

export function mount(options: MountOptions, ground?:{root:ShadowRoot,launcher:HTMLElement}): Medkit { return {} as never }