/** A page of the game's with the widget's own state on it, as `widget/start.ts` puts it together; only nothing is drawn. */
import type { Emit } from '../../../widget/handle.ts'
import { systemClock } from '../../../widget/state/clock.ts'
import { messagingOf } from '../../../widget/state/messaging.ts'
import { createSupport, type Support } from '../../../widget/state/support.ts'
import type { Truth } from './people.ts'
import type { Page } from './time.ts'

export interface Tab extends Page {
  truth: Truth
  support: Support
  /** Tells the page's own scripts, as the browser does. */
  tell(event: Event): void
  /** What is loaded once the player means to write. */
  fetchRest(): void
  line: { onLine: boolean }
  document: EventTarget & { hidden: boolean }
  /** Mailed codes that are on their way: the turn they were asked in. */
  entering: number | undefined
  /** The studio has been asked for a token that never comes. */
  hangs: boolean
}

export interface TabParts {
  page: Page
  truth: Truth
  events: EventTarget
  line: { onLine: boolean }
  document: EventTarget & { hidden: boolean }
  fetch: typeof fetch
  emit: Emit
}

/** To be called within the page. */
export function openTab({ page, truth, events, line, document, fetch, emit }: TabParts): Tab {
  const notDrawn = () => Promise.reject(Error('nothing is drawn here'))
  const support = createSupport({
    options: { game: 'test', relay: 'https://relay.test', locale: 'en' },
    mode: 'docked',
    closable: true,
    pickFile: undefined,
    doubt: false,
    report: () => {},
    clock: systemClock,
    fetch,
    emit,
    close() {},
    prepareTicketList: notDrawn,
    prepareMessaging() {
      messagingOf(support)
      return notDrawn()
    },
  })
  const fetchRest = () => {
    support.outbox.load()
    messagingOf(support)
    support.speech.complete().catch(() => {})
  }
  support.speech.choose('en').catch(() => {})
  support.loadGame()
  support.open.value = true
  if (support.storage.get('acted')) fetchRest()
  const tell = (event: Event) => {
    events.dispatchEvent(event)
  }
  return Object.assign(page, {
    truth,
    support,
    tell,
    fetchRest,
    line,
    document,
    entering: undefined,
    hangs: false,
  })
}
