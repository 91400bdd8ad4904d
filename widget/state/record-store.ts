/** A few records in IndexedDB. Where the browser refuses one, records last as long as the page. */

/** What a browser leaves hanging stays so, as some do with the first database of a page: nobody has to wait for it. */
export interface RecordStore<T extends { key: string }> {
  /** @returns whether it is kept now */
  put(record: T): Promise<boolean>
  /** In one go, whoever else wants to. @returns it as it was: none where it is gone, undefined where it cannot be told. */
  change(key: string, by: (record: T) => T): Promise<T[] | undefined>
  remove(key: string): Promise<void>
  all(): Promise<T[]>
  wipe(): Promise<void>
  close(): void
}

/** @param onLost not by us: the browser, or the page, has deleted all that was kept */
export function createRecordStore<T extends { key: string }>(
  database: string,
  name: string,
  onLost?: () => void,
): RecordStore<T> {
  let opening: Promise<IDBDatabase> | undefined
  const open = (makes: boolean) => {
    opening ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(database, 1)
      request.onupgradeneeded = () => {
        if (makes) request.result.createObjectStore(name, { keyPath: 'key' })
        else {
          opening = undefined
          request.transaction?.abort()
        }
      }
      request.onsuccess = () => {
        // Nobody who wants to delete the database has to wait for this page, which makes it anew when it needs one.
        request.result.onversionchange = request.result.onclose = () => {
          request.result.close()
          opening = undefined
          onLost?.()
        }
        resolve(request.result)
      }
      request.onerror = request.onblocked = () => reject(request.error)
    })
    return opening
  }
  const within = async <R>(
    mode: IDBTransactionMode,
    run: (store: IDBObjectStore) => IDBRequest<R>,
    makes = true,
  ): Promise<R | undefined> => {
    try {
      const transaction = (await open(makes)).transaction(name, mode)
      const request = run(transaction.objectStore(name))
      return await new Promise<R>((resolve, reject) => {
        transaction.oncomplete = () => resolve(request.result)
        transaction.onerror = transaction.onabort = () => reject(transaction.error)
      })
    } catch {
      return undefined
    }
  }
  return {
    put: async (record) => (await within('readwrite', (store) => store.put(record))) !== undefined,
    change: (key, by) =>
      within<T[]>('readwrite', (store) => {
        const request = store.getAll(key)
        request.onsuccess = () => {
          for (const record of request.result) store.put(by(record))
        }
        return request
      }),
    async remove(key) {
      await within('readwrite', (store) => store.delete(key))
    },
    all: async () => (await within<T[]>('readonly', (store) => store.getAll())) ?? [],
    async wipe() {
      // Nothing is made in the browser only to be wiped; nor deleted, which other tabs take for a loss.
      await within('readwrite', (store) => store.clear(), false)
    },
    close() {
      opening?.then(
        (database) => database.close(),
        () => {},
      )
      opening = undefined
    },
  }
}

/** Takes a store away without opening it. */
export function deleteRecordStore(database: string): void {
  try {
    indexedDB.deleteDatabase(database)
  } catch {
    // Where the browser refuses, there is none.
  }
}
