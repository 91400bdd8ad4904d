import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createStorage } from '../../../widget/state/storage.ts'
import { kept } from '../../fixtures/widget/page.ts'

describe('what the browser keeps for a game, once somebody has signed out,', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
    localStorage.clear()
  })

  const withSomething = () => {
    const storage = createStorage('test')
    storage.set('session', { token: 'of Ada' })
    return storage
  }

  it('is for ten seconds that somebody has, and then nothing', () => {
    withSomething().wipe('ada')
    expect(kept()).toEqual(['medkit:test:wiped'])
    expect(localStorage.getItem('medkit:test:wiped')).not.toContain('ada')
    vi.advanceTimersByTime(9_000)
    expect(kept()).toEqual(['medkit:test:wiped'])
    vi.advanceTimersByTime(1_000)
    expect(kept()).toEqual([])
  })

  it('is as much for ten seconds after the next one has, in whatever tab', () => {
    withSomething().wipe('ada')
    vi.advanceTimersByTime(8_000)
    withSomething().wipe(undefined)
    vi.advanceTimersByTime(8_000)
    expect(kept()).toEqual(['medkit:test:wiped'])
    vi.advanceTimersByTime(2_000)
    expect(kept()).toEqual([])
  })

  it('is nothing either once another page has been there for ten seconds, where that one was closed', () => {
    withSomething().wipe('ada')
    vi.clearAllTimers()
    createStorage('test')
    vi.advanceTimersByTime(10_000)
    expect(kept()).toEqual([])
  })

  it('is nothing at all where they had left nothing', () => {
    createStorage('test').wipe('ada')
    expect(kept()).toEqual([])
  })
})
