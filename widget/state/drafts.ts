/** What is being written, from the first key. Kept with its writer, and shown to nobody else. */

import type { ReadonlySignal } from '@preact/signals-core'
import type { Storage } from './storage.ts'
import { isTheirs, type Owner } from './whose.ts'

export interface Drafts {
  get<T>(name: string): T | undefined
  /** `undefined` takes it away. */
  set(name: string, value: unknown): void
}

interface Kept {
  owner?: string
  value: unknown
}

export function createDrafts(storage: Storage, owner: ReadonlySignal<Owner>): Drafts {
  return {
    get<T>(name: string) {
      const kept = storage.get<Kept>(name)
      return kept && isTheirs(kept.owner, owner.peek()) ? (kept.value as T) : undefined
    },
    set: (name, value) => storage.set(name, value === undefined ? undefined : { owner: owner.peek(), value }),
  }
}
