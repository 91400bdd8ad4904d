/** How the views that come later reach every sentence, and every way to say a thing. */
import type { Support } from '../state/support.ts'
import type { Words } from '../words/en.ts'
import { type Formats, formatsIn } from '../words/formats.ts'
import type { Speech } from '../words/words.ts'
import { useSupport } from './context.ts'

export type Whole = Support & { speech: Speech<Words> & Formats }

export function useWhole(): Whole {
  const support = useSupport()
  const { speech } = support
  return { ...support, speech: { ...speech.whole(), ...formatsIn(speech.locale.value) } }
}
