/** Bytes that no row names: what a relay left behind that died between a file and its row, or between a row and its file. */
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'
import type { KeptFile } from './keep.ts'
import type { Files } from './uploads.ts'

export interface OrphanParts {
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

/** @returns what looks at everything there is, once a day at the most, and soon after a start */
export function createOrphanSweep({ store, clock, files, log, ofDesk }: OrphanParts): () => Promise<void> {
  let nextAt = 0

  async function removeUnnamed(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0
    const [ofPlayers, ofAgents] = await Promise.all([store.attachments.namedAmong(ids), ofDesk(ids)])
    const named = new Set<string>([...ofPlayers, ...ofAgents])
    const unnamed = ids.filter((id) => !named.has(id))
    for (const id of unnamed) await files.keep.remove(id)
    return unnamed.length
  }

  return async () => {
    const now = clock.now().getTime()
    if (now < nextAt) return
    nextAt = now + everyMs
    let removed = 0
    let old: string[] = []
    for await (const file of files.keep.list()) {
      if (isFresh(file, now)) continue
      old.push(file.id)
      if (old.length < batch) continue
      removed += await removeUnnamed(old)
      old = []
    }
    removed += await removeUnnamed(old)
    if (removed > 0) log.info({ removed }, 'files that nothing names were removed')
  }
}

function isFresh({ modifiedAt }: KeptFile, now: number): boolean {
  return modifiedAt.getTime() > now - untouchedMs
}
