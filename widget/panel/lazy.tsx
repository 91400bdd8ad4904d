/** Parts of the panel that are fetched when the first of them is wanted. */

import { type Signal, signal } from '@preact/signals-core'
import type { ComponentType } from 'preact'
import type { Support } from '../state/support.ts'
import { useKept, useSupport } from './context.ts'
import { Problem } from './notice.tsx'

/** @returns makes a view of what is in the file. */
export function lazy<File extends object>(fetchFile: (support: Support) => Promise<File>) {
  // For each panel on the page: what one has fetched, another may still lack the words and styles for.
  const files = new WeakMap<Support, Signal<File | 'failed' | undefined>>()
  const fileFor = (support: Support) => {
    const file = files.get(support) ?? signal<File | 'failed'>()
    files.set(support, file)
    if (file.value === 'failed') file.value = undefined
    // Wanted by two at once it is fetched once all the same, and comes at once when it is there.
    Promise.all([fetchFile(support), support.speech.complete()]).then(
      ([fetched]) => {
        file.value = fetched
      },
      () => {
        file.value = 'failed'
      },
    )
    return file
  }
  /** @param quiet when it cannot be had: another part of the same screen says so. */
  return <P extends object>(viewIn: (file: File) => ComponentType<P>, quiet = false) =>
    function Lazy(props: P) {
      const support = useSupport()
      const file = useKept(() => fileFor(support)).value
      if (file === 'failed') return quiet ? null : <Problem code="offline" again={() => fileFor(support)} />
      const View = file && viewIn(file)
      return View ? <View {...props} /> : null
    }
}

/** What whoever has written to us before sees first. */
export const inTicketList = lazy(({ prepareTicketList }) => prepareTicketList())
/** What comes after writing. */
export const inMessaging = lazy(({ prepareMessaging }) => prepareMessaging())
