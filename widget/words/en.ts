/** What a player can read first, in English. With `en-more.ts` it is the shape: a language that lacks a sentence does not compile. */
import type { more } from './en-more.ts'

export const en = {
  support: '{game} support',
  close: 'Close',
  back: 'Back',
  loading: 'Loading…',
  tryAgain: 'Try again',
  language: 'Language',
  privacy: 'Your data',
  signIn: 'Sign in',
  signOut: 'Sign out',
  recover: 'Get my tickets back',
  launcher: 'Support',
  getHelp: 'Get help',
  intro: 'Tell us what happened, in your own words.',
  noTickets: 'No tickets yet. What you send us, and every answer, stays here.',
  unreachable: 'We could not reach support just now. Please try again in a moment.',
  offlineNow: 'No connection. What you write is kept on this device and goes out by itself.',
  ended: 'You are signed out here. Open support from the game again to see your tickets.',
  noSignIn: 'Sign in to the game first; then you can write to us from there.',
  cannotWrite:
    'Sorry, you cannot write to us from here yet. What you have sent before, and every answer, can be read here.',

  newTicket: 'New ticket',
  about: 'What is it about?',
  message: 'What happened?',
  messageHint: 'When was it, and what did you expect instead?',
  optional: 'optional',
  choose: 'Choose…',
  email: 'Your e-mail address',
  emailHint: 'The studio answers by e-mail, to this address.',
  ticketLanguage: 'You write in',
  send: 'Send',
  needed: 'Please fill this in.',
  needNumber: 'Please write a number.',
  needEmail: 'Please write an address like name@example.com.',

  received: 'We have it. Your ticket is {number}.',
  receivedHint: 'Answers appear here. You can close this window.',
  receivedByEmail: 'The answer comes to your e-mail address.',
  kept: 'Your message is safe on this device and goes out by itself.',
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

/** Enough for home, and to write. */
export type FirstWords = Sentences<typeof en>
/** Every sentence there is. */
export type Words = FirstWords & Sentences<typeof more>
