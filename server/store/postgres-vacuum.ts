/**
 * What PostgreSQL has deleted stays in its files until a vacuum gives the room back; its own comes when much has gathered.
 * So one is asked for after an erasure. It overwrites nothing by itself: docs/privacy.md says what cannot be promised.
 */
import { type Kysely, sql } from 'kysely'
import type { Tables } from './tables.ts'

/** Those that hold words, names or addresses. */
const tables = ['players', 'tickets', 'chains', 'messages', 'attachments', 'idempotency', 'mail_links'] as const
const everyMs = 3_600_000

export interface Vacuum {
  /** Soon, and at most once an hour. Nobody waits for it: of a large table it may take minutes. */
  ask: () => void
  close: () => Promise<void>
}

/** @param open - one connection on which a statement may take its time */
export function createVacuum(open: () => Kysely<Tables>): Vacuum {
  let lastAtMs = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let running: Kysely<Tables> | undefined

  async function run(): Promise<void> {
    timer = undefined
    lastAtMs = performance.now()
    const db = open()
    running = db
    try {
      // By name, so that those of another owner are left out with a warning and the others are done.
      await sql`vacuum (skip_locked) ${sql.join(tables.map((name) => sql.table(name)))}`.execute(db)
    } catch {
      // PostgreSQL's own will come.
    } finally {
      running = undefined
      await db.destroy().catch(() => undefined)
    }
  }

  return {
    ask: () => {
      if (timer) return
      timer = setTimeout(run, Math.max(0, lastAtMs + everyMs - performance.now())).unref()
    },
    close: async () => {
      clearTimeout(timer)
      await running?.destroy().catch(() => undefined)
    },
  }
}
