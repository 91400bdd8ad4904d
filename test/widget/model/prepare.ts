/** Fetches what the widget fetches while it runs, so that in a history it is there at once. */
import { context, type Page } from './time.ts'

export async function prepare(): Promise<void> {
  const parts = [
    () => import('../../../widget/relay/shared-stream.ts'),
    () => import('../../../widget/state/studio-calls.ts'),
    () => import('../../../widget/relay/upload.ts'),
    () => import('../../../widget/words/en-more.ts'),
    () => import('../../../widget/words/formats.ts'),
    () => import('tus-js-client'),
  ]
  const page: Page = { name: 'none', state: 'awake', visit: 0, deferred: [], globals: {}, random: () => 0 }
  // As in a browser: what a module looks for while it is read is not there yet.
  await context.run(page, () => Promise.all(parts.map((fetchPart) => fetchPart())))
}
