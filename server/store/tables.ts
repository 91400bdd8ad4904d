/**
 * The ledger's tables, in the words of the house. Times are milliseconds since 1970; JSON is text; both engines hold
 * exactly this.
 */
import type { Generated } from 'kysely'
import type { AttachmentReason, AttachmentState } from '../contract/attachment.ts'
import type { DeletionStatus } from '../contract/deletion.ts'
import type { AttachmentId, DeletionRequestId, MessageId, TicketId } from '../contract/ids.ts'
import type { Language } from '../contract/language.ts'
import type { Delivery, Message } from '../contract/message.ts'
import type { PlayerKind } from '../contract/player.ts'
import type { DeliveryProblemCode } from '../contract/problem-code.ts'
import type { TicketStatus } from '../contract/ticket.ts'
import type { VendorFileId, VendorMessageId, VendorTicketId } from '../vendors/vendor.ts'

/** The ledger's name for a player: a hash of game and subject, so that reading needs no row to exist. */
export type PlayerKey = string & { readonly __brand: 'PlayerKey' }

export interface PlayerTable {
  player: PlayerKey
  game: string
  subject: string
  kind: PlayerKind
  pseudonym: string
  name: string | null
  email: string | null
  locale: string | null
  /** JSON of what the studio signed last. */
  signed: string
  merged_into: PlayerKey | null
  created_at: number
  /** When they last called, to within a day. */
  seen_at: number
}

export interface RecoveryKeyTable {
  /** SHA-256 in hex. */
  hash: string
  player: PlayerKey
  /** With which it was given, to lie on the same device; null for one that the player has written down. */
  session_id: string | null
  /** The hash of the one it was given for, which is good until this one or its session is seen in use. */
  replaces: string | null
  given_at: number
}

export interface EndedSessionTable {
  session_id: string
  expires_at: number
}

export interface TicketTable {
  id: TicketId
  game: string
  player: PlayerKey
  number: string
  subject: string
  status: TicketStatus
  language: Language
  category: string | null
  fields: string
  claimed: string
  signed: string
  answer_to: string | null
  created_at: number
  updated_at: number
  /** When the vendor was last heard; the opening counts as the first time. */
  heard_at: number
  /** 1: what the vendor said of its state was older than the player's wish; it is to be read again. */
  must_read: number
  /** Position of the newest message; also what serialises writers of one ticket. */
  message_count: number
  /** Position of the newest that somebody wrote: what the ticket is shown by. */
  said_position: number
  read_position: number
  /** 1: the player reopened it where the vendor cannot; the next message opens the chain's next vendor ticket. */
  follow_up: number
  rating_score: number | null
  rating_comment: string | null
  /** 1: what was said has outlived its retention and is gone from here, and nothing was said since. */
  emptied: number
  /** When the vendor last brought back what was gone from here, or had never been. */
  refilled_at: number
}

/** The chain: the vendor tickets behind one ticket, oldest first. */
export interface ChainTable {
  ticket_id: TicketId
  position: number
  game: string
  vendor_ticket_id: VendorTicketId
  /** As whom it was opened: the vendor goes on knowing it by them after an anonymous player has been verified. */
  player: PlayerKey
  opened_at: number
  /** JSON, `SentLine[]`: what it was opened with beside the words, and no earlier one. Null for nothing, and after retention. */
  given: Generated<string | null>
  /** What the vendor's list showed of it when it was last read: a hash. Null as long as no list has shown it. */
  seen: Generated<string | null>
}

/** Which relay reads at a vendor account, by the ledger's clock. */
export interface ReaderTable {
  /** The first of the account's games by name. */
  account: string
  owner: string
  lease_until: number
  /** Until when somebody looks on at another relay. */
  watched_until: number
  /** How often other relays have asked the vendor within the minute that ends then. */
  asked: Generated<number>
  asked_until: Generated<number>
}

/** Tickets that a relay which is not the reader wants to have read. */
export interface ReadWishTable {
  account: string
  ticket_id: TicketId
  /** In its chain; 0: none in particular. */
  position: number
  wished_at: number
}

export interface MessageTable {
  id: MessageId
  ticket_id: TicketId
  position: number
  author: 'player' | 'agent' | 'system'
  author_name: string | null
  text: string
  language: string | null
  sent_at: number
  delivery: Delivery
  problem_code: DeliveryProblemCode | null
  vendor_message_id: VendorMessageId | null
  /** Position in the chain of the vendor ticket that holds it; null until one does. */
  chain_position: number | null
  mark: string | null
  event: NonNullable<Message['event']> | null
  event_by: NonNullable<Message['by']> | null
}

export interface AttachmentTable {
  id: AttachmentId
  game: string
  player: PlayerKey
  ticket_id: TicketId | null
  message_id: MessageId | null
  file_name: string
  file_type: string
  file_size: number
  state: AttachmentState
  reason: AttachmentReason | null
  /** Where a file lies that is the vendor's to give; null for one whose bytes are in the relay's own keep. */
  vendor_file_id: VendorFileId | null
  position: number
  created_at: number
  /** When to look at a file that is not `ready` again; while a relay has it in hand, when another may take it over. */
  check_at: Generated<number>
  /** Looks in vain so far. */
  checks: Generated<number>
  /**
   * While its bytes wait here for a message to take them on: a keyed hash of the network it was announced from, empty where
   * that is unknown. Null once they are refused, or whole and on a message that was delivered: nobody's address stays.
   */
  waiting_from: Generated<string | null>
  /** 1: announced by somebody whom nobody vouched for and of whom the vendor had nothing yet. */
  from_stranger: Generated<number>
}

export type Operation = 'open' | 'reply' | 'close' | 'reopen' | 'rate' | 'forget'

/** The outbox: what has yet to reach the vendor. A row goes when it has. */
export interface DeliveryTable {
  sequence: Generated<number>
  game: string
  player: PlayerKey
  ticket_id: TicketId
  operation: Operation
  message_id: MessageId | null
  mark: string
  /** `stuck`: parked, because the vendor refuses it or chokes on it; its player or an operator may send it again. */
  state: 'waiting' | 'stuck'
  /** Begun, counted before the vendor is called: a crash in the middle counts as well. */
  attempts: number
  /** Attempts that the vendor failed; what the wait before the next one goes by. */
  failures: number
  /** The failures among them since which the vendor had taken other messages: they are this message's own. */
  choked: Generated<number>
  first_failed_at: Generated<number | null>
  failed_at: Generated<number | null>
  /** Since when it may have arrived without our knowing; null while every attempt has come to a known end. */
  unsure_since: Generated<number | null>
  /** 1: whoever holds it, or held it last, has begun to write to the vendor and has not said what came of it. */
  writing: Generated<number>
  /** How often the vendor has been asked since, in vain. */
  looks: Generated<number>
  /** 1: it was sent again although an attempt's end was unknown, so that two copies may come to stand there. */
  resent: Generated<number>
  not_before: number
  problem_code: DeliveryProblemCode | null
  lease_owner: string | null
  lease_until: number
  created_at: number
}

export interface IdempotencyTable {
  /** By a keyed hash where it was erased, and then without a fingerprint and an answer. */
  player: PlayerKey
  route: string
  key: string
  fingerprint: string
  /** The answer's body, kept to be given again. */
  answer: string
  created_at: number
}

export type EventType =
  | 'ticket-changed'
  | 'message-added'
  | 'message-delivery'
  | 'unread'
  | 'attachment-changed'
  | 'deletion-changed'

/** Only what an event is about is kept; its text is read from the ledger when it is sent. */
export interface EventTable {
  sequence: Generated<number>
  player: PlayerKey
  type: EventType
  ticket_id: TicketId | null
  message_id: MessageId | null
  attachment_id: AttachmentId | null
  request_id: DeletionRequestId | null
  created_at: number
}

export interface DeletionTable {
  id: DeletionRequestId
  game: string
  /** Once it is done by a keyed hash, as is `about`. */
  player: PlayerKey
  status: DeletionStatus
  requested_at: number
  begins_at: number
  due_at: number
  /** JSON: `{name, at}[]`. */
  steps: string
  /** Until when a worker has it in hand, or it is not to be tried again. */
  lease_until: number
  /** Tries in vain, one after the other. */
  failures: Generated<number>
  /** 1: what was on its way to the vendor has been called off. */
  called_off: Generated<number>
  /** Since when the ticket that asks the studio may stand at the vendor without our knowing. */
  unsure_since: Generated<number | null>
  /** JSON: `HeldThen` of the contract; null until it begins, and of those that began before this was counted. */
  held: Generated<string | null>
  /** Who was erased; `player` is who they are by now. Null as `held` is. */
  about: Generated<PlayerKey | null>
  /** JSON: `AtVendor` of the contract; null until the relay forgets. */
  at_vendor: Generated<string | null>
}

/**
 * `sought`: it may stand at the vendor, who is asked for it by its mark. `waiting`: for the vendor's own call. `refused`:
 * there is no such call, or not for this: the studio is to be asked by a ticket. `erased`, by the vendor's call; `asked`,
 * the studio; `unasked`, neither could be done, and the operator was told.
 */
export type ErasureState = 'sought' | 'waiting' | 'refused' | 'erased' | 'asked' | 'unasked'

/** One thing of a player's that the vendor is to erase: a vendor ticket, or what bears a mark and was never seen there. */
export interface ErasureTable {
  request_id: DeletionRequestId
  /** `file`: one that a browser may have put at the vendor, and that no message carries. */
  kind: 'ticket' | 'mark' | 'file'
  /** The vendor's id of it, or the mark. */
  name: string
  game: string
  /** Empty for a file, as is the number. */
  ticket_id: TicketId
  number: string
  /** As whom it was opened. */
  player: PlayerKey
  message_id: MessageId | null
  state: ErasureState
  /** When a vendor that took it must have come to show it. */
  settled_at: number
  /** The vendor ticket by which the studio was asked. */
  told_by: string | null
}

export interface MailLinkTable {
  hash: string
  game: string
  email: string
  expires_at: number
}

/** The link last mailed, by the keyed hash that names its player: neither an address nor what opens it. */
export interface StandingLinkTable {
  subject: string
  nonce: string
  sent_at: number
}

export interface LimitTable {
  key: string
  count: number
  ends_at: number
}

export interface SpentProofTable {
  challenge: string
  /** Hash of player and `Idempotency-Key`: the same request may come again. */
  used_for: string
  expires_at: number
}

/** Who became whom lately: what the anonymous player sent at that very moment is moved after them. */
export interface MergeTable {
  anonymous: PlayerKey
  verified: PlayerKey
  merged_at: number
}

/** By game: when its vendor last took something, by the ledger's clock. */
export interface VendorHealthTable {
  game: string
  taken_at: number
}

/** A second copy at a vendor that the relay has noticed, by the vendor's name for it. */
export interface CopyTable {
  ticket_id: TicketId
  name: string
}

/** A message that was sent again, whose first attempt may yet turn up as a second vendor ticket. */
export interface LateCopyTable {
  mark: string
  game: string
  ticket_id: TicketId
  message_id: MessageId
  /** As whom it was sent. */
  player: PlayerKey
  look_at: number
  looks: number
}

/** One row that is written to find out whether anything can be. */
export interface ReadinessTable {
  id: number
  looks: number
}

/**
 * `id`: the ledger's own, by which it knows its files. `files unmarked`: it kept files before a store said whose they are.
 * `unscrubbed`: it is from before deleted rows were overwritten. The keys are those by which players get their names; base64url.
 */
export type FactName =
  | 'id'
  | 'files unmarked'
  | 'unscrubbed'
  | 'pseudonym key'
  | 'mailbox key'
  | 'receipt key'
  | 'note key'

export interface LedgerFactTable {
  name: FactName
  value: string
}

export interface Tables {
  players: PlayerTable
  recovery_keys: RecoveryKeyTable
  ended_sessions: EndedSessionTable
  tickets: TicketTable
  chains: ChainTable
  messages: MessageTable
  attachments: AttachmentTable
  deliveries: DeliveryTable
  idempotency: IdempotencyTable
  events: EventTable
  deletions: DeletionTable
  erasures: ErasureTable
  mail_links: MailLinkTable
  standing_links: StandingLinkTable
  limits: LimitTable
  spent_proofs: SpentProofTable
  merges: MergeTable
  readiness: ReadinessTable
  vendor_health: VendorHealthTable
  copies: CopyTable
  late_copies: LateCopyTable
  readers: ReaderTable
  read_wishes: ReadWishTable
  ledger_facts: LedgerFactTable
}
