/** The panel: one view at a time, or two side by side, inside the shadow root the launcher stands in. */

import { computed, effect } from '@preact/signals-core'
import { render } from 'preact'
import type { Theme } from '../../server/contract/game.ts'
import { lazyImport } from '../lazy-import.ts'
import type { Route } from '../state/route.ts'
import { startLater } from '../state/start-later.ts'
import type { Support } from '../state/support.ts'
import { followLook } from './appearance.ts'
import { Ground, useSupport } from './context.ts'
import { Home } from './home.tsx'
import { isComposing } from './keys.ts'
import { inMessaging, lazy } from './lazy.tsx'
import { NewTicket } from './new-ticket.tsx'
import { Banner } from './notice.tsx'
import { OpenedTicket, OutgoingTicket } from './ticket.tsx'

const Privacy = lazy(lazyImport(() => import('./privacy.tsx')))((file) => file.Privacy)
const SignIn = lazy(lazyImport(() => import('./sign-in.tsx')))((file) => file.SignIn)

const Toast = inMessaging(({ views }) => views.Toast)

const inPortal = lazy(lazyImport(() => import('./portal.tsx')))
const Who = inPortal((file) => file.Who, true)
const Question = inPortal((file) => file.Question)

export interface Place {
  root: ShadowRoot
  launcher?: HTMLElement | undefined
  theme: Partial<Theme>
}

/** @returns takes it off again. */
export function drawPanel(support: Support, { root, launcher, theme }: Place): () => void {
  const frame = document.createElement('div')
  // Typing "was" in a message must not walk the player's ship forward.
  for (const type of ['keydown', 'keyup', 'keypress']) frame.addEventListener(type, (event) => event.stopPropagation())
  frame.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || isComposing(event)) return
    event.preventDefault()
    support.back()
  })
  root.append(frame)
  const stops = [
    followLook(support, frame, launcher, theme),
    // Preact holds on to what a view was drawn from before; the next player begins with nothing of it.
    effect(() =>
      render(
        <Ground key={support.session.person.value} support={support}>
          <Panel />
        </Ground>,
        frame,
      ),
    ),
  ]
  if (launcher) stops.push(followUnread(support, launcher))
  return () => {
    for (const stop of stops) stop()
    render(null, frame)
    frame.remove()
  }
}

/** The launcher's name, and its number for as long as there are new answers. */
function followUnread(support: Support, launcher: HTMLElement): () => void {
  const { speech, tickets, prepareTicketList } = support
  const unread = computed(() => tickets.unread.value.count > 0)
  const fetchBadge = async () => {
    const [{ drawBadge }] = await Promise.all([prepareTicketList(), speech.complete()])
    return () => drawBadge(support, launcher)
  }
  return effect(() => {
    launcher.setAttribute('aria-label', speech.words.value.launcher)
    return unread.value ? startLater(fetchBadge()) : undefined
  })
}

function Panel() {
  const { open, mode, speech, game, wide, arriving, notices } = useSupport()
  const { words, say, locale } = speech
  if (!open.value) return null
  const name = say(words.value.support, { game: game.value?.name ?? '' })
  const arrival = arriving.value
  const role = mode === 'docked' ? 'dialog' : mode === 'page' ? 'main' : 'region'
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: the role is one of three, and each takes a label
    <div
      class="panel"
      part="panel"
      role={role}
      // What is pressed in it and takes no focus leaves it here, where Escape is heard.
      tabIndex={-1}
      aria-label={name}
      lang={locale.value}
      dir={locale.value === 'ar' ? 'rtl' : 'ltr'}
    >
      {mode === 'page' && !arrival && <Who />}
      <Banner />
      <div class="panes">
        {arrival ? (
          <Question key={arrival.token} />
        ) : (
          <>
            {wide.value && <Home />}
            <View />
          </>
        )}
      </div>
      {/* Over the foot of the panel. The region is always there, or a screen reader would miss it. */}
      <div role="status" class="toast">
        {notices.current.value && <Toast />}
      </div>
    </div>
  )
}

function View() {
  const { router, wide } = useSupport()
  const route = router.current.value
  if (route.view === 'privacy') return <Privacy />
  if (route.view === 'sign-in') return <SignIn />
  return route.view === 'home' && !wide.value ? <Home /> : <Written route={route} />
}

/** A file may be pasted or dropped anywhere on it. */
function Written({ route }: { route: Route }) {
  const taking = useSupport().messaging.value?.taking
  return (
    <div class={taking?.over.value ? 'taking dropping' : 'taking'} {...taking?.listeners}>
      {route.view === 'ticket' ? (
        <OpenedTicket key={route.id} {...route} />
      ) : route.view === 'outgoing' ? (
        <OutgoingTicket itemKey={route.key} />
      ) : (
        <NewTicket />
      )}
    </div>
  )
}
