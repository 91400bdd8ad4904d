/**
 * What is read in one turn of the event loop shares one look at the ledger: taking and leaving the locks for one takes
 * longer than most reads.
 */
import type { Connection } from './sqlite-connection.ts'

export interface Snapshot {
  within: <T>(read: () => T) => T
  /** What is read from now on sees what was committed by now. */
  end: () => void
}

export function createSnapshot(reading: Connection): Snapshot {
  let isOpen = false

  function end(): void {
    if (!isOpen) return
    isOpen = false
    if (reading.isInTransaction()) reading.exec('commit')
  }

  return {
    within<T>(read: () => T): T {
      if (!isOpen) {
        reading.exec('begin')
        isOpen = true
        setImmediate(end)
      }
      return read()
    },
    end,
  }
}
