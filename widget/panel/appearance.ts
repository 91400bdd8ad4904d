/** Colours, position and size of the panel and its launcher, as they follow the studio, the system and the keyboard on glass. */

import { effect, signal } from '@preact/signals-core'
import type { Theme } from '../../server/contract/game.ts'
import { accentProperties } from '../state/accent.ts'
import { listen } from '../state/listen.ts'
import type { Support } from '../state/support.ts'

const defaultAccent = '#3b5bdb'

/** @returns stops following. */
export function followLook(
  { game, mode, wide, open, pad }: Support,
  frame: HTMLElement,
  launcher: HTMLElement | undefined,
  own: Partial<Theme>,
): () => void {
  const darkSystem = signal(false)
  const stops = [
    watchMedia('(prefers-color-scheme: dark)', (matches) => {
      darkSystem.value = matches
    }),
    watchMedia('(min-width: 900px)', (matches) => {
      wide.value = matches && mode === 'page'
    }),
    effect(() => {
      const theme = game.value?.theme ?? {}
      const scheme = own.scheme || theme.scheme
      const position = own.position || theme.position || ''
      const dark = scheme === 'dark' || (scheme !== 'light' && darkSystem.value)
      const name = dark ? 'dark' : 'light'
      const properties = accentProperties(own.accent || theme.accent || defaultAccent, dark)
      frame.className = `medkit ${mode} ${name} ${position} ${pad.value ? 'couch' : ''}`
      setProperties(frame, { ...properties, 'color-scheme': name })
      if (!launcher) return
      launcher.className = `launcher ${position}`
      setProperties(launcher, properties)
    }),
    effect(() => {
      if (launcher) launcher.hidden = open.value
      return open.value ? followVisibleHeight(frame) : undefined
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** Through the style object, which no content security policy forbids. */
function setProperties({ style }: HTMLElement, properties: Record<string, string>): void {
  for (const [name, value] of Object.entries(properties)) style.setProperty(name, value)
}

/** Safari 13 has no `addEventListener` on media queries. */
function watchMedia(query: string, tell: (matches: boolean) => void): () => void {
  const media = matchMedia(query)
  const listen = () => tell(media.matches)
  listen()
  media.addListener(listen)
  return () => media.removeListener(listen)
}

/** On iOS the keyboard covers the page without making it smaller; only the visual viewport knows what is left. */
function followVisibleHeight(frame: HTMLElement): (() => void) | undefined {
  const viewport = window.visualViewport
  if (!viewport) return undefined
  const follow = () =>
    setProperties(frame, { '--seen': `${viewport.height}px`, '--seen-top': `${viewport.offsetTop}px` })
  follow()
  return listen(viewport, { resize: follow, scroll: follow })
}
