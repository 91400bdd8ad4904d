/** What a page would show now, to whoever looks: everything the views draw from. */
import type { Tab } from './tab.ts'
import { context } from './time.ts'

export interface Shown {
  text: string
  /** Of the tickets in it. */
  tickets: string[]
}

export function shownOn(tab: Tab): Shown {
  return context.run(tab, () => {
    const { tickets, messaging, outbox, form, notices, router, diagnostics, session } = tab.support
    const route = router.current.peek()
    const threads = messaging.peek()?.threads.all.peek() ?? {}
    const reply = route.view === 'ticket' ? messaging.peek()?.replies.on(route.id) : undefined
    const seen = [
      tickets.list.peek(),
      threads,
      outbox.items.peek(),
      form.answers.peek(),
      reply?.text.peek(),
      reply?.uploads.items.peek(),
      messaging.peek()?.newFiles.items.peek(),
      notices.current.peek()?.text,
      diagnostics.told(),
      session.recoveryKey(),
    ]
    const listed = tickets.list.peek()?.map(({ id }) => id) ?? []
    const open = route.view === 'ticket' ? [route.id] : []
    return { text: JSON.stringify(seen), tickets: [...listed, ...Object.keys(threads), ...open] }
  })
}
