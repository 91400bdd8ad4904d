/** Drafts of several pages over one browser's storage. What only real tabs can show is in `test/journey/words-kept.test.ts`. */
import { signal } from '@preact/signals-core'
import { beforeEach, describe, expect, it } from 'vitest'
import { createDrafts } from '../../../widget/state/drafts.ts'
import { createStorage } from '../../../widget/state/storage.ts'
import { kept } from '../../fixtures/widget/page.ts'

describe('drafts', () => {
  let now = 0
  const clock = { now: () => now, after: () => () => {} }
  const owner = signal<string | undefined>('anon:ada')
  /** Each tab has a session storage of its own; here they share one, which says where a page comes from. */
  const tab = (name?: string) => {
    if (name === undefined) sessionStorage.clear()
    const storage = createStorage('test')
    return createDrafts(storage, clock, owner)
  }
  const write = (drafts: ReturnType<typeof tab>, text: string) => {
    now += 1
    drafts.set('draft', { message: text })
  }
  const read = (drafts: ReturnType<typeof tab>) => drafts.get<{ message: string }>('draft')?.message
  const texts = () => kept().map((name) => localStorage.getItem(name) ?? '')

  beforeEach(() => {
    localStorage.clear()
    sessionStorage.clear()
    owner.value = 'anon:ada'
    now = 0
  })

  it('of two tabs that write at once are both kept, each for its own tab', () => {
    const [first, second] = [tab(), tab()]
    write(first, 'a long text')
    write(second, 'short')
    expect([read(first), read(second)]).toEqual(['a long text', 'short'])
  })

  it('are offered to a tab that is opened later, the newest first', () => {
    const [first, second] = [tab(), tab()]
    write(first, 'a long text')
    write(second, 'short')
    expect(read(tab())).toBe('short')
    write(first, 'a longer text')
    expect(read(tab())).toBe('a longer text')
  })

  it('that were left unsent come one after another', () => {
    const [first, second] = [tab(), tab()]
    write(first, 'about the sword')
    write(second, 'about the shield')
    const third = tab()
    expect(read(third)).toBe('about the shield')
    third.send('draft', 'about the shield')()
    expect(read(tab())).toBe('about the sword')
  })

  it('do not come back once they have been corrected and sent', () => {
    write(tab(), 'My sword is gne')
    const second = tab()
    expect(read(second)).toBe('My sword is gne')
    write(second, 'My sword is gone')
    second.send('draft', 'My sword is gone')()
    expect(read(tab())).toBeUndefined()
  })

  it('do not come back once they have been thrown away', () => {
    write(tab(), 'Never mind')
    const second = tab()
    expect(read(second)).toBe('Never mind')
    second.set('draft', undefined)
    expect(read(tab())).toBeUndefined()
  })

  it('that another tab has taken over are put back by the tab that shows them', () => {
    const first = tab()
    write(first, 'a long text')
    const second = tab()
    read(second)
    write(second, 'short')
    first.putBack()
    second.send('draft', 'short')()
    expect(read(tab())).toBe('a long text')
  })

  it('that another tab has sent whole are not sent twice', () => {
    const first = tab()
    write(first, 'a text')
    const second = tab()
    read(second)
    write(second, 'a text and more')
    first.putBack()
    second.send('draft', 'a text and more')()
    expect(texts().join()).not.toContain('a text')
  })

  it('stay until something else keeps what was sent, and are offered to nobody on this page meanwhile', () => {
    const first = tab()
    write(first, 'on its way')
    const safe = first.send('draft', 'on its way')
    expect(read(first)).toBeUndefined()
    expect(read(tab())).toBe('on its way')
    safe()
    expect(read(tab())).toBeUndefined()
  })

  it('are theirs who say, once they have sent it, who they are, and go though they are gone by then', () => {
    owner.value = undefined
    const first = tab()
    write(first, 'on its way')
    const safe = first.send('draft', 'on its way')
    owner.value = 'ada'
    first.claim()
    first.forget()
    owner.value = undefined
    expect(read(tab())).toBeUndefined()
    safe()
    owner.value = 'ada'
    expect(read(tab())).toBeUndefined()
  })

  it('are kept once their writer’s name has come, and not those that were sent before', () => {
    owner.value = ''
    const first = tab()
    write(first, 'sent')
    first.send('draft', 'sent')()
    const second = tab()
    write(second, 'unsent')
    expect(texts()).toEqual([])
    owner.value = 'ada'
    for (const one of [first, second]) one.claim()
    expect(texts().map((text) => JSON.parse(text).value.message)).toEqual(['unsent'])
  })

  it('of an earlier version are found', () => {
    localStorage.setItem('medkit:test:draft', JSON.stringify({ owner: 'anon:ada', value: { message: 'from before' } }))
    expect(read(tab())).toBe('from before')
  })

  it('of a page that is loaded anew are its own, though another tab has written since', () => {
    const first = tab()
    write(first, 'mine')
    const page = sessionStorage.getItem('medkit:test:page') ?? ''
    write(tab(), 'newer')
    sessionStorage.setItem('medkit:test:page', page)
    expect(read(tab('the same'))).toBe('mine')
  })

  it('are shown to nobody else, and put back for nobody else', () => {
    const first = tab()
    write(first, 'of Ada')
    const second = tab()
    read(second)
    write(second, 'of Ada, too')
    first.forget()
    owner.value = 'anon:ben'
    expect(read(tab())).toBeUndefined()
    first.putBack()
    expect(texts().filter((text) => text.includes('"of Ada"'))).toEqual([])
  })
})
