/** Brings the panel to life, on whatever ground one of the three doors has prepared. */

import { effect } from '@preact/signals-core'
import type { TicketId } from '../server/contract/ids.ts'
import type { Emit, Medkit, MountOptions, PageProblemCode } from './handle.ts'
import { lazyImport } from './lazy-import.ts'
import { createFocus } from './panel/focus.ts'
import { drawPanel } from './panel/panel.tsx'
import type { Stay } from './panel/stay.ts'
import { systemClock } from './state/clock.ts'
import { listen } from './state/listen.ts'
import { startLater } from './state/start-later.ts'
import { createSupport, type Mode, type Support } from './state/support.ts'
import { addStyles } from './style/adopt.ts'
import panelStyles from './style/panel.css?inline'

/** Where to draw. */
export interface Ground {
  root: ShadowRoot
  launcher?: HTMLElement
  mode?: Mode
  /** The panel has a way out of its own; a docked one always has. */
  closable?: boolean
  /** The game chooses files, where the webview cannot. */
  pickFile?: () => void
  /** It is asked first who is to be here. */
  doubt?: boolean
}

export type StartOptions = MountOptions & { relay: string; locale: string }

/** What a part of the panel brings along. */
interface Part {
  styles: string
  /** As often as one likes. */
  prepare?(support: Support): unknown
}
type Listener = (detail: unknown) => void

const fetchTicketList = lazyImport(() => import('./panel/ticket-list.tsx'))
const fetchMessaging = lazyImport(() => import('./panel/messaging.tsx'))
const fetchStay = lazyImport(() => import('./panel/stay.ts'))
const fetchDoctor = lazyImport(() => import('./play/doctor.ts'))
const fetchGamepad = lazyImport(() => import('./play/gamepad.ts'))

export function start(
  options: StartOptions,
  { root, launcher, mode = 'docked', closable = mode === 'docked', pickFile, doubt = false }: Ground,
): { medkit: Medkit; support: Support } {
  const { relay, locale } = options
  const listeners = new Set<[string, Listener]>()
  addStyles(root, panelStyles)

  const emit: Emit = (event, detail) => {
    for (const [name, listener] of listeners) if (name === event) listener(detail)
  }
  const report = (code: PageProblemCode) => {
    emit('problem', { code })
    fetchDoctor().then(
      ({ explain }) => explain(code),
      () => {},
    )
  }
  let gone = false
  const styled = new Set<Part>()
  const take = async <File extends Part>(coming: Promise<File>) => {
    const file = await coming
    if (gone) throw Error('destroyed')
    if (!styled.has(file)) addStyles(root, file.styles)
    styled.add(file)
    file.prepare?.(support)
    return file
  }
  const support = createSupport({
    options,
    mode,
    closable,
    pickFile,
    doubt,
    clock: systemClock,
    fetch: (...request) => fetch(...request),
    emit,
    close: () => handle.close(),
    report,
    prepareTicketList: () => take(fetchTicketList()),
    prepareMessaging: () => take(fetchMessaging()),
  })
  const { session, diagnostics, router, outbox, form } = support
  const fetchRest = () => {
    if (gone) return
    outbox.load()
    for (const coming of [support.prepareTicketList(), support.prepareMessaging(), support.speech.complete()])
      coming.catch(() => {})
  }
  const focus = createFocus(root, systemClock)
  let stay: Stay | undefined
  // Nobody needs it to write, and a page does not change in the first moment.
  const stopStaying = startLater(
    fetchStay().then(({ createStay }) => () => {
      const here = createStay({
        root,
        target: options.target,
        docked: mode === 'docked',
        open: support.open,
        clock: systemClock,
        onMoved: focus.restore,
        onErased() {
          takeOff()
          draw()
          focus.enter()
        },
        onGivenUp: () => report('removed_from_page'),
      })
      stay = here
      return here.stop
    }),
  )
  const stopPad = onPad(support, root)
  let takeOff: () => void
  const draw = () => {
    takeOff = drawPanel(support, { root, launcher, theme: options.theme ?? {} })
    focus.follow()
    // Had the first try to fetch this failed, the launcher would have become a plain link.
    if (!launcher) return
    launcher.part.value = 'launcher'
    launcher.onclick = (event) => {
      event.preventDefault()
      handle.open()
    }
    // A button answers to the space bar, a link does not.
    launcher.onkeydown = (event) => {
      if (event.key === ' ') launcher.click()
    }
  }
  support.speech.choose(locale).catch(() => {})
  if (options.game) support.loadGame()
  if (options.token) session.signIn(options.token)
  // Something may lie unsent from last time.
  if (support.open.value || support.storage.get('acted')) fetchRest()

  const handle: Medkit = {
    open(view, draft) {
      // Once the first half is painted, the second is fetched: by the time a button is pressed, it is there.
      setTimeout(fetchRest)
      form.begin(draft)
      if (view === 'new') router.go({ view })
      else if (view === 'tickets') router.home()
      else if (view) router.go({ view: 'ticket', id: view.ticket as TicketId })
      focus.remember()
      const opens = !support.open.value
      support.open.value = true
      stay?.toFront()
      if (mode !== 'page') focus.enter()
      if (opens) emit('open', undefined)
    },
    close() {
      if (!support.open.value) return
      const within = focus.isWithin()
      if (mode === 'docked') support.open.value = false
      router.rest()
      emit('close', undefined)
      if (within) focus.giveBack(launcher)
    },
    destroy() {
      gone = true
      takeOff()
      stopPad()
      support.destroy()
      focus.stop()
      stopStaying()
      listeners.clear()
      root.host.remove()
    },
    signIn: session.signIn,
    signOut: session.signOut,
    setMetadata: diagnostics.setMetadata,
    addBreadcrumb: diagnostics.addBreadcrumb,
    attach(file) {
      support.prepareMessaging().then(
        ({ prepare }) => prepare(support).uploads().add([file]),
        () => {},
      )
    },
    setBusy(busy) {
      support.busy.value = busy
    },
    on(event, listener) {
      const own: [string, Listener] = [event, listener as Listener]
      listeners.add(own)
      return () => {
        listeners.delete(own)
      }
    },
    doctor() {
      // Tried once more: what it finds then is so.
      stay?.settle()
      return fetchDoctor().then(({ examine }) => examine({ relay, game: options.game, root }))
    },
  }
  draw()
  // After every listener that was waiting for the panel.
  setTimeout(() => {
    emit('ready', undefined)
  })
  return { medkit: handle, support }
}

/** Reading a pad costs a timer, so nothing of it is there until the player's first press on one. */
function onPad(support: Support, root: ShadowRoot): () => void {
  const { pad, open, busy, clock, back } = support
  const connected = () => {
    pad.value = true
  }
  const stopHearing = listen(globalThis, { gamepadconnected: connected })
  const stop = effect(() => {
    if (!pad.value) return
    const mayAct = () => open.value && !busy.value
    return startLater(
      fetchGamepad().then(
        ({ followPad }) =>
          () =>
            followPad({ root, clock, mayAct, back }),
      ),
    )
  })
  return () => {
    stopHearing()
    stop()
  }
}
