/**
 * Who it is, as whoever stands beside the browser knows it: from what the game has said, from what the browser keeps, and
 * from what each page can have heard of the others by now.
 */
import { createHand, type Hand, type Person } from './marks.ts'
import { readToken } from './tokens.ts'

export interface Truth {
  /** Whom the game has said it is, on this page. */
  said: Person | undefined
  /** The widget has a token of theirs, and so their name. */
  named: boolean
  /** The last of the studio's players whose name was known here. */
  last: Person | undefined
  byLink: boolean
  /** Who have written here without a name, and are gone. */
  past: Set<Hand>
  /** Who stays on the page until it has. */
  before: ReadonlySet<Person>
  /** Whoever writes while no name is known. */
  hand: Hand
  /** Of the sessions that the browser has kept, the last that this page has heard of. */
  seen: number
  /** Of all changes in the browser, the last that this page has heard of. */
  heard: number
  /** Counts whatever changes who it is on this page. */
  turn: number
  /** Something in another page may have taken them away. */
  mayGiveUp: boolean
  /** They have signed out in another page, and this one has heard of it. */
  gone: boolean
  /** Who have signed out here, or were replaced: nothing of theirs may come to be kept. */
  left: ReadonlySet<Person | Hand>
  /** It stands open who is to be here. */
  asked: boolean
}

export interface People {
  /** For a page that is opened now. */
  begin(): Truth
  allowed(truth: Truth): Set<Person>
  /** Who writes here now. @param owner as the widget has it */
  writer(truth: Truth, owner: string | undefined): Person | Hand
  /** @param guest one is on the page, with a session of their own: whoever comes now is somebody else */
  signIn(truth: Truth, person: Person, how: { byLink: boolean; guest: boolean }): void
  /** The token has come, for this turn of the page's. */
  named(truth: Truth, turn: number): void
  /** It has looked, just now, what the browser keeps. */
  catchUp(truth: Truth): void
  signOut(truth: Truth): void
  /** Nobody is known any more. */
  forget(truth: Truth): void
  /** What the browser keeps has changed, by `writer`. @returns for each other page: it has heard of it */
  changed(
    change: { key: string; value: string | undefined },
    writer: Truth | undefined,
    others: Truth[],
  ): (truth: Truth) => void
}

function createTruth(seen: number, heard: number, last: Person | undefined): Truth {
  const nobody = {
    said: undefined,
    named: false,
    byLink: false,
    before: new Set<Person>(),
    hand: createHand(),
    past: new Set<Hand>(),
  }
  return { ...nobody, seen, heard, last, turn: 0, mayGiveUp: false, gone: false, left: new Set(), asked: false }
}

export interface PeopleParts {
  /** Where the widget keeps a session of the relay's, and the studio's name for a player. */
  sessionKey: string
  playerKey: string
  /** Where it says, for a moment, who of the studio's has signed out. */
  wordKey: string
  /** Whoever was here is replaced, and all they have written is to be gone. */
  onWipe(): void
}

export function createPeople({ sessionKey, playerKey, wordKey, onWipe }: PeopleParts): People {
  const sessions: (Person | undefined)[] = [undefined]
  let player: Person | undefined
  let changes = 0
  /** Since which change it is kept. */
  let playerSince = 0

  const fromBrowser = ({ seen }: Truth) => sessions.slice(seen).filter((person) => person !== undefined)
  const forget = (truth: Truth) => {
    truth.past.add(truth.hand)
    Object.assign(truth, {
      said: undefined,
      last: undefined,
      named: false,
      byLink: false,
      before: new Set(),
      hand: createHand(),
    })
    Object.assign(truth, { mayGiveUp: false, gone: false, asked: false, turn: truth.turn + 1 })
  }
  const allowed = (truth: Truth) => {
    const { said, before, mayGiveUp, gone, asked } = truth
    if (asked) return new Set<Person>()
    if (said === undefined || gone) return new Set(fromBrowser(truth))
    return new Set([said, ...before, ...(mayGiveUp ? fromBrowser(truth) : [])])
  }
  const keepSession = (value: string | undefined, writer: Truth | undefined) => {
    const { token } = value === undefined ? {} : JSON.parse(value)
    sessions.push(readToken(token)?.person)
    if (writer) writer.seen = sessions.length - 1
  }
  /** @returns on which other pages they have gone, by the turn it was there */
  const keepPlayer = (value: string | undefined, writer: Truth | undefined, others: Truth[]) => {
    const next = value === undefined ? undefined : JSON.parse(value)
    const here = others.filter(({ said, named, heard }) => said === player && named && heard >= playerSince)
    for (const other of others) {
      if (other.said !== next) other.mayGiveUp = true
      // Back again, before the page has looked.
      else if (other.asked) other.gone = false
    }
    // Who was wiped away to make room for them has not taken them along.
    const isOut = next === undefined && writer?.said !== player
    player = next
    playerSince = changes
    if (writer) writer.heard = changes
    return new Map(isOut ? here.map((other) => [other, other.turn]) : [])
  }
  return {
    begin: () => createTruth(sessions.length - 1, changes, player),
    catchUp(truth) {
      truth.seen = sessions.length - 1
    },
    allowed,
    forget,
    signOut(truth) {
      truth.left = new Set([...truth.left, ...allowed(truth), truth.hand])
      forget(truth)
    },
    writer(truth, owner) {
      const { said, named, hand } = truth
      if (said !== undefined) return named ? said : hand
      return owner !== undefined && allowed(truth).has(owner) ? owner : hand
    },
    signIn(truth, person, { byLink, guest }) {
      // Whoever was here by a name stays on the page until another has come; a guest's is cleared away at once.
      const before =
        truth.said === undefined || !(truth.named || truth.before.size) ? new Set<Person>() : allowed(truth)
      const hand = truth.named || guest ? createHand() : truth.hand
      hand.may.add(person)
      Object.assign(truth, { said: person, named: false, before, hand, byLink, turn: truth.turn + 1 })
      Object.assign(truth, { mayGiveUp: false, gone: false, asked: false })
    },
    named(truth, turn) {
      // What comes while it stands open who is to be here is dropped.
      if (truth.turn !== turn || truth.asked) return
      if (truth.last !== undefined && truth.last !== truth.said) {
        truth.left = new Set([...truth.left, truth.last])
        onWipe()
      }
      truth.left = new Set([...truth.left].filter((person) => person !== truth.said))
      truth.last = truth.said
      truth.named = true
      truth.before = new Set()
    },
    changed({ key, value }, writer, others) {
      changes += 1
      const change = changes
      if (key === sessionKey) keepSession(value, writer)
      const leaving = key === playerKey ? keepPlayer(value, writer, others) : new Map<Truth, number>()
      const now = sessions.length - 1
      // Whoever it is, nothing else says.
      if (![sessionKey, playerKey, wordKey].includes(key)) return () => {}
      return (truth) => {
        truth.heard = Math.max(truth.heard, change)
        if (key === wordKey && value === JSON.stringify(truth.said)) truth.mayGiveUp = true
        // Whoever comes here next takes the place of whom another page has kept, and of all that is kept.
        if (key === playerKey && truth.said !== undefined && truth.mayGiveUp) truth.last = player ?? truth.last
        truth.seen = Math.max(truth.seen, now)
        // Unless they have come back by then.
        if (leaving.get(truth) === truth.turn && player !== truth.said) truth.gone = true
      }
    },
  }
}
