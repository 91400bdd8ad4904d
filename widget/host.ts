/** The one element the widget adds to a host page. Everything else is inside its shadow root, and goes when it goes. */
import { addStyles } from './style/adopt.ts'
import base from './style/launcher.css?inline'

/**
 * @param relay Serves `medkit.css`, the whole style sheet as a file, for engines that cannot adopt one.
 * @param nonce Lets that file in where `style-src` has a nonce and no address.
 */
export function createHost(relay: string, nonce?: string, target?: Element): ShadowRoot {
  const root = document.createElement('medkit-host').attachShadow({ mode: 'open' })
  if (!addStyles(root, base)) {
    const link = document.createElement('link')
    link.rel = 'stylesheet'
    link.href = `${relay}/medkit.css`
    link.nonce = nonce ?? ''
    root.append(link)
  }
  // A script in <head> runs before there is a body.
  ;(target ?? document.body ?? document.documentElement).append(root.host)
  return root
}
