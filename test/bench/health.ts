/** What somebody else sees of a relay meanwhile: asked from a process of its own, which has nothing else to do. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'

const everyMs = 5

export interface HealthWatch {
  /** How long `/healthz` took at the most, in milliseconds. */
  end: () => Promise<number>
}

export function watchHealth({ url }: { url: string }): HealthWatch {
  const child: ChildProcess = fork(import.meta.filename, [url])
  return {
    async end() {
      child.send('end')
      const [most] = await once(child, 'message')
      return Number(most)
    },
  }
}

async function ask(url: string): Promise<void> {
  let isOver = false
  process.once('message', () => {
    isOver = true
  })
  let most = 0
  while (!isOver) {
    const began = performance.now()
    await (await fetch(`${url}/healthz`)).text()
    most = Math.max(most, performance.now() - began)
    await setTimeout(everyMs)
  }
  process.send?.(most)
  process.disconnect()
}

const [, file, url] = process.argv
if (file === import.meta.filename && url !== undefined) await ask(url)
