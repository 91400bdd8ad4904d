/**
 * Bytes that no row names: what a relay left behind that died between a file and its row, or between a row and its file.
 *
 * A ledger that was opened at a wrong path names nothing, and to it every file is an orphan. So a place for files says
 * whose it is, and only that ledger removes anything there.
 */
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Store } from '../store/store.ts'
import type { StoredFile } from './blob-store.ts'
import type { Files } from './files.ts'

export interface OrphanParts {
  /** By which the ledger knows its files. */
  ledgerId: string
  store: Store
  clock: Clock
  files: Files
  log: Log
  /** The desk keeps its files in the same place: of these ids, those that are its own. */
  ofDesk: (ids: readonly string[]) => Promise<readonly string[]>
}

const dayMs = 86_400_000
/** A row may follow its file, or a file be written for minutes before its row. Nothing takes this long. */
const untouchedMs = dayMs
/** Listing a large bucket costs; orphans are few. */
const everyMs = dayMs
const batch = 200

const notOurs =
  'files lie there that this ledger does not know, so nothing is swept: is "store" the right one? If it is, give it a place of its own in "files"'

/** @returns what looks at everything there is, once a day at the most, and soon after a start */
export function createOrphanSweep({ ledgerId, store, clock, files, log, ofDesk }: OrphanParts): () => Promise<void> {
  let nextAt = 0

  async function unnamedAmong(kept: readonly StoredFile[]): Promise<StoredFile[]> {
    const ids = kept.map(({ id }) => id)
    const [ofPlayers, ofAgents] = await Promise.all([store.attachments.namedAmong(ids), ofDesk(ids)])
    const named = new Set<string>([...ofPlayers, ...ofAgents])
    return kept.filter(({ id }) => !named.has(id))
  }

  async function removeOrphans(now: number): Promise<void> {
    let removed = 0
    for await (const kept of inBatches(files.blobs.list(), (file) => !isFresh(file, now))) {
      const unnamed = await unnamedAmong(kept)
      for (const { id } of unnamed) await files.blobs.remove(id)
      removed += unnamed.length
    }
    if (removed > 0) log.info({ removed }, 'files that nothing names were removed')
  }

  /** `unclear`: what no row names is so young that one may follow. */
  async function whoseFiles(now: number): Promise<'ours' | 'unclear' | 'not ours'> {
    let found: 'ours' | 'unclear' = 'ours'
    for await (const kept of inBatches(files.blobs.list(), () => true)) {
      const unnamed = await unnamedAmong(kept)
      if (unnamed.some((file) => !isFresh(file, now))) return 'not ours'
      if (unnamed.length > 0) found = 'unclear'
    }
    return found
  }

  /** A place without a name on it is this ledger's where it names all that is there, or kept files before there were names. */
  async function isOurs(now: number): Promise<boolean> {
    const owner = await files.blobs.owner()
    if (owner !== undefined) return owner === ledgerId || warn()
    const hadFiles = (await store.facts.find('files unmarked')) !== undefined
    const found = hadFiles ? 'ours' : await whoseFiles(now)
    if (found !== 'ours') return found === 'not ours' && warn()
    await files.blobs.claim(ledgerId)
    return (await files.blobs.owner()) === ledgerId || warn()
  }

  function warn(): false {
    log.warn(notOurs)
    return false
  }

  return async () => {
    const now = clock.now().getTime()
    if (now < nextAt) return
    nextAt = now + everyMs
    if (await isOurs(now)) await removeOrphans(now)
  }
}

async function* inBatches(
  files: AsyncIterable<StoredFile>,
  counts: (file: StoredFile) => boolean,
): AsyncGenerator<StoredFile[]> {
  let gathered: StoredFile[] = []
  for await (const file of files) {
    if (!counts(file)) continue
    gathered.push(file)
    if (gathered.length < batch) continue
    yield gathered
    gathered = []
  }
  if (gathered.length > 0) yield gathered
}

function isFresh({ modifiedAt }: StoredFile, now: number): boolean {
  return modifiedAt.getTime() > now - untouchedMs
}
