/**
 * What a vendor is handed of a player, so that none of it hides, breaks a line or turns its neighbours round where a helpdesk
 * shows it: subjects, names, tags, file names, form and metadata. Ids stay as they are, and so do a message's own words, which
 * the notes see to.
 */

import type { AbsentFile, Opening, Reply, SignedMetadata, Vendor, VendorPlayer } from '../vendor.ts'
import { oneLine, ownField } from './plain-text.ts'

/** The same vendor, told everything so. */
export function legible(vendor: Vendor): Vendor {
  const { reply, findReplied, findOpened } = vendor
  return {
    ...vendor,
    open: (opening, signal) => vendor.open(legibleOpening(opening), signal),
    ...(findOpened ? { findOpened: (opening, signal) => findOpened(legibleOpening(opening), signal) } : {}),
    ...(reply ? { reply: (said, signal) => reply(legibleReply(said), signal) } : {}),
    ...(findReplied ? { findReplied: (said, signal) => findReplied(legibleReply(said), signal) } : {}),
  }
}

function legibleOpening(opening: Opening): Opening {
  return {
    ...opening,
    player: legiblePlayer(opening.player),
    // A vendor may refuse a ticket without a title.
    subject: ownField(opening.subject) || opening.number,
    fields: legibleValues(opening.fields),
    claimed: legibleValues(opening.claimed),
    ...legibleFiles(opening),
  }
}

function legibleReply(reply: Reply): Reply {
  return { ...reply, ...legibleFiles(reply), player: legiblePlayer(reply.player) }
}

function legiblePlayer(player: VendorPlayer): VendorPlayer {
  const { name, email, signed } = player
  return {
    ...player,
    name: ownField(name ?? '') || undefined,
    email: email === undefined ? undefined : oneLine(email),
    signed: legibleSigned(signed),
  }
}

function legibleSigned(signed: SignedMetadata): SignedMetadata {
  const { tags, fields } = signed
  return { ...signed, tags: tags?.map(oneLine), fields: fields && legibleValues(fields) }
}

function legibleFiles<F extends { fileName: string }>({ files, absent }: FilesOf<F>): FilesOf<F> {
  return { files: files.map(named), absent: absent?.map(named) }
}

interface FilesOf<F> {
  files: readonly F[]
  absent?: readonly AbsentFile[] | undefined
}

function named<T extends { fileName: string }>(file: T): T {
  return { ...file, fileName: ownField(file.fileName) || 'file' }
}

function legibleValues(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [oneLine(name), oneLine(value)]))
}
