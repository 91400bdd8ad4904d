/** The one element the widget adds to a host page. Everything else is inside its shadow root, and goes when it goes. */
import { addStyles } from './style/adopt.ts'
import base from './style/launcher.css?inline'

/**
 * Not on the page yet.
 *
 * @param relay Serves `medkit.css`, the whole style sheet as a file, for engines that cannot adopt one.
 * @param nonce Lets that file in where `style-src` has a nonce and no address.
 */
export function createHost(relay: string, nonce: string): ShadowRoot {
  const root = document.createElement('medkit-host').attachShadow({ mode: 'open' })
  if (!addStyles(root, base)) {
    const link = document.createElement('link')
    link.rel = 'stylesheet'
    link.href = `${relay}/medkit.css`
    link.nonce = nonce
    root.append(link)
  }
  return root
}

/**
 * Into the top layer, where no transform, filter or z-index of the page's matters (browsers since 2023). A page that
 * ranks the widget by `--medkit-z-index` has it where it ranks it.
 */
export function raise(root: ShadowRoot): void {
  // Ours is no SVG.
  const host = root.host as HTMLElement
  host.popover = 'manual'
  host.togglePopover?.(+getComputedStyle(host).zIndex > 1e9)
}

/** A page has support for one game. @returns the one that another script tag asks for */
export function otherGame(game: string): string | undefined {
  return [...document.scripts].map(({ dataset }) => dataset.game).find((one) => one !== undefined && one !== game)
}
