/**
 * How a view reaches the state it shows, keeps what is its own, and is drawn anew when a signal it has read changes:
 * what @preact/signals and preact/hooks do, which would be 2.2 KB more than this in the first file that is fetched. What
 * is to happen once a view stands, and when it goes, its `ref` says.
 */

import { effect, untracked } from '@preact/signals-core'
import { type Component, type ComponentChildren, Fragment, options } from 'preact'
import type { Support } from '../state/support.ts'
import type { WholeSpeech } from '../words/words.ts'

interface View extends Component {
  context: { support: Support }
  unfollow?: () => void
  kept?: { value: unknown }
}
type Draw = (this: View, ...given: unknown[]) => ComponentChildren

const followed = new WeakMap<Draw, Draw>()
/** Views are drawn one after another, never one within another. */
let drawn: View

const { vnode: before } = options
options.vnode = (vnode) => {
  if (typeof vnode.type === 'function' && vnode.type !== Fragment) vnode.type = follow(vnode.type as Draw) as never
  before?.(vnode)
}

function follow(draw: Draw): Draw {
  const known = followed.get(draw)
  if (known) return known
  const following: Draw = function (...given) {
    let result: ComponentChildren
    let first = true
    this.unfollow?.()
    this.unfollow = this.componentWillUnmount = effect(() => {
      if (!first) return this.forceUpdate()
      first = false
      drawn = this
      result = draw.apply(this, given)
    })
    return result
  }
  followed.set(draw, following)
  followed.set(following, following)
  return following
}

interface GroundProps {
  support: Support
  children: ComponentChildren
}

/** Stands under every view of one panel. */
export function Ground(this: View, { support, children }: GroundProps) {
  this.getChildContext = () => ({ support })
  return children
}

export function useSupport(): Support {
  return drawn.context.support
}

export type Whole = Support & { speech: WholeSpeech }

/** For the views that come later: with every sentence, and every way to say a thing. */
export function useWhole(): Whole {
  const support = useSupport()
  return { ...support, speech: support.speech.whole() }
}

/** Made when the view is first drawn, and the same from then on. One for each view. */
export function useKept<T>(make: () => T): T {
  drawn.kept ??= { value: untracked(make) }
  return drawn.kept.value as T
}
