/**
 * What a vendor is to the rest of the relay. Only `open` is required; every other operation is an optional method *and*
 * data in `can`, and one shared suite asserts that the two agree. Nothing here knows the ledger, the routes or a peer.
 */
import type { Can } from '../contract/can.ts'
import type { Language } from '../contract/language.ts'
import type { PlayerKind } from '../contract/player.ts'
import type { Rating, TicketStatus } from '../contract/ticket.ts'

/** A vendor's own ids, branded so that none is ever sent to a player in place of ours. */
export type VendorTicketId = string & { readonly __brand: 'VendorTicketId' }
export type VendorMessageId = string & { readonly __brand: 'VendorMessageId' }
export type VendorFileId = string & { readonly __brand: 'VendorFileId' }

/** What the studio signed about a player. `tier`, `tags` and `fields` steer priority, so only a signature may set them. */
export interface SignedMetadata {
  tier?: number | undefined
  tags?: string[] | undefined
  fields?: Record<string, string> | undefined
  /** Zaia only: the chat the studio already holds with this player. */
  chatId?: string | undefined
}

/** A player as a vendor may know them. Never built from anything a browser claims, save for anonymous players' own ids. */
export interface VendorPlayer {
  /** `sub`: the studio's player id, `anon:<uuid>` or `email:<hash>`. Never empty. */
  id: string
  kind: PlayerKind
  /** 32 hex digits, a keyed hash of game and id: stands in where a vendor wants an address or a name we must not give. */
  pseudonym: string
  name?: string | undefined
  /** Proved (signed by the studio, or a mailbox that opened our link). A typed address is {@link Opening.answerTo}. */
  email?: string | undefined
  locale?: string | undefined
  signed: SignedMetadata
}

/** A player's file on its way to the vendor. */
export interface VendorFile {
  fileName: string
  fileType: string
  fileSize: number
  /** Its bytes went straight to the vendor, who named it so: {@link Vendor.prepareUpload}. `read` and `link` fail. */
  vendorFileId?: VendorFileId | undefined
  /** Opens the bytes; may be called again for a retry. */
  read: () => Promise<ReadableStream<Uint8Array>>
  /** A signed, expiring https link to the relay's own copy, for vendors that take no files. */
  link: string
}

/** A file of a message that does not come along with it, for the agent to know. */
export interface AbsentFile {
  fileName: string
  /** Opens it once it is through; absent where it never will be. */
  link?: string | undefined
  /** In plain words, e.g. `refused: infected`. */
  why: string
}

export interface Opening {
  /** Unique to this delivery, the same on every retry; 1–64 characters of `[A-Za-z0-9-]`. Kept by the vendor. */
  mark: string
  player: VendorPlayer
  /** The player-visible reference, e.g. `SH-4F7K2`. */
  number: string
  subject: string
  message: string
  sentAt: Date
  language: Language
  category?: { id: string; tags: readonly string[] } | undefined
  /** Answers to the category's own questions. The player typed them. */
  fields: Record<string, string>
  /** What the browser says of itself: labelled as unproved wherever an agent can see it. */
  claimed: Record<string, string>
  files: readonly VendorFile[]
  absent?: readonly AbsentFile[] | undefined
  /** The previous vendor ticket of the chain, when this one is a follow-up. */
  follows?: VendorTicketId | undefined
  /** `deletion-request`: the player asks the studio to erase what the vendor holds. */
  purpose: 'ticket' | 'deletion-request'
  /** For `findOpened`: this player's vendor tickets that are known to be other messages'. None of them is this opening. */
  linked?: ReadonlySet<VendorTicketId> | undefined
  /** Where the player wants answers when `can.answers` is `email`. Unproved. */
  answerTo?: string | undefined
}

export interface Opened {
  vendorTicketId: VendorTicketId
  vendorMessageId?: VendorMessageId | undefined
  /** Files that were to be at the vendor already and are not. */
  missing?: readonly VendorFileId[] | undefined
}

/** One vendor ticket, and the player the ledger says it belongs to, so that an adapter can check its rows again. */
export interface VendorTicketRef {
  vendorTicketId: VendorTicketId
  player: VendorPlayer
  number: string
  /** By the relay's own clock, where it is known: what was just opened may not show everywhere yet. */
  openedAt?: Date | undefined
}

export interface Closing extends VendorTicketRef {
  /** A later vendor ticket goes on with what this one was about, and is closed with it. */
  isFollowedUp?: boolean | undefined
}

export interface Reply extends VendorTicketRef {
  mark: string
  message: string
  sentAt: Date
  files: readonly VendorFile[]
  absent?: readonly AbsentFile[] | undefined
}

/** Where a browser may put one file, once. */
export interface PreparedUpload {
  vendorFileId: VendorFileId
  url: string
  headers: Record<string, string>
  expiresAt: Date
}

export interface Replied {
  vendorMessageId?: VendorMessageId | undefined
}

export interface VendorAttachment {
  vendorFileId: VendorFileId
  fileName: string
  fileType: string
  /** Bytes; 0 when the vendor does not say. */
  fileSize: number
}

/** A message known to be public. Whatever an adapter cannot place on its allow-list it leaves out and counts. */
export interface VendorMessage {
  /** Absent where the vendor gives its messages no id; the text and the time then stand in. */
  vendorMessageId?: VendorMessageId | undefined
  author: 'player' | 'agent'
  /** What the vendor lets players see of an agent's name; never an address. */
  authorName?: string | undefined
  /** As the player wrote it: whatever block the adapter appended for agents is taken off again. */
  text: string
  language?: string | undefined
  sentAt: Date
  attachments: readonly VendorAttachment[]
  /** Our mark, where the vendor gives it back. */
  mark?: string | undefined
}

export interface VendorConversation {
  status: TicketStatus
  language?: Language | undefined
  updatedAt?: Date | undefined
  /** Oldest first. Empty where `can.answers` is `email`. */
  messages: readonly VendorMessage[]
}

/** A ticket the vendor lists for a verified player, opened here or elsewhere. */
export interface VendorTicket {
  vendorTicketId: VendorTicketId
  subject: string
  status: TicketStatus
  language?: Language | undefined
  createdAt: Date
  updatedAt: Date
  /** Our mark, where the vendor shows it: of a ticket that the relay opened. */
  mark?: string | undefined
}

export interface VendorTicketPage {
  tickets: readonly VendorTicket[]
  /** Opaque to everyone but the adapter; undefined on the last page. */
  cursor?: string | undefined
}

/** What a list of the whole account shows of one ticket, whosever it is. Nothing of it is ever shown to anybody. */
export interface ListedTicket {
  vendorTicketId: VendorTicketId
  /** A hash of what the row says of how the ticket stands: another than before, and something may have changed. */
  state: string
}

export interface ListedPage {
  tickets: readonly ListedTicket[]
  /** Opaque to everyone but the adapter; undefined on the last page. */
  cursor?: string | undefined
}

/** A vendor's list by which what changed at an account is asked for once for all, in whatever order it has. */
export interface ChangeList {
  /** Which list it is: games of one account whose adapters name the same are shown by one. */
  name: string
  /** An unchanged row says that nothing new was said either; else it speaks of the ticket's state alone. */
  showsMessages: boolean
  /**
   * One page, by one call.
   *
   * @param since - tickets opened before this need not be shown
   * @throws VendorError
   */
  page: (cursor: string | undefined, since: Date, signal: AbortSignal) => Promise<ListedPage>
}

export interface VendorDownload {
  body: ReadableStream<Uint8Array>
  fileType?: string | undefined
  fileSize?: number | undefined
}

/** A vendor's call to `/hooks/{game}/{secret}`. Whatever it says is only a hint to read again. */
export interface HookRequest {
  headers: Headers
  /** At most 64 KiB. */
  body: string
}

export interface Hint {
  /** For de-duplication, where the vendor numbers its calls. */
  eventId?: string | undefined
  vendorTicketId: VendorTicketId
}

/**
 * How a vendor is kept from getting one message twice.
 * `vendor`: it de-duplicates by our mark. `relay`: `find` looks for the mark before anything is sent again.
 * `marked`: neither can be had; a repeat is recognisable by its mark.
 */
export type Once = 'vendor' | 'relay' | 'marked'

export interface Vendor {
  kind: string
  can: Can
  /** What players will miss as it is configured, for the operator to read at the start. */
  lacks?: string
  /** How `open` is kept single, and how `reply` is. */
  once: { open: Once; reply: Once }
  /**
   * Whether this player could open a ticket now. Present only where that depends on the player; `can.open` says what holds
   * for everyone. @throws VendorError where it cannot be asked just now
   */
  canOpen?: (player: VendorPlayer, signal: AbortSignal) => Promise<boolean>
  /** Opens a vendor ticket. @throws VendorError */
  open: (opening: Opening, signal: AbortSignal) => Promise<Opened>
  /** Adds the player's words, as the player. Present when `can.reply` is `thread`. */
  reply?: (reply: Reply, signal: AbortSignal) => Promise<Replied>
  /** Present when `can.close`. Closing what is closed succeeds. */
  close?: (closing: Closing, signal: AbortSignal) => Promise<void>
  /** Present when `can.reopen` is `native`. Reopening what is open succeeds. */
  reopen?: (ref: VendorTicketRef, signal: AbortSignal) => Promise<void>
  /** Present unless `can.rating` is false. Safe to repeat as far as the vendor allows. @throws VendorError */
  rate?: (ref: VendorTicketRef, rating: Rating, signal: AbortSignal) => Promise<void>
  /** Reads status and public messages. Absent only where the vendor lets nothing be read back. */
  read?: (ref: VendorTicketRef, signal: AbortSignal) => Promise<VendorConversation>
  /** Present where the vendor's document has a list that shows what changed. A list may lag, skip and lie: it is a hint. */
  changes?: ChangeList
  /** Present when `can.history` is `vendor`. Only ever called for verified players. */
  list?: (player: VendorPlayer, cursor: string | undefined, signal: AbortSignal) => Promise<VendorTicketPage>
  /** Streams a file of an agent's message. */
  download?: (ref: VendorTicketRef, file: VendorAttachment, signal: AbortSignal) => Promise<VendorDownload>
  /** Present when `can.deletion` is `vendor`. Forgetting twice succeeds. */
  forget?: (player: VendorPlayer, tickets: readonly VendorTicketId[], signal: AbortSignal) => Promise<void>
  /** Only where a browser can put a file into the vendor's storage: Theymes. */
  prepareUpload?: (
    file: Pick<VendorFile, 'fileName' | 'fileType' | 'fileSize'>,
    player: Pick<VendorPlayer, 'id'>,
    signal: AbortSignal,
  ) => Promise<PreparedUpload>
  /** Looks for an opening by its mark. Present when `once.open` is `relay`. */
  findOpened?: (opening: Opening, signal: AbortSignal) => Promise<Opened | undefined>
  /** Looks for a reply by its mark. Present when `once.reply` is `relay`. */
  findReplied?: (reply: Reply, signal: AbortSignal) => Promise<Replied | undefined>
  /** It tells the relay itself what changes: nobody has to configure a hook. */
  needsNoHook?: true
  /** Present when `can.push` is `hook`. Reads a hint; an unreadable one is an empty list. */
  receive?: (request: HookRequest) => readonly Hint[]
}

/**
 * `unreachable`: no answer, or a 5xx. `busy`: 429. `misconfigured`: 401 or 403, the studio's to mend and never the
 * player's. `refused`: the vendor will never accept this. `missing`: no such ticket there. `unexpected`: an answer that
 * does not fit what its document promises.
 */
export type VendorErrorCode = 'unreachable' | 'busy' | 'misconfigured' | 'refused' | 'missing' | 'unexpected'

/** The only error a vendor throws. Its message names the vendor and the call, never a key, a body or a player's text. */
export class VendorError extends Error {
  override readonly name = 'VendorError'
  readonly code: VendorErrorCode
  /** From `Retry-After`, in milliseconds from now. */
  readonly retryAfterMs: number | undefined
  /** The HTTP status, where there was one. */
  readonly status: number | undefined
  /** False where what was asked was surely not carried out: it never left, or was plainly refused. */
  readonly mayHaveActed: boolean

  constructor(
    code: VendorErrorCode,
    message: string,
    options: ErrorOptions & {
      retryAfterMs?: number | undefined
      status?: number | undefined
      mayHaveActed?: boolean | undefined
    } = {},
  ) {
    super(message, options)
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.status = options.status
    this.mayHaveActed = options.mayHaveActed ?? (code === 'unreachable' || code === 'unexpected')
  }
}
