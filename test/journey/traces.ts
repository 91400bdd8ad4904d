/** Where a player can have left something: on the page, in what the browser keeps, in memory. */
import type { Page } from 'playwright-core'

/** All text and all values of the page, shadow roots included. */
export function everythingShown(page: Page): Promise<string> {
  return page.evaluate(() => {
    const read = (root: ParentNode): string =>
      [...root.querySelectorAll('*')]
        .map((element) => {
          const value =
            element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? element.value : ''
          return `${element.outerHTML} ${value} ${element.shadowRoot ? read(element.shadowRoot) : ''}`
        })
        .join('\n')
    return read(document)
  })
}

export function everythingStored(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const found: unknown[] = [{ ...localStorage }, { ...sessionStorage }, document.cookie]
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name)
        opening.onsuccess = () => resolve(opening.result)
        opening.onerror = () => reject(opening.error)
      })
      for (const store of database.objectStoreNames) {
        found.push(
          await new Promise((resolve) => {
            const all = database.transaction(store).objectStore(store).getAll()
            all.onsuccess = () => resolve(all.result)
          }),
        )
      }
      database.close()
    }
    return JSON.stringify(found)
  })
}

/** Every string with this in it that the page still holds, from a snapshot of its heap. */
export async function everythingRemembered(page: Page, text: string): Promise<string> {
  const session = await page.context().newCDPSession(page)
  const chunks: string[] = []
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk))
  await session.send('HeapProfiler.collectGarbage')
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  const { strings } = JSON.parse(chunks.join('')) as { strings: string[] }
  return strings.filter((string) => string.includes(text)).join('\n')
}
