/** Time counts against whoever is waited for, and against nobody else. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createDeadline, watched } from '../../../../server/vendors/http/deadline.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

function sourceOf() {
  let give = (_text: string) => {}
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      give = (text) => controller.enqueue(Buffer.from(text))
    },
  })
  return { body, give: (text: string) => give(text) }
}

it('a source may rest while nobody takes its bytes, and not while they are wanted', async () => {
  const deadline = createDeadline(1_000, new AbortController().signal)
  const { body, give } = sourceOf()
  const reader = watched(body, { onWait: deadline.touch, onProgress: deadline.rest }).getReader()
  give('first')
  await reader.read()
  vi.advanceTimersByTime(60_000)
  expect(deadline.expired()).toBe(false)

  const second = reader.read()
  await vi.advanceTimersByTimeAsync(999)
  expect(deadline.expired()).toBe(false)
  give('second')
  expect(Buffer.from((await second).value ?? []).toString()).toBe('second')

  void reader.read()
  await vi.advanceTimersByTimeAsync(1_000)
  expect([deadline.expired(), deadline.signal.aborted]).toEqual([true, true])
})
