/**
 * The short readable block under a player's message that tells the agent what the vendor has no fields for, and its
 * removal when the message comes back. Pure.
 *
 * Whoever wrote a value is named on its own line: what the studio signed must not be confused with what a browser says
 * of itself, and a player must not be able to write a line that looks signed.
 */
import type { AbsentFile, Opening, SignedMetadata, VendorTicketId } from './vendor.ts'

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

const beginning = '-- Medkit: notes for the agent; all above is the player’s own text --'
const end = '-- Medkit: end --'
/** A line that could be taken for one of the two above; quoted once more each time, so that it can be undone. */
const lookAlike = /^(> )*\s*-- Medkit:/
const quoted = /^(> )+\s*-- Medkit:/

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

/** The player's words, and the block below them. */
export function withAgentNote(text: string, note: AgentNote): string {
  const guarded = text
    .split('\n')
    .map((line) => (lookAlike.test(line) ? `> ${line}` : line))
    .join('\n')
  return [guarded, '', beginning, ...linesOf(note), end].join('\n')
}

/** What {@link withAgentNote} was given; text without a block comes back as it is. */
export function withoutAgentNote(text: string): { text: string; mark?: string } {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const start = lines.findIndex((line) => line.trimEnd() === beginning)
  if (start < 0) return { text }
  const words = lines.slice(0, lines[start - 1] === '' ? start - 1 : start)
  const mark = lines
    .slice(start)
    .map((line) => /^mark: ([A-Za-z0-9-]{1,64})\s*$/.exec(line)?.[1])
    .find((found) => found !== undefined)
  const written = words.map((line) => (quoted.test(line) ? line.slice(2) : line)).join('\n')
  return mark === undefined ? { text: written } : { text: written, mark }
}

/** An agent's text without any block they quoted along: it is not for the player's eyes. */
export function withoutQuotedNotes(text: string): string {
  const kept: string[] = []
  let inside = false
  for (const line of text.split('\n')) {
    const bare = line.replace(/^[>\s]+/, '').trimEnd()
    if (bare === beginning) inside = true
    if (!inside) kept.push(line)
    if (bare === end) inside = false
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

/** A value keeps to its line, and nothing in it turns the reading direction of what stands beside it. */
function oneLine(value: string): string {
  return value
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ⏎ ')
    .replaceAll(/[\u202a-\u202e\u2066-\u2069\u200e\u200f]/g, '')
    .trim()
}
