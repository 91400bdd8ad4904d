/**
 * What the player has written and the relay does not have yet. Kept in IndexedDB, so that it outlives a reload or a
 * crash, and sent again with the same `Idempotency-Key` until there is an answer.
 */

import { computed, effect, type ReadonlySignal, signal, untracked } from '@preact/signals-core'
import type { Attachment } from '../../server/contract/attachment.ts'
import type { MessageId, TicketId } from '../../server/contract/ids.ts'
import type { Message, NewMessage } from '../../server/contract/message.ts'
import type { Conversation, NewTicket } from '../../server/contract/ticket.ts'
import type { FailureCode } from '../handle.ts'
import { type Call, forOne, RelayProblem, superseded } from '../relay/call.ts'
import type { Clock } from './clock.ts'
import { isTheirs, type Owner } from './owner.ts'
import { randomName } from './random.ts'
import { createRecordStore } from './record-store.ts'

interface Written {
  /** The `Idempotency-Key` of every try. */
  key: string
  writtenAt: number
  /** See {@link Session.owner}. What one verified player wrote never goes out in another's name, or in nobody's. */
  owner?: string | undefined
  /** For the player's own eyes, until the relay's answer replaces them. */
  attachments: Attachment[]
  /** The relay has it and has told so, but its answer is not here yet: the message stands in the conversation already. */
  twin?: MessageId
}
type ToOpen = Written & { body: NewTicket; ticketId?: undefined }
type ToReply = Written & { body: NewMessage; ticketId: TicketId }

/** `waiting`: goes out by itself. `failed`: the relay will never take it as it is; the player decides. */
export type Outgoing = (ToOpen | ToReply) & { state: 'waiting' | 'sending' | 'failed'; code?: FailureCode }

export interface OutboxParts {
  game: string
  call: Call
  clock: Clock
  owner: ReadonlySignal<Owner>
  /** Changes with whoever is here. */
  person: ReadonlySignal<unknown>
  /** An anonymous player comes to be with the first thing they send. */
  begin(): Promise<void>
  /** Work to show for a new ticket, where the game asks for it. */
  prove(): Promise<string | undefined>
  onOpened(conversation: Conversation, key: string): void
  onReplied(ticketId: TicketId, message: Message): void
  onProblem(code: FailureCode): void
}

export interface Outbox {
  items: ReadonlySignal<readonly Outgoing[]>
  /** @param onSafe the browser keeps it, or the relay has it: what it was written in can go */
  open(body: NewTicket, attachments: Attachment[], onSafe: () => void): string
  reply(ticketId: TicketId, body: NewMessage, attachments: Attachment[], onSafe: () => void): string
  /** What was sent has come by event, before its answer. */
  pair(key: string, twin: MessageId): void
  /** Sends what waits, now. */
  flush(): Promise<void>
  retry(key: string): void
  /** Takes one back, to be written again. */
  discard(key: string): Outgoing | undefined
  /** Somebody else takes the writer's place, whose messages stay here for them unless they are wiped. */
  leave(wipe: boolean): void
  /** Brings back what an earlier page left, once. */
  load(): Promise<void>
  destroy(): void
}

/** A later try can succeed without the player doing anything. */
const passing: readonly FailureCode[] = [
  'offline',
  'not_an_answer',
  'internal',
  'rate_limited',
  'store_unavailable',
  'overloaded',
  'idempotency_key_in_use',
  'session_ended',
  'sign_in_failed',
  'token_missing',
  'token_expired',
]
const longestWaitMs = 60_000
/** A browser that has not kept a message by then is not waited for. */
const keepWithinMs = 2_000

export function createOutbox(parts: OutboxParts): Outbox {
  const { game, call, clock, owner, person, begin, prove, onOpened, onReplied, onProblem } = parts
  const held = signal<readonly Outgoing[]>([])
  /** Written here by nobody yet: by the same hands, should they say now who they are. */
  const fresh = new Set<string>()
  const items = computed(() => held.value.filter((item) => isTheirs(item.owner, owner.value)))
  const isHere = (key: string) => items.value.some((item) => item.key === key)
  /** What the browser does not keep, or not yet. */
  const unsafe = new Map<string, () => void>()
  const records = createRecordStore<Outgoing>(`medkit:${game}`, 'outbox', () => {
    for (const item of held.value) records.put(item)
  })
  /** Whose they are is known to every tab: what was written without a name may have been taken up by another one. */
  const settled = new Set<string>()
  let loaded = false
  let flushing = false
  let failures = 0
  let callOff = () => {}

  const change = (key: string, values: Partial<Pick<Outgoing, 'state' | 'code' | 'twin' | 'owner'>>) => {
    held.value = held.value.map((item) => (item.key === key ? { ...item, ...values } : item))
  }
  const inTime = <T>(keeping: Promise<T>) =>
    Promise.race([keeping, new Promise<undefined>((resolve) => clock.after(keepWithinMs, () => resolve(undefined)))])
  const becomeSafe = (key: string) => {
    unsafe.get(key)?.()
    unsafe.delete(key)
  }
  const claim = (key: string, writer: Owner) => records.change(key, (row) => ({ ...row, owner: row.owner || writer }))
  /** What was written here is theirs who are known now, and no other tab's to send as nobody's. */
  const name = (writer: string) => {
    for (const { key, owner: before } of held.value) {
      if (before !== '' && !(before === undefined && fresh.has(key))) continue
      change(key, { owner: writer })
      claim(key, writer)
    }
  }
  const drop = (key: string) => {
    held.value = held.value.filter((item) => item.key !== key)
    records.remove(key)
    becomeSafe(key)
  }

  /** From the first try on it is one player's, whoever comes next, and whatever tab has brought it back as well. */
  const own = async (key: string) => {
    // What another page has left of nobody's is not for who has signed in here meanwhile.
    if (isHere(key) && !settled.has(key)) {
      const mine = owner.value
      const found = await inTime(claim(key, mine))
      // What was kept and is gone, another tab has sent, or somebody has signed out there.
      if (found?.length === 0 && !unsafe.has(key)) drop(key)
      else change(key, { owner: found?.[0]?.owner || mine })
      settled.add(key)
    }
    if (!isHere(key)) throw new RelayProblem('session_ended', {}, { cause: superseded })
  }
  const send = async (item: Outgoing) => {
    const { key, body, ticketId } = item
    const same = forOne(() => person.peek())
    await begin()
    same(0)
    same(await own(key))
    if (ticketId) {
      onReplied(ticketId, await call('POST /tickets/:ticketId/messages', { params: { ticketId }, body, key }))
      return
    }
    const proof = same(await prove())
    onOpened(await call('POST /tickets', { body: { ...(body as NewTicket), ...(proof && { proof }) }, key }), key)
  }

  /** @returns whether to go on with the next one. */
  const attempt = async (item: Outgoing): Promise<boolean> => {
    change(item.key, { state: 'sending' })
    try {
      await send(item)
      failures = 0
      drop(item.key)
      return true
    } catch (error) {
      const { code, retryAfterMs, cause } = error instanceof RelayProblem ? error : new RelayProblem('internal')
      const again = passing.includes(code)
      change(item.key, { state: again ? 'waiting' : 'failed', code })
      // Somebody else is here: it waits for who wrote it.
      if (cause === superseded) return !isHere(item.key)
      onProblem(code)
      if (again) later(retryAfterMs)
      return !again
    }
  }

  const later = (ms: number) => {
    failures += 1
    callOff()
    const waitMs = ms || Math.min(longestWaitMs, 1000 * 2 ** failures)
    // Longer by up to a quarter: whoever failed together does not come back together.
    callOff = clock.after(waitMs * (1 + Math.random() / 4), () => flush())
  }

  const next = () => {
    // A stuck reply holds its ticket's next.
    const stuck = items.value.filter((item) => item.state === 'failed').map((item) => item.ticketId ?? item.key)
    return items.value.find((item) => item.state === 'waiting' && !stuck.includes(item.ticketId ?? item.key))
  }
  const flush = async () => {
    callOff()
    if (flushing) return
    flushing = true
    try {
      // Read anew each time: the player may add or take back while one is under way.
      for (let item = next(); item; item = next()) if (!(await attempt(item))) return
    } finally {
      // In the same breath as the last look, so that nothing is added in between and forgotten.
      flushing = false
    }
  }
  const stopNaming = effect(() => {
    const writer = owner.value
    if (writer === undefined) return
    untracked(() => {
      name(writer)
      // What waits may have had nobody to go out for.
      if (next()) flush()
    })
  })
  const add = (item: Outgoing, onSafe: () => void) => {
    const { key } = item
    fresh.add(key)
    if (item.owner) settled.add(key)
    unsafe.set(key, onSafe)
    held.value = [...held.value, item]
    const kept = records.put(item)
    kept.then((isKept) => isKept && becomeSafe(key))
    inTime(kept).then(flush)
    return key
  }
  const written = (attachments: Attachment[]) => ({
    key: randomName(),
    writtenAt: clock.now(),
    owner: owner.value,
    attachments,
    state: 'waiting' as const,
  })

  return {
    items,
    open: (body, attachments, onSafe) => add({ ...written(attachments), body }, onSafe),
    reply: (ticketId, body, attachments, onSafe) => add({ ...written(attachments), ticketId, body }, onSafe),
    pair: (key, twin) => change(key, { twin }),
    flush,
    retry(key) {
      change(key, { state: 'waiting' })
      flush()
    },
    discard(key) {
      const item = items.value.find((item) => item.key === key)
      drop(key)
      return item
    },
    leave(wipe) {
      callOff()
      fresh.clear()
      if (wipe) {
        held.value = []
        unsafe.clear()
        records.wipe()
        return
      }
      // What has no name on it is for nobody who comes now; what nobody wrote lies in the browser, unless it was wiped elsewhere.
      for (const { key, owner: writer } of held.value) if (writer === '') records.remove(key)
      held.value = held.value.filter((item) => item.owner)
    },
    async load() {
      if (loaded) return
      loaded = true
      const left = await records.all()
      const known = held.value.map((item) => item.key)
      // While the name of who wrote it has not come, it is for no other page.
      const found = left
        .filter((item) => item.owner !== '' && !known.includes(item.key))
        .sort((a, b) => a.writtenAt - b.writtenAt)
      for (const { key, owner: writer } of found) if (writer) settled.add(key)
      held.value = [...found.map((item) => ({ ...item, state: 'waiting' as const })), ...held.value]
      if (found.length) flush()
    },
    destroy() {
      stopNaming()
      callOff()
      records.close()
    },
  }
}
