/**
 * Signing in by a mailed link. The link works only together with a secret that this browser got when it asked, so that
 * nobody can use a link they asked for to somebody else's mailbox.
 */
import type { Support } from './support.ts'

const kept = 'link-secret'

/** Mails a link; a second one leaves the first good. */
export async function askForLink({ options, enter, storage, speech }: Support, email: string): Promise<void> {
  const known = storage.get<string>(kept)
  const own = { language: speech.locale.value, ...(known && { browserSecret: known }) }
  const answer = await enter({ kind: 'email', game: options.game, email, ...own })
  if ('browserSecret' in answer) storage.set(kept, answer.browserSecret)
}

/** @param code from behind the `#` of the address the link led to. */
export async function openLink({ options, storage, session }: Support, code: string): Promise<void> {
  const browserSecret = storage.get<string>(kept)
  await session.enter({ kind: 'email', game: options.game, code, ...(browserSecret && { browserSecret }) })
}
