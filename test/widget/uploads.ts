/** A store that takes every file at once. */
import { vi } from 'vitest'
import type { TestRelay } from './relay.ts'

/** @returns the id that every file gets */
export function takeFiles(relay: TestRelay): string {
  const id = 'A'.repeat(22)
  const upload = { protocol: 'put', url: '/put', headers: {}, expiresAt: new Date().toISOString() }
  relay.answer('POST /attachments', () => ({ status: 201, body: { id, upload } }))
  vi.stubGlobal('XMLHttpRequest', arriving)
  return id
}

function arriving() {
  const request = {
    upload: {},
    status: 200,
    open() {},
    setRequestHeader() {},
    abort() {},
    onload() {},
    send: () => queueMicrotask(() => request.onload()),
  }
  return request
}
