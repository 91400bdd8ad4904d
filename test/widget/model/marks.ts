/** Every text of every player carries a mark, such as `[A.7]`, by which it is known again wherever it turns up. */

/** The subject of their tokens: `A` and `B` are the studio's, `email:…` and `anon:…` the relay's. */
export type Person = string

/** Somebody of whom nobody knows yet who it is: whoever is told of first, while the same hands are at the page. */
export interface Hand {
  /** Whom the game has said it is since. */
  may: Set<Person>
}

export interface Mark {
  number: number
  by: Person | Hand
  /** Under whom it has left the page first. */
  bound?: Person
}

export interface Marks {
  /** @returns the mark, to be put into a text. */
  make(by: Person | Hand): string
  /** All that are in a text. */
  in(text: string): Mark[]
}

export function createHand(): Hand {
  return { may: new Set() }
}

export function createMarks(): Marks {
  const all: Mark[] = []
  return {
    make(by) {
      const number = all.push({ number: all.length, by }) - 1
      return `[${typeof by === 'string' ? by : '?'}.${number}]`
    },
    in: (text) =>
      [...text.matchAll(/\[[^[\]\s]+\.(\d+)\]/g)].flatMap(([, number]) => {
        const mark = all[Number(number)]
        return mark ? [mark] : []
      }),
  }
}

/** Whether what was so marked can be this person's. */
export function isBy({ by, bound }: Mark, person: Person): boolean {
  if (typeof by === 'string') return by === person
  if (bound !== undefined) return bound === person
  // Whoever the browser comes to know next, by a session of the relay's, is taken for the same.
  return by.may.has(person) || /^(anon|email):/.test(person)
}
