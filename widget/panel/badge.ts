/** How many tickets have a new answer, on the launcher and in its name. */
import { effect } from '@preact/signals-core'
import type { Support } from '../state/support.ts'

/** @returns takes it off; the name stays. */
export function drawBadge({ speech, tickets, busy }: Support, launcher: HTMLElement): () => void {
  const { launcherUnread } = speech.whole().words.value
  const mark = document.createElement('span')
  mark.className = 'badge'
  mark.setAttribute('aria-hidden', 'true')
  launcher.append(mark)
  const stop = effect(() => {
    const { count } = tickets.unread.value
    mark.hidden = busy.value
    mark.textContent = count > 9 ? '9+' : String(count)
    launcher.setAttribute('aria-label', speech.say(launcherUnread, { n: count }))
  })
  return () => {
    stop()
    mark.remove()
  }
}
