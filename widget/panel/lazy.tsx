/** A view that is fetched when it is first wanted. */
import { type ComponentType, h } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Support } from '../state/support.ts'
import { useSupport } from './context.ts'
import { Problem } from './notice.tsx'

export function lazy<P extends object>(load: (support: Support) => Promise<ComponentType<P>>): ComponentType<P> {
  // For each panel on the page: what one has fetched, another may still lack the words and styles for.
  const found = new WeakMap<Support, ComponentType<P>>()
  return function Lazy(props: P) {
    const support = useSupport()
    const [failed, setFailed] = useState(false)
    const [, redraw] = useState(0)
    const component = found.get(support)
    const start = () => {
      setFailed(false)
      Promise.all([load(support), support.speech.complete()]).then(
        ([component]) => {
          found.set(support, component)
          redraw(1)
        },
        () => setFailed(true),
      )
    }
    useEffect(() => {
      if (!component) start()
    }, [])
    if (failed) return <Problem code="offline" again={start} />
    return component ? h(component, props) : null
  }
}
