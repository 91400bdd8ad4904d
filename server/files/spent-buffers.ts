/**
 * Frees the buffers of bytes that have passed through, before they pile up. Left to itself V8 waits for some 70 MB of
 * them and then looks through the whole heap, which costs a stream a third of its speed; a look at what is young, every
 * few megabytes, takes a millisecond and is enough. Counts for the whole process, because garbage has no owner.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const everyBytes = 2 * 1024 * 1024

type Collect = (options: { type: 'minor' }) => void

let passed = 0
let collect: Collect | undefined

/** To be told of every chunk of a file that comes in or goes out. */
export function notePassed(chunk: Uint8Array): void {
  passed += chunk.byteLength
  if (passed < everyBytes) return
  passed = 0
  collect ??= findCollector()
  collect({ type: 'minor' })
}

/** V8 hands its collector only to contexts that are made after the flag was set. */
function findCollector(): Collect {
  setFlagsFromString('--expose-gc')
  const found: unknown = runInNewContext('globalThis.gc')
  return typeof found === 'function' ? (found as Collect) : () => undefined
}
