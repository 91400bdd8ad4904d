/**
 * A token that came in a link, whoever has sent it. Nobody is replaced by it unasked: whose it is, the relay says, and
 * whether to go on as them, the player.
 */

import { batch, type ReadonlySignal, signal } from '@preact/signals-core'
import type { Bearer } from '../../server/contract/player.ts'
import type { FailureCode } from '../handle.ts'
import { RelayProblem } from '../relay/call.ts'
import type { Words } from '../words/en.ts'
import type { Support } from './support.ts'

export interface Arrival {
  /** Both as the relay knows them, once it has answered. */
  names: ReadonlySignal<{ next: string; before: string } | undefined>
  failure: ReadonlySignal<FailureCode | undefined>
  /** Whoever was here can go on; of others there is only what they left. */
  canStay: boolean
  ask(): Promise<void>
  accept(): void
  decline(): void
}

export function createArrival(support: Support): Arrival {
  const { session, speech, outbox, arriving, notices, whoIs } = support
  const { token = '', another, known } = arriving.peek() ?? {}
  const names = signal<{ next: string; before: string } | undefined>()
  const failure = signal<FailureCode | undefined>()
  const words = speech.whole().words.peek()
  /** In one breath, or the question would be drawn anew for who comes next. */
  const end = (decide: () => void) => {
    batch(() => {
      decide()
      arriving.value = undefined
    })
    outbox.flush()
  }
  const decline = () => end(session.trust)
  const nameOfKnown = async () => {
    const { owner = '', name, token } = known ?? {}
    const bearer = token ? await whoIs(token).catch(() => undefined) : undefined
    if (bearer) return nameOf(bearer, words)
    return name ?? (/^(anon|email):/.test(owner) ? words.guest : owner)
  }
  const told = (bearer: Bearer, before: string) => {
    const next = nameOf(bearer, words)
    // Whoever has made the link has chosen the name, too.
    if (next !== before) return { next, before }
    return { next: `${next} (${bearer.subject})`, before: `${before} (${known?.owner})` }
  }
  const ask = async () => {
    failure.value = undefined
    try {
      const [bearer, before] = await Promise.all([whoIs(token), nameOfKnown()])
      names.value = told(bearer, before)
    } catch (error) {
      const { code } = error instanceof RelayProblem ? error : new RelayProblem('offline')
      failure.value = code
      if (!isRefusal(code)) return
      decline()
      notices.show({ text: speech.problem(code) })
    }
  }
  ask()
  return {
    names,
    failure,
    canStay: session.canGoOn(),
    ask,
    accept: () => end(() => session.signInByLink(token, another)),
    decline,
  }
}

/** The token is no good, and will be none later. */
function isRefusal(code: FailureCode): boolean {
  return code.startsWith('token_') || code === 'session_ended'
}

export function nameOf({ kind, name, email, subject }: Bearer, words: Words): string {
  if (kind === 'anonymous') return words.guest
  return name ?? email ?? subject
}

/** A name in another direction than the sentence turns nothing around it (Unicode 6.3, first strong isolate). */
export function isolated(name: string): string {
  return `\u2068${name}\u2069`
}
