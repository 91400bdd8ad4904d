/** Which files this process has open, where the system says so: on Linux. */
import { readdirSync, readlinkSync } from 'node:fs'

/** @returns their paths, each as often as it is open */
export function openIn(folder: string): string[] {
  return readdirSync('/proc/self/fd')
    .map((descriptor) => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`)
      } catch {
        // Closed meanwhile: the one by which this folder was read, for one.
        return ''
      }
    })
    .filter((path) => path.startsWith(`${folder}/`))
}
