/**
 * The short readable block under a player's message that tells the agent what the vendor has no fields for, and its
 * removal when the message comes back. Pure.
 *
 * Whoever wrote a value is named on its own line: what the studio signed must not be confused with what a browser says
 * of itself, and a player must not be able to write a line that looks signed. Three things see to that: a player's line that
 * looks like one of the block's two marker lines is quoted; a value keeps to its line; and both marker lines carry a tag of
 * that message, which nobody but the relay can tell before it is sent. Notes from before there were tags are read as well.
 */
import { createHmac } from 'node:crypto'
import type { AbsentFile, Opening, SignedMetadata, VendorTicketId } from '../vendor.ts'
import { closersOf, looksLikeMarker, oneLine, withPlainLineEnds } from './plain-text.ts'

export interface AgentNote {
  /** Comes back from {@link withoutAgentNote}. */
  mark?: string | undefined
  number?: string | undefined
  /** Only where the vendor has no field of its own for it; so with all that follows. */
  subject?: string | undefined
  language?: string | undefined
  category?: string | undefined
  playerId?: string | undefined
  playerName?: string | undefined
  playerEmail?: string | undefined
  signed?: SignedMetadata | undefined
  /** The player typed these into the form. */
  fields?: Readonly<Record<string, string>> | undefined
  /** Typed too, and not proved to be theirs. */
  answerTo?: string | undefined
  claimed?: Readonly<Record<string, string>> | undefined
  follows?: VendorTicketId | undefined
  purpose?: Opening['purpose'] | undefined
  files?: readonly { fileName: string; link: string }[] | undefined
  absent?: readonly AbsentFile[] | undefined
}

/** A message's tag, from its mark: the same however often it is sent. */
export type TagOf = (mark: string) => string

/** 50 bits, in letters and digits that are not taken for one another. */
const tagLength = 10
const tagLetters = '23456789abcdefghjkmnpqrstuvwxyz0'

/** @param key - 32 bytes of the relay's own */
export function createTags(key: Uint8Array): TagOf {
  return (mark) => {
    const digest = createHmac('sha256', key).update(mark).digest().subarray(0, tagLength)
    return Array.from(digest, (byte) => tagLetters[byte % 32]).join('')
  }
}

/** Short enough that no mail program breaks them. */
const beginningOf = (tag: string) => `-- Medkit ${tag}: notes for the agent; above is the player’s text --`
const endOf = (tag: string) => `-- Medkit ${tag}: end --`
const beginning = /^-- Medkit (?<tag>[0-9a-z]{10}): notes for the agent; above is the player’s text --$/
const end = /^-- Medkit (?<tag>[0-9a-z]{10}): end --$/
/** As they were before there were tags. */
const untaggedBeginning = '-- Medkit: notes for the agent; all above is the player’s own text --'
const untaggedEnd = '-- Medkit: end --'

/** All there is to tell of an opening, but for what the vendor has fields of its own for. */
export function noteOf(opening: Opening, { without = [] }: { without?: readonly (keyof AgentNote)[] } = {}): AgentNote {
  const { player, category } = opening
  const note: Required<AgentNote> = {
    mark: opening.mark,
    number: opening.number,
    subject: opening.subject,
    language: opening.language,
    category: category?.id,
    playerId: player.id,
    playerName: player.name,
    playerEmail: player.email,
    signed: player.signed,
    fields: opening.fields,
    answerTo: opening.answerTo,
    claimed: opening.claimed,
    follows: opening.follows,
    purpose: opening.purpose,
    files: opening.files,
    absent: opening.absent,
  }
  for (const named of without) delete (note as AgentNote)[named]
  return note
}

/** The player's words, and the block below them. @param tag - {@link TagOf} the message's mark */
export function withAgentNote(text: string, note: AgentNote, tag: string): string {
  return withNoteBelow(guarded(text), note, tag)
}

/** @param text - the relay's own words: nothing in them is a player's but on a line that says so */
export function withNoteBelow(text: string, note: AgentNote, tag: string): string {
  return [text, closersOf(text), beginningOf(tag), ...linesOf(note), endOf(tag)].join('\n')
}

/** The player's words where nothing is to be said below them: in them, too, nothing looks like the relay's. */
export function guarded(text: string): string {
  return withPlainLineEnds(text)
    .split('\n')
    .map((line) => (looksLikeMarker(line) ? `> ${line}` : line))
    .join('\n')
}

/** What {@link withAgentNote} or {@link guarded} was given, with plain line ends. */
export function withoutAgentNote(text: string): { text: string; mark?: string } {
  const lines = withPlainLineEnds(text).split('\n')
  const start = lines.findIndex((line) => tagAt(line, 'beginning') !== undefined)
  if (start < 0) return { text: unguarded(lines) }
  const words = lines.slice(0, /^[\u202c\u2069]*$/.test(lines[start - 1] ?? '-') ? start - 1 : start)
  const mark = lines
    .slice(start)
    .map((line) => /^mark: ([A-Za-z0-9-]{1,64})\s*$/.exec(line)?.[1])
    .find((found) => found !== undefined)
  const written = unguarded(words)
  return mark === undefined ? { text: written } : { text: written, mark }
}

function unguarded(lines: readonly string[]): string {
  const quoted = (line: string) => line.startsWith('> ') && looksLikeMarker(line.slice(2))
  return lines.map((line) => (quoted(line) ? line.slice(2) : line)).join('\n')
}

/** The tag of a line that begins or ends a note; empty where it is from before there were tags. */
function tagAt(line: string, place: 'beginning' | 'end'): string | undefined {
  const bare = line.trimEnd()
  if (bare === (place === 'beginning' ? untaggedBeginning : untaggedEnd)) return ''
  return (place === 'beginning' ? beginning : end).exec(bare)?.groups?.tag
}

/** An agent's text without any block they quoted along: it is not for the player's eyes. */
export function withoutQuotedNotes(text: string): string {
  const kept: string[] = []
  let inside: string | undefined
  for (const line of text.split('\n')) {
    const bare = line.replace(/^[>\s]+/, '')
    inside ??= tagAt(bare, 'beginning')
    if (inside === undefined) kept.push(line)
    else if (tagAt(bare, 'end') === inside) inside = undefined
  }
  return kept.join('\n').trimEnd()
}

function linesOf(note: AgentNote): string[] {
  return [
    ...line('ticket', note.number),
    ...line('asks for', note.purpose === 'deletion-request' ? 'deletion of everything held on them' : undefined),
    ...line('subject', note.subject),
    ...line('follows', note.follows),
    ...line('language', note.language),
    ...line('category', note.category),
    ...line('player', note.playerId),
    ...line('[proved] name', note.playerName),
    ...line('[proved] e-mail', note.playerEmail),
    ...signedLines(note.signed ?? {}),
    ...labelled('[typed by the player]', note.fields ?? {}),
    ...line('[typed by the player, not proved] answer to', note.answerTo),
    ...labelled('[claimed by the browser, not proved]', note.claimed ?? {}),
    ...(note.files ?? []).flatMap((file) => line(`file ${oneLine(file.fileName)}`, file.link)),
    ...(note.absent ?? []).flatMap((file) => line(`file ${oneLine(file.fileName)}`, wordsFor(file))),
    ...line('mark', note.mark),
  ]
}

/** Read by an agent, who may never have heard of a relay. */
function wordsFor({ why, link }: AbsentFile): string {
  return link === undefined
    ? `did not come along (${why})`
    : `is still on its way or being checked; opens here once it is through: ${link}`
}

function signedLines({ tier, tags = [], fields = {} }: SignedMetadata): string[] {
  return [
    ...line('[signed] tier', tier === undefined ? undefined : String(tier)),
    ...line('[signed] tags', tags.length > 0 ? tags.join(', ') : undefined),
    ...labelled('[signed]', fields),
  ]
}

function labelled(label: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => line(`${label} ${oneLine(name)}`, value))
}

function line(label: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${label}: ${oneLine(value)}`]
}
