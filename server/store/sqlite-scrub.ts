/**
 * Leaves nothing in a SQLite file of what was deleted. `secure_delete` overwrites rows where they lie; but a page also keeps
 * bytes of rows that moved to the page beside it before they were deleted there. Only a file that is written anew has none.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { StoreUnavailable } from './errors.ts'
import type { Connection } from './sqlite-connection.ts'

export interface ScrubParts {
  writing: Connection
  whileNobodyWrites: <T>(work: () => Promise<T> | T) => Promise<T>
  isClosed: () => boolean
}

/** Up to so much is written anew in memory; what is larger goes through a temporary file without a name. */
const inMemoryBytes = 64 * 1024 * 1024
/** Somebody else's transaction, a backup's say, holds the log until it ends. */
const heldMs = 10_000
const heldLookMs = 20
/** Players cannot write meanwhile: between two runs they can for so many times as long, up to a minute. */
const restPerRun = 19
const longestRestMs = 60_000

/**
 * On a thread of its own, because it takes seconds for a large ledger, in which players go on reading. In one piece of
 * text, because the relay is built into one file.
 */
const vacuum = `
  const { workerData: path } = require('node:worker_threads')
  const { DatabaseSync } = require('node:sqlite')
  const sqlite = new DatabaseSync(path)
  sqlite.exec('pragma busy_timeout = ${heldMs}; pragma synchronous = full; pragma secure_delete = on')
  const { bytes } = sqlite.prepare('select page_count * page_size as bytes from pragma_page_count, pragma_page_size').get()
  sqlite.exec('pragma temp_store = ' + (bytes > ${inMemoryBytes} ? 'file' : 'memory'))
  sqlite.exec('vacuum')
  sqlite.exec('pragma busy_timeout = 0')
  // Most of it here, so that the relay's own thread has little left to bring home.
  sqlite.exec('pragma wal_checkpoint(truncate)')
  sqlite.close()`

/** @returns rejects with StoreUnavailable where somebody else holds the ledger for long: then call it again */
export function createScrub(path: string, { writing, whileNobodyWrites, isClosed }: ScrubParts): () => Promise<void> {
  async function emptyLog(): Promise<void> {
    const giveUpAtMs = performance.now() + heldMs
    while (!(await whileNobodyWrites(() => isEmptied(writing)))) {
      if (performance.now() >= giveUpAtMs) throw new StoreUnavailable('the log could not be emptied: somebody reads it')
      await pause(heldLookMs)
    }
  }

  return seldom(async () => {
    if (isClosed()) throw new StoreUnavailable('the ledger is closed')
    await whileNobodyWrites(() => runVacuum(path))
    await emptyLog()
  })
}

function isEmptied(writing: Connection): boolean {
  const { rows } = writing.ask<{ busy: number }>('pragma wal_checkpoint(truncate)')
  return rows[0]?.busy === 0
}

function runVacuum(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(vacuum, { eval: true, workerData: path })
    worker.once('error', (cause) => reject(new StoreUnavailable('the ledger could not be written anew', { cause })))
    worker.once('exit', () => resolve())
  })
}

/**
 * Whoever asks while it runs, or while it rests from the last run, waits for the next, which all of them share: one that
 * has begun may have come too late for them.
 */
function seldom(work: () => Promise<void>): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve()
  let restsUntilMs = Number.NEGATIVE_INFINITY
  let next: Promise<void> | undefined

  async function run(): Promise<void> {
    const restMs = restsUntilMs - performance.now()
    if (restMs > 0) await pause(restMs, undefined, { ref: false })
    next = undefined
    const began = performance.now()
    try {
      await work()
    } finally {
      const ended = performance.now()
      restsUntilMs = ended + Math.min(longestRestMs, (ended - began) * restPerRun)
    }
  }

  return () => {
    if (!next) {
      next = last.then(run)
      last = next.catch(() => undefined)
    }
    return next
  }
}
