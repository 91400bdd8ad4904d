import { describe, expect, it, vi } from 'vitest'
import { batch, computed, effect, signal, untracked } from '../../widget/state/signal.ts'

describe('an effect', () => {
  it('runs at once, and again when something that it read has changed', () => {
    const name = signal('Ada')
    const seen: string[] = []
    effect(() => seen.push(name.value))
    name.value = 'Ben'
    name.value = 'Ben'
    expect(seen).toEqual(['Ada', 'Ben'])
  })

  it('follows only what it read last time', () => {
    const which = signal('left')
    const left = signal(0)
    const right = signal(0)
    const run = vi.fn(() => (which.value === 'left' ? left.value : right.value))
    effect(run)
    right.value = 1
    expect(run).toHaveBeenCalledTimes(1)
    which.value = 'right'
    left.value = 1
    expect(run).toHaveBeenCalledTimes(2)
    right.value = 2
    expect(run).toHaveBeenCalledTimes(3)
  })

  it('runs once after all of a batch, and not at all when everything is as it was', () => {
    const one = signal(1)
    const other = signal(1)
    const seen: number[] = []
    effect(() => {
      seen.push(one.value + other.value)
    })
    batch(() => {
      one.value = 2
      batch(() => {
        other.value = 2
      })
      expect(seen).toEqual([2])
    })
    expect(seen).toEqual([2, 4])
  })

  it('clears up before each run and at its end, and is then done', () => {
    const name = signal('Ada')
    const log: string[] = []
    const stop = effect(() => {
      const now = name.value
      log.push(`in ${now}`)
      return () => log.push(`out ${now}`)
    })
    name.value = 'Ben'
    stop()
    name.value = 'Cleo'
    expect(log).toEqual(['in Ada', 'out Ada', 'in Ben', 'out Ben'])
  })

  it('does not run any more when it was ended while it waited', () => {
    const name = signal('Ada')
    const run = vi.fn(() => name.value)
    const stop = effect(run)
    batch(() => {
      name.value = 'Ben'
      stop()
    })
    expect(run).toHaveBeenCalledTimes(1)
  })

  it('may change what others follow, and what it follows itself', () => {
    const wanted = signal(3)
    const steps = signal(0)
    const seen: number[] = []
    effect(() => {
      if (steps.value < wanted.value) steps.value += 1
    })
    effect(() => {
      seen.push(steps.value)
    })
    wanted.value = 5
    expect(seen).toEqual([3, 4, 5])
  })

  it('does not follow what it reads on the side', () => {
    const followed = signal(1)
    const aside = signal(1)
    const run = vi.fn(() => followed.value + untracked(() => aside.value) + aside.peek())
    effect(run)
    aside.value = 2
    expect(run).toHaveBeenCalledTimes(1)
    followed.value = 2
    expect(run).toHaveBeenCalledTimes(2)
  })

  it('does not keep the others from running when it fails, and leaves nothing undone', () => {
    const name = signal('Ada')
    const seen: string[] = []
    effect(() => {
      if (name.value === 'Ben') throw Error('not Ben')
    })
    effect(() => seen.push(name.value))
    const rename = (to: string) => () => {
      name.value = to
    }
    expect(rename('Ben')).toThrow('not Ben')
    expect(seen).toEqual(['Ada', 'Ben'])
    rename('Cleo')()
    expect(seen).toEqual(['Ada', 'Ben', 'Cleo'])
  })
})

describe('a computed value', () => {
  it('is made when it is read, and again only when what it is made of has changed', () => {
    const one = signal(1)
    const make = vi.fn(() => one.value * 2)
    const twice = computed(make)
    expect(make).not.toHaveBeenCalled()
    expect([twice.value, twice.value, twice.peek()]).toEqual([2, 2, 2])
    one.value = 2
    one.value = 3
    expect(make).toHaveBeenCalledTimes(1)
    expect(twice.value).toBe(6)
    expect(make).toHaveBeenCalledTimes(2)
  })

  it('disturbs nobody when it comes out the same', () => {
    const count = signal(1)
    const odd = computed(() => count.value % 2)
    const isOdd = computed(() => odd.value === 1)
    const run = vi.fn(() => isOdd.value)
    effect(run)
    count.value = 3
    expect(run).toHaveBeenCalledTimes(1)
    count.value = 4
    expect(run).toHaveBeenCalledTimes(2)
  })

  it('is never seen half-way, whichever way a change comes', () => {
    const first = signal('Ada')
    const last = signal('Byron')
    const whole = computed(() => `${first.value} ${last.value}`)
    const seen: string[] = []
    effect(() => {
      seen.push(`${first.value}: ${whole.value}`)
    })
    first.value = 'Ben'
    expect(seen).toEqual(['Ada: Ada Byron', 'Ben: Ben Byron'])
  })

  it('is tried again where it failed', () => {
    const text = signal('{')
    const parsed = computed(() => JSON.parse(text.value) as unknown)
    expect(() => parsed.value).toThrow(SyntaxError)
    expect(() => parsed.value).toThrow(SyntaxError)
    text.value = '{}'
    expect(parsed.value).toEqual({})
  })
})
