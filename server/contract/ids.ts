/** Identifiers on the wire. All are the relay's own and unguessable; none is a vendor's. */
import { z } from 'zod'

/** 22 characters of base64url: 128 random bits. */
const opaque = z.string().regex(/^[A-Za-z0-9_-]{22}$/)
/** The same behind the time of its making, or by itself. */
const dated = z.string().regex(/^[a-z0-9]{0,9}[A-Za-z0-9_-]{22}$/)

export const TicketId = dated.brand<'TicketId'>()
export const MessageId = dated.brand<'MessageId'>()
export const AttachmentId = opaque.brand<'AttachmentId'>()
export const DeletionRequestId = opaque.brand<'DeletionRequestId'>()

/** The studio's own short name for a game: a key of `games` in the relay's configuration. */
export const GameKey = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/)

/** ISO 8601 in UTC, as `Date.prototype.toISOString` writes it. */
export const Instant = z.iso.datetime()

export type TicketId = z.infer<typeof TicketId>
export type MessageId = z.infer<typeof MessageId>
export type AttachmentId = z.infer<typeof AttachmentId>
export type DeletionRequestId = z.infer<typeof DeletionRequestId>
export type GameKey = z.infer<typeof GameKey>
