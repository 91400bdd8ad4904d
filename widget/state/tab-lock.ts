/**
 * What one tab of a game does at a time. Engines of before 2022, and pages without HTTPS, have no Web Locks: there each
 * tab minds only itself, and whatever must hold all the same is looked at again afterwards.
 */

/**
 * Waits for the other tabs, and runs.
 *
 * @param timeoutMs after which it runs all the same: a device may have put the tab that holds the lock to sleep. Without
 *   it, there is no end to the waiting.
 */
export function underLock<T>(name: string, run: () => Promise<T>, timeoutMs?: number): Promise<T> {
  return new Promise((resolve) => {
    let running: Promise<T> | undefined
    const begin = () => {
      running ??= run()
      resolve(running)
      return running.then(ignore, ignore)
    }
    if (timeoutMs) setTimeout(begin, timeoutMs)
    // A page that may store nothing may lock nothing, either.
    if (navigator.locks) navigator.locks.request(name, begin).catch(begin)
    else begin()
  })
}

function ignore(): void {}
