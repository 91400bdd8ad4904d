/** What a player can read first, in English. With `en-more.ts` it is the shape: a language that lacks a sentence does not compile. */
import type { more } from './en-more.ts'

export const en = {
  support: '{game} support',
  close: 'Close',
  back: 'Back',
  loading: 'Loading…',
  tryAgain: 'Try again',
  undo: 'Undo',
  language: 'Language',
  privacy: 'Your data',
  signIn: 'Sign in',
  signOut: 'Sign out',
  launcher: 'Support',
  launcherUnread: { one: 'Support, {n} ticket with a new answer', other: 'Support, {n} tickets with new answers' },
  getHelp: 'Get help',
  intro: 'Tell us what happened, in your own words.',
  yourTickets: 'Your tickets',
  noTickets: 'No tickets yet. What you send us, and every answer, stays here.',
  olderTickets: 'Older tickets',
  statusOpen: 'With us',
  statusAnswered: 'Answered',
  statusClosed: 'Closed',
  untitled: 'Your message',
  newAnswer: 'New answer',
  onDevice: 'On this device',
  deliveryFailed: 'Could not be sent',
  offlineNow: 'No connection. What you write is kept on this device and goes out by itself.',
  ended: 'You are signed out here. Open support from the game again to see your tickets.',
  noSignIn: 'Sign in to the game first; then you can write to us from there.',
  noGame: 'This address is missing the name of the game: …/?game=name',

  problems: {
    offline: 'We could not reach support just now. Please try again in a moment.',
    busy: 'Too much at once. Please wait a moment and try again.',
    ended: 'Your sign-in has run out.',
    refused: 'The game could not prove who you are. Its studio has to fix this.',
    gone: 'This is not here any more.',
    closed: 'This ticket is closed. Reopen it to write more.',
    tooLarge: 'This is too large to send.',
    type: 'This kind of file is not accepted here.',
    invalid: 'Something in here could not be accepted. Please check it.',
    unsupported: 'This is not possible here.',
    origin: 'Support is not set up for this page.',
    studio: 'The studio’s help desk did not take this message. It is kept here.',
  },
}

/** Text by plural category; `other` is always there. */
export interface Plural {
  zero?: string
  one?: string
  two?: string
  few?: string
  many?: string
  other: string
}

type Sentences<T> = {
  [K in keyof T]: T[K] extends string ? string : T[K] extends { other: string } ? Plural : Sentences<T[K]>
}

/** Enough for home. */
export type FirstWords = Sentences<typeof en>
/** Every sentence there is. */
export type Words = FirstWords & Sentences<typeof more>
