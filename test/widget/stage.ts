/** Puts the widget on the test page, as a game would, against a {@link TestRelay}; takes everything away afterwards. */
import { configure, within } from '@testing-library/preact'
import { afterEach, beforeEach, vi } from 'vitest'
import { userEvent } from 'vitest/browser'
import type { Medkit, MountOptions } from '../../widget/handle.ts'
import { mount } from '../../widget/mount.ts'
import { createTestRelay, type TestRelay } from './relay.ts'

// The library prints documents and elements, and knows no shadow roots.
configure({ getElementError: (message) => Error(`${message}\n\n${shadowText()}`), asyncUtilTimeout: 20_000 })

export interface Stage {
  relay: TestRelay
  medkit: Medkit
  root: ShadowRoot
  /** Testing Library's queries inside the shadow root. */
  screen: ReturnType<typeof within>
  /** Takes the widget off and puts it on again, as a reload does; the browser keeps what it keeps. */
  reload(options?: Partial<MountOptions>): Promise<void>
}

/** Fresh for every test of the file that calls it. */
export function useStage(options: Partial<MountOptions> = {}): Stage {
  const stage = {} as Stage
  const put = (more: Partial<MountOptions> = {}) => {
    stage.medkit = mount({ game: 'test', relay: location.origin, locale: 'en', ...options, ...more })
    const host = document.querySelector('medkit-host:last-of-type')
    if (!host?.shadowRoot) throw Error('the widget is not on the page')
    stage.root = host.shadowRoot
    stage.screen = within(stage.root as unknown as HTMLElement)
  }
  beforeEach(async () => {
    await forgetEverything()
    stage.relay = createTestRelay()
    stage.reload = async (more) => {
      stage.medkit.destroy()
      put(more)
    }
    vi.stubGlobal('fetch', stage.relay.fetch)
    put()
  })
  afterEach(async () => {
    stage.medkit.destroy()
    vi.unstubAllGlobals()
    await forgetEverything()
  })
  return stage
}

/** Deletes what earlier tests left in the browser. */
async function forgetEverything(): Promise<void> {
  localStorage.clear()
  for (const { name } of await indexedDB.databases()) {
    if (!name) continue
    await new Promise((resolve) => {
      const request = indexedDB.deleteDatabase(name)
      request.onsuccess = request.onerror = request.onblocked = resolve
    })
  }
}

/** Real keys and a real pointer, through the browser itself. */
export async function press(element: Element): Promise<void> {
  await userEvent.click(element)
}

export async function type(element: Element, text: string): Promise<void> {
  await userEvent.fill(element, text)
}

/** The first answer to this path waits until it is let go. */
export function holdBack(path: string) {
  const whole = fetch
  const waiting: (() => void)[] = []
  let open = false
  const late = {
    held: 0,
    release() {
      open = true
      for (const go of waiting) go()
    },
  }
  vi.stubGlobal('fetch', async (...request: Parameters<typeof fetch>) => {
    const answer = await whole(...request)
    if (open || late.held || !String(request[0]).includes(path)) return answer
    late.held += 1
    await new Promise<void>((resolve) => waiting.push(resolve))
    return answer
  })
  return late
}

export function focused(root: ShadowRoot): Element | null {
  return root.activeElement
}

export const kept = () => Object.keys(localStorage).filter((name) => name.startsWith('medkit:'))

/** Everything in IndexedDB. */
export async function shelved(): Promise<unknown[]> {
  const found: unknown[] = []
  for (const { name } of await indexedDB.databases()) {
    const database = await answerOf(indexedDB.open(name ?? ''))
    for (const store of database.objectStoreNames)
      found.push(...(await answerOf(database.transaction(store).objectStore(store).getAll())))
    database.close()
  }
  return found
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Unsigned: only the relay looks at signatures. */
export function studioToken(subject: string, expiresInSeconds = 3600, profile: object = {}): string {
  const iat = Math.floor(Date.now() / 1000)
  const claims = { sub: subject, iat, exp: iat + expiresInSeconds, ...profile }
  const bytes = String.fromCharCode(...new TextEncoder().encode(JSON.stringify(claims)))
  return `e30.${btoa(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')}.c2ln`
}

function shadowText(): string {
  const panels = [...document.querySelectorAll('medkit-host')].map(({ shadowRoot }) =>
    shadowRoot?.querySelector('.panel'),
  )
  return panels.map((panel) => panel?.textContent ?? 'no panel').join('\n')
}
