/** Resident memory and work of another process, watched from outside so that the watching costs it nothing. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const pageBytes = 4_096
const everyMs = 5

export interface MemoryWatch {
  /** Bytes that were there at the most since the watch began, and not before. */
  end: () => number
}

export function watchMemory(pid: number): MemoryWatch {
  const before = residentBytes(pid)
  let peak = before
  const look = () => {
    peak = Math.max(peak, residentBytes(pid))
  }
  const timer = setInterval(look, existsSync('/proc') ? everyMs : 250)
  return {
    end: () => {
      clearInterval(timer)
      look()
      return peak - before
    },
  }
}

export function residentBytes(pid: number): number {
  if (existsSync('/proc')) return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageBytes
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1_024
}

/** The time it has worked so far, in itself and in the system: in hundredths of a second, as Linux counts. */
export function busyMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}
