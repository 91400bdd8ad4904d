/** A view that is fetched when it is first wanted. */
import { signal } from '@preact/signals-core'
import { type ComponentType, h } from 'preact'
import type { Support } from '../state/support.ts'
import { useKept, useSupport } from './context.ts'
import { Problem } from './notice.tsx'

export function lazy<P extends object>(load: (support: Support) => Promise<ComponentType<P>>): ComponentType<P> {
  // For each panel on the page: what one has fetched, another may still lack the words and styles for.
  const found = new WeakMap<Support, ComponentType<P>>()
  return function Lazy(props: P) {
    const support = useSupport()
    const { shown, start } = useKept(() => {
      const shown = signal<ComponentType<P> | 'failed' | undefined>(found.get(support))
      const start = () => {
        shown.value = undefined
        Promise.all([load(support), support.speech.complete()]).then(
          ([component]) => {
            found.set(support, component)
            shown.value = component
          },
          () => {
            shown.value = 'failed'
          },
        )
      }
      if (!shown.value) start()
      return { shown, start }
    })
    const component = shown.value
    if (component === 'failed') return <Problem code="offline" again={start} />
    return component ? h(component, props) : null
  }
}
