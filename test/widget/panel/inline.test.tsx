import { waitFor } from '@testing-library/preact'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Medkit } from '../../../widget/handle.ts'
import { mount } from '../../../widget/mount.ts'
import { createTestRelay } from '../../fixtures/widget/test-relay.ts'

describe('a panel inside an element of the page', () => {
  let medkit: Medkit
  let target: HTMLElement

  beforeEach(() => {
    vi.stubGlobal('fetch', createTestRelay().fetch)
    target = document.createElement('section')
    target.style.cssText = 'width: 400px; height: 500px; margin: 50px 30px'
    document.body.append(target)
    medkit = mount({ game: 'test', relay: location.origin, locale: 'en', target })
  })
  afterEach(() => {
    medkit.destroy()
    target.remove()
    vi.unstubAllGlobals()
  })
  const host = () => target.querySelector('medkit-host')
  const panel = () => host()?.shadowRoot?.querySelector('.panel')

  it('is as large as the element, and moves with it', async () => {
    await waitFor(() => expect(panel()).toBeTruthy())
    const sizes = () =>
      [panel(), target].map((one) => {
        const { left, top, width, height } = one?.getBoundingClientRect() ?? {}
        return { left, top, width, height }
      })
    const [first, second] = sizes()
    expect(first).toEqual(second)
    target.style.marginTop = '90px'
    const [moved, place] = sizes()
    expect(moved).toEqual(place)
  })

  it('is back when the page takes its node, and goes with the element', async () => {
    await waitFor(() => expect(panel()).toBeTruthy())
    const before = host()
    target.replaceChildren()
    await waitFor(() => expect(host()).toBe(before))
    target.remove()
    const { length } = await medkit.doctor()
    expect(length).toBeGreaterThan(0)
    expect(before?.parentNode).toBe(target)
    expect(document.querySelector('medkit-host')).toBeNull()
  })
})
