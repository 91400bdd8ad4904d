/** Which limit each call spends from. Every route of the contract has one; a route without does not compile. */
import type { LimitKind } from '../config/limits.ts'
import type { RouteName } from '../contract/routes.ts'
import type { Identity } from '../players/identity.ts'
import { Refusal } from '../runtime/refusal.ts'
import type { Limits, Named, Spender, Spent } from './limits.ts'
import type { Cost } from './load.ts'

/**
 * Signing in spends in its handler, which knows what is asked for: a session or a mail. A challenge to do so is asked for by
 * nobody yet, and was counted as a read of its address.
 */
export const limitOf: Record<Exclude<RouteName, 'POST /sessions' | 'POST /sessions/challenges'>, LimitKind> = {
  'GET /games/:game': 'read',
  'POST /sessions/merge': 'session',
  'POST /recovery-keys': 'session',
  'GET /session': 'read',
  'DELETE /session': 'read',
  'POST /challenges': 'read',
  'GET /tickets': 'read',
  'POST /tickets': 'open',
  'GET /tickets/:ticketId': 'read',
  'POST /tickets/:ticketId/messages': 'reply',
  'POST /tickets/:ticketId/messages/:messageId/retry': 'reply',
  'POST /tickets/:ticketId/close': 'reply',
  'POST /tickets/:ticketId/reopen': 'reply',
  'POST /tickets/:ticketId/read': 'read',
  'POST /tickets/:ticketId/rating': 'reply',
  'POST /attachments': 'upload',
  'GET /attachments/:attachmentId': 'read',
  'DELETE /attachments/:attachmentId': 'upload',
  'POST /deletion-requests': 'reply',
  'GET /deletion-requests': 'read',
  'DELETE /deletion-requests/:requestId': 'reply',
  'GET /deletion-requests/:requestId/receipt': 'read',
  'GET /export': 'export',
  'GET /events': 'read',
}

/** What takes much to answer: it spends from `work` by the size of the answer, and waits while the relay is behind. */
export const costOf: { readonly [Name in RouteName]?: Cost } = {
  'GET /tickets': 'reading',
  'GET /tickets/:ticketId': 'reading',
  'GET /export': 'replay',
  'GET /events': 'replay',
}

/** @returns undefined where it is known at once that there was room. @throws Refusal `rate_limited` */
export function spend(limits: Limits, kind: LimitKind, who: Spender | Named): Promise<undefined> | undefined {
  const spent = limits.spend(kind, who)
  return 'then' in spent ? spent.then(refuseUnlessOk) : refuseUnlessOk(spent)
}

function refuseUnlessOk(spent: Spent): undefined {
  if (!spent.ok) throw new Refusal('rate_limited', { retryAfterSeconds: spent.retryAfterSeconds })
}

/** An anonymous player is the device; anybody else is themselves, on whatever device. */
export function spenderOf({ kind, key }: Identity, address: string | undefined): Spender {
  return kind === 'anonymous' ? { device: key, address } : { player: key, address }
}
