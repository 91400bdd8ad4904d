/** Something to take along by the clipboard. It says so only where it has been copied: not every webview lets a page do it. */

import { signal } from '@preact/signals-core'
import { createRef } from 'preact'
import { useKept, useWhole } from './context.ts'

export function Copy({ text }: { text: string }) {
  const words = useWhole().speech.words.value
  const { done, place } = useKept(() => ({ done: signal<boolean | undefined>(), place: createRef<HTMLDivElement>() }))
  const copy = async () => {
    done.value = undefined
    done.value = (await byClipboard(text)) || byCommand(text, place.current)
  }
  return (
    <div ref={place}>
      <button type="button" class="plain" onClick={copy}>
        {words.copy}
      </button>
      <p class={done.value === false ? 'wrong' : 'hint'} role="status">
        {done.value === undefined ? '' : done.value ? words.copied : words.copyFailed}
      </p>
    </div>
  )
}

/** Not on a page without https, nor in a frame that may not. */
function byClipboard(text: string): Promise<boolean> {
  return Promise.resolve(navigator.clipboard)
    .then((clipboard) => clipboard.writeText(text))
    .then(
      () => true,
      () => false,
    )
}

/** What older engines and webviews have: it copies what is selected. */
function byCommand(text: string, place: HTMLElement | null): boolean {
  const field = document.createElement('textarea')
  const root = place?.getRootNode()
  const before = root instanceof ShadowRoot ? root.activeElement : null
  field.className = 'hidden'
  // Without it a keyboard on glass would come up.
  field.readOnly = true
  field.value = text
  place?.append(field)
  field.select()
  try {
    return document.execCommand('copy')
  } catch {
    return false
  } finally {
    field.remove()
    if (before instanceof HTMLElement) before.focus()
  }
}
