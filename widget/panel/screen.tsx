/** The frame of every view: its heading, the way back, the way out. */
import type { ComponentChildren } from 'preact'
import { useKept, useSupport } from './context.ts'
import { Icon, paths } from './icons.tsx'

export interface ScreenProps {
  title: string
  /** Stands beside the heading. */
  aside?: ComponentChildren
  back?: boolean
  /** False where something in the view takes the focus instead. */
  focus?: boolean
  foot?: ComponentChildren
  class?: string
  children: ComponentChildren
}

export function Screen({ title, aside, back = true, focus = true, foot, children, class: name = '' }: ScreenProps) {
  const { speech, router, closable, close, wide, mode } = useSupport()
  const words = speech.words.value
  // Whoever moved the player here, the heading says where they are.
  const arrive = useKept(() => (heading: HTMLElement | null) => {
    if (focus && router.moved() && (back || !wide.value)) heading?.focus()
  })
  const Title = mode === 'page' ? 'h1' : 'h2'
  return (
    <div class={`screen ${name}`}>
      <div class="bar">
        {back && !wide.value && (
          <button type="button" class="icon" aria-label={words.back} onClick={router.home}>
            <Icon path={paths.back} mirrored />
          </button>
        )}
        <Title class="title" tabIndex={-1} ref={arrive}>
          {title}
        </Title>
        {aside}
        {closable && (!back || !wide.value) && (
          <button type="button" class="icon" aria-label={words.close} onClick={close}>
            <Icon path={paths.close} />
          </button>
        )}
      </div>
      <div class="body">{children}</div>
      {foot}
    </div>
  )
}

/** Of a part of a view: one level below the view's own. */
export function Heading({ class: name = 'heading', children }: { class?: string; children: ComponentChildren }) {
  const Tag = useSupport().mode === 'page' ? 'h2' : 'h3'
  return <Tag class={name}>{children}</Tag>
}
