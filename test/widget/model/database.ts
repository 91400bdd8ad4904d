/** As much of IndexedDB as the widget's records uses: what is asked for is done in order, and told later. */
import { isDeepStrictEqual } from 'node:util'
import { context, type Page, type Time } from './time.ts'

export interface Row {
  key: string
  [name: string]: unknown
}

export interface Written {
  row: Row
  /** Which write of all it was. */
  write: number
  by: Page
}

export interface Databases {
  /** What a page sees as `indexedDB`. */
  factory: object
  /** Everything in all of them. */
  rows(): Written[]
  /** How many writes there were. */
  writes(): number
  /** Something that this page has asked for is not done: it is not put to sleep meanwhile. */
  busy(page: Page): boolean
  /** The page goes to sleep, and keeps nobody waiting. */
  yield(page: Page): void
  /** The page is gone. */
  close(page: Page): void
}

interface Connection {
  page: Page
  onversionchange?: () => void
}
interface Database {
  /** It has been opened once, and not been deleted since. */
  made: boolean
  rows: Map<string, Written>
  connections: Set<Connection>
  /** Runs once nobody has it open any more. */
  deleting: (() => void) | undefined
  /** Opened meanwhile. */
  waiting: (() => void)[]
}
interface Request {
  result?: unknown
  transaction?: { abort(): void }
  onsuccess?: () => void
  onupgradeneeded?: () => void
  onerror?: () => void
  onblocked?: () => void
}
interface Transaction {
  oncomplete?: () => void
}

export interface DatabasesParts {
  time: Time
  /** How long the browser takes, in ms. */
  delay(): number
}

export function createDatabases({ time, delay }: DatabasesParts): Databases {
  const databases = new Map<string, Database>()
  let writes = 0
  /** How much each page waits for. */
  const underWay = new Map<Page, number>()

  const wait = (page: Page, run: () => void) => {
    const count = (change: number) => {
      const left = (underWay.get(page) ?? 0) + change
      if (left) underWay.set(page, left)
      else underWay.delete(page)
    }
    count(1)
    const done = () => {
      count(-1)
      run()
    }
    time.after(delay(), done, page)
  }
  const at = (name: string) => {
    const found = databases.get(name) ?? {
      made: false,
      rows: new Map(),
      connections: new Set(),
      deleting: undefined,
      waiting: [],
    }
    databases.set(name, found)
    return found
  }
  const close = (database: Database, connection: Connection) => {
    database.connections.delete(connection)
    if (!database.connections.size) database.deleting?.()
  }
  const transaction = (database: Database, page: Page) => {
    const own: Transaction = {}
    const done = (request: Request, read = () => {}) => {
      const finish = () => {
        read()
        request.onsuccess?.()
        own.oncomplete?.()
      }
      wait(page, finish)
      return request
    }
    const store = {
      put(row: Row) {
        const before = database.rows.get(row.key)
        // Written again as it was, it is still the other page's.
        if (!before || !isDeepStrictEqual(before.row, row)) {
          writes += 1
          database.rows.set(row.key, { row: structuredClone(row), write: writes, by: page })
        }
        return done({ result: row.key })
      },
      delete(key: string) {
        database.rows.delete(key)
        return done({})
      },
      getAll(key?: string) {
        const request: Request = {}
        return done(request, () => {
          const found = [...database.rows.values()].filter(({ row }) => key === undefined || row.key === key)
          request.result = found.map(({ row }) => structuredClone(row))
        })
      },
      clear() {
        database.rows.clear()
        return done({})
      },
    }
    return Object.assign(own, { objectStore: () => store })
  }
  const connect = (database: Database, page: Page, request: Request) => {
    const connection: Connection = { page }
    database.connections.add(connection)
    request.result = Object.assign(connection, {
      createObjectStore() {},
      transaction: () => transaction(database, page),
      close: () => close(database, connection),
    })
    if (!database.made) {
      database.made = true
      request.transaction = {
        abort() {
          database.made = false
        },
      }
      request.onupgradeneeded?.()
      if (!database.made) {
        database.connections.delete(connection)
        return request.onerror?.()
      }
    }
    request.onsuccess?.()
    if (database.deleting) time.after(delay(), () => connection.onversionchange?.(), page)
  }
  const open = (name: string) => {
    const page = pageHere()
    const request: Request = {}
    const database = at(name)
    const go = () => wait(page, () => connect(database, page, request))
    if (database.deleting) database.waiting.push(go)
    else go()
    return request
  }
  const remove = (name: string) => {
    const database = at(name)
    if (database.deleting) return {}
    database.deleting = () => {
      database.deleting = undefined
      database.made = false
      database.rows.clear()
      for (const go of database.waiting.splice(0)) go()
    }
    for (const connection of database.connections) {
      // A page that sleeps keeps nobody waiting: the browser closes for it.
      if (connection.page.state !== 'awake') database.connections.delete(connection)
      time.after(delay(), () => connection.onversionchange?.(), connection.page)
    }
    if (!database.connections.size) database.deleting()
    return {}
  }
  return {
    factory: { open, deleteDatabase: remove },
    rows: () => [...databases.values()].flatMap(({ rows }) => [...rows.values()]),
    writes: () => writes,
    busy: (page) => underWay.has(page),
    yield(page) {
      for (const database of databases.values())
        for (const connection of database.connections)
          if (connection.page === page && database.deleting) close(database, connection)
    },
    close(page) {
      for (const database of databases.values())
        for (const connection of database.connections) if (connection.page === page) close(database, connection)
    },
  }
}

function pageHere(): Page {
  const page = context.getStore()
  if (!page) throw Error('no page has asked for this')
  return page
}
