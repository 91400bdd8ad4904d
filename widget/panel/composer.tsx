/** Where a reply is written, always in reach of the thumb. */
import { createRef } from 'preact'
import type { TicketId } from '../../server/contract/ids.ts'
import { FileList, FilePicker } from './attachment.tsx'
import { useKept } from './context.ts'
import { Cut, WaitsForFiles } from './field-hints.tsx'
import { Icon } from './icons.tsx'
import { isComposing } from './keys.ts'
import { morePaths } from './more-icons.ts'
import { maxMessageLength } from './new-ticket.tsx'
import { useMessaging } from './use-messaging.ts'

/** Enter makes a line where the keys are on glass; with a keyboard it sends, and the composer says so. */
const withKeyboard = () => matchMedia('(pointer: fine)').matches

export function Composer({ id }: { id: TicketId }) {
  const { speech, replies, truncation } = useMessaging()
  const words = speech.words.value
  const reply = replies.on(id)
  const text = reply.text.value
  const element = useKept(createRef<HTMLFormElement>)
  const send = async (event: Event) => {
    event.preventDefault()
    if (await reply.send()) return
    // What holds the message back: a file, about which the player has to decide.
    requestAnimationFrame(() => element.current?.querySelector<HTMLElement>('.undecided')?.focus())
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || isComposing(event)) return
    if (event.ctrlKey || event.metaKey || (withKeyboard() && !event.shiftKey)) send(event)
  }
  const lines = text.split('\n').length + Math.floor(text.length / 38)
  return (
    <form ref={element} class="foot composer" onSubmit={send}>
      <FileList uploads={reply.uploads} />
      <div class="write">
        <FilePicker uploads={reply.uploads} label={words.addFile} small />
        <textarea
          id="reply"
          aria-label={words.write}
          placeholder={words.write}
          aria-describedby={withKeyboard() ? 'keys' : undefined}
          rows={Math.min(6, lines)}
          dir="auto"
          value={text}
          {...truncation.listeners({ id, value: text, max: maxMessageLength, write: reply.write })}
          onKeyDown={onKeyDown}
        />
        <button
          type="submit"
          class="icon send"
          aria-label={words.send}
          aria-disabled={!text.trim() || reply.sending.value}
        >
          <Icon path={morePaths.send} />
        </button>
      </div>
      <Cut id={id} value={text} />
      <WaitsForFiles sending={reply.sending} uploads={reply.uploads} />
      {withKeyboard() && text && !reply.sending.value && (
        <p class="hint" id="keys">
          {words.sendKeys}
        </p>
      )}
    </form>
  )
}
