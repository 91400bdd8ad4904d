/** What every adapter is handed beside its own configuration. */

import type { AttachmentLimits } from '../contract/can.ts'
import type { Clock } from '../runtime/clock.ts'
import type { TagOf } from './text/agent-note.ts'

export interface VendorParts {
  clock: Clock
  /** An answer did not fit the vendor's document. `what` names call and field, never a value. */
  onDrift: (vendor: string, what: string) => void
  /** Something was kept from the player because no allow-list names it. `what` is its kind, never its content. */
  onHidden: (vendor: string, what: string) => void
  /** What shows an agent that a note is the relay's. */
  tagOf: TagOf
  /** Limits on calls; the defaults of `createVendorHttp` where absent. */
  http?: { timeoutMs?: number; maxBytes?: number } | undefined
}

/** For vendors that take no files: the relay keeps them, and the agent gets a signed, expiring link. */
export const linkedAttachments: AttachmentLimits = {
  types: [
    'image/png',
    'image/jpeg',
    'image/gif',
    'image/webp',
    'video/mp4',
    'video/quicktime',
    'video/webm',
    'application/pdf',
    'text/plain',
    'application/zip',
  ],
  maxBytes: 200 * 1024 * 1024,
  maxCount: 10,
}
