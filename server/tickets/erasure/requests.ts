/** Erasure as its player knows it: asked for, withdrawn until it begins, and followed step by dated step. */

import type { DeletionRequest } from '../../contract/deletion.ts'
import type { DeletionRequestId } from '../../contract/ids.ts'
import type { Identity } from '../../players/identity.ts'
import type { Clock } from '../../runtime/clock.ts'
import { randomId } from '../../runtime/random.ts'
import { Refusal } from '../../runtime/refusal.ts'
import type { DeletionRow } from '../../store/deletions.ts'
import type { Notifier } from '../../store/notifier.ts'
import type { Store } from '../../store/store.ts'
import { ownDeletion } from '../ownership.ts'
import { presentDeletion, withStep } from '../present.ts'

export interface DeletionParts {
  store: Store
  clock: Clock
  notifier: Notifier
  graceHours: number
}

export interface Deletions {
  /** A second request while one is under way is the first one again. */
  ask: (player: Identity) => Promise<DeletionRequest>
  list: (player: Identity) => Promise<DeletionRequest[]>
  /** @throws Refusal `not_found`, `unsupported` once it has begun */
  withdraw: (player: Identity, id: DeletionRequestId) => Promise<DeletionRequest>
}

const dueDays = 30
const dayMs = 86_400_000
const hourMs = 3_600_000

export function createDeletions({ store, clock, notifier, graceHours }: DeletionParts): Deletions {
  async function ask(player: Identity): Promise<DeletionRequest> {
    const answer = await store.transaction(async (ledger) => {
      const row = newRequest(player, clock.now(), graceHours)
      if (!(await ledger.deletions.add(row))) {
        const known = await ledger.deletions.findUnfinished(player.key)
        return known && presentDeletion(known)
      }
      await ledger.events.add(player.key, clock.now(), { type: 'deletion-changed', request_id: row.id })
      return presentDeletion(row)
    })
    // The one under way came to its end just now.
    if (!answer) return ask(player)
    notifier.player.notify(player.key)
    if (Date.parse(answer.beginsAt) <= clock.now().getTime()) notifier.erasure.notify(player.key)
    return answer
  }

  async function withdraw(player: Identity, id: DeletionRequestId): Promise<DeletionRequest> {
    const answer = await store.transaction(async (ledger) => {
      const request = await ownDeletion(ledger, player, id)
      if (request.status === 'withdrawn') return presentDeletion(request)
      const steps = withStep(request, 'withdrawn', clock.now())
      if (!(await ledger.deletions.withdraw(id, steps))) throw new Refusal('unsupported')
      await ledger.events.add(player.key, clock.now(), { type: 'deletion-changed', request_id: id })
      return presentDeletion({ ...request, status: 'withdrawn', steps })
    })
    notifier.player.notify(player.key)
    return answer
  }

  return {
    ask,
    list: async (player) => (await store.deletions.list(player.key)).map(presentDeletion),
    withdraw,
  }
}

function newRequest(player: Identity, now: Date, graceHours: number): DeletionRow {
  const time = now.getTime()
  return {
    id: randomId() as DeletionRequestId,
    game: player.game,
    player: player.key,
    status: 'waiting',
    requested_at: time,
    begins_at: time + graceHours * hourMs,
    due_at: time + dueDays * dayMs,
    steps: JSON.stringify([{ name: 'asked', at: time }]),
    lease_until: 0,
    failures: 0,
    called_off: 0,
    unsure_since: null,
    held: null,
    about: null,
    at_vendor: null,
  }
}
