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
    const [state, setState] = useState<'there' | 'failed' | undefined>(found && 'there')
    const start = () => {
      load(support).then(
        (component) => {
          found = component
          setState('there')
        },
        () => setState('failed'),
      )
    }
    useEffect(() => {
      if (!found) start()
    }, [])
    if (state === 'failed') return <Problem code="offline" again={start} />
    return found ? h(found, props) : null
  }
}
