/** A view that is fetched when it is first wanted. */
import { type ComponentType, h } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Support } from '../state/support.ts'
import { useSupport } from './context.ts'
import { Problem } from './notice.tsx'

export function lazy<P extends object>(load: (support: Support) => Promise<ComponentType<P>>): ComponentType<P> {
  let found: ComponentType<P> | undefined
  return function Lazy(props: P) {
    const support = useSupport()
    const [failed, setFailed] = useState(false)
    const [, redraw] = useState(0)
    const start = () => {
      setFailed(false)
      Promise.all([load(support), support.speech.complete()]).then(
        ([component]) => {
          found = component
          redraw(1)
        },
        () => setFailed(true),
      )
    }
    const ready = found && support.speech.isWhole()
    useEffect(() => {
      if (!ready) start()
    }, [])
    if (failed) return <Problem code="offline" again={start} />
    return found && ready ? h(found, props) : null
  }
}
