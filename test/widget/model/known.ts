/** Histories that once did not hold: kept, because chance may take long to find one again. */
import { end, type Step, steps } from './steps.ts'
import { createWorld, type Setting } from './world.ts'

const sent = { text: true, file: false, send: true }
const sentWithFile = { text: true, file: true, send: true }
const draft = { text: true, file: false, send: false }
const file = { text: false, file: true, send: false }

const { signIn, signOut, code, link, open, wait, writeNew, reply, putAway, wake, sleep, decide, line } = steps

const histories: Record<string, Step[]> = {
  'a file goes out with no token of the next player’s, though it was about to be sent': [
    wait(50_000),
    signIn(0, 'B', 'string'),
    writeNew(0, sentWithFile),
    signIn(0, 'A', 'late'),
  ],
  'what is written before the token has come is shown to nobody in another page': [
    open(),
    writeNew(1, draft),
    putAway(0),
    signIn(0, 'B', 'late'),
    wake(),
    signIn(0, 'A', 'string'),
  ],
  'what was sent before the token has come goes out in no name that comes by a link': [
    signIn(0, 'B', 'fails'),
    writeNew(0, sent),
    link(0, 'A', false),
  ],
  'nothing leaves a page whose player has signed out in another one, though it has not heard of it': [
    writeNew(0, sent),
    wait(12_000),
    reply(0, 0, sent),
    open(),
    signOut(1),
  ],
  'a page that has not heard of it keeps nobody again who has signed out in another one': [
    writeNew(0, sent),
    wait(12_000),
    open(),
    wait(300),
    signOut(1),
    writeNew(0, sent),
  ],
  'a page shows nobody who has signed out in another one, though they have never written here': [
    open(),
    signIn(0, 'A', 'string'),
    signIn(1, 'A', 'string'),
    wait(3_000),
    writeNew(1, sent),
    wait(3_000),
    signOut(1),
  ],
  'a player whose next token is on its way is not forgotten when something is kept in another page': [
    writeNew(0, sent),
    open(),
    signIn(1, 'A', 'string'),
    wait(12_000),
    writeNew(1, file),
    wait(300),
    signIn(1, 'A', 'fails'),
    writeNew(0, draft),
  ],
  'the next player, whose token is on its way, is not forgotten when the one before has gone in another page': [
    open(),
    signIn(0, 'A', 'string'),
    writeNew(0, sent),
    signIn(1, 'B', 'string'),
    wait(12_000),
    signIn(0, 'B', 'late'),
    wait(40),
    writeNew(1, sent),
  ],
  'a mailed code that was taken late takes nobody’s place who has come since': [code(0), signIn(0, 'A', 'string')],
  'a mailed code that was taken late signs nobody in who has signed out since': [code(0), signOut(0)],
  'what waits goes out once its player is known again': [
    signIn(0, 'B', 'string'),
    wait(12_000),
    writeNew(0, sent),
    signIn(0, 'B', 'late'),
  ],
  'declining a link brings back nobody who has signed out in another page meanwhile': [
    open(),
    link(0, 'A', false),
    wait(12_000),
    signIn(1, 'A', 'string'),
    link(0, 'B', false),
    writeNew(0, sent),
    wait(1_200),
    signOut(0),
  ],
  'what nobody has sent from one page is not for who signs in on another': [
    line(false),
    writeNew(0, sent),
    wait(3_000),
    sleep(0),
    line(true),
    open(),
    wait(10),
    signIn(0, 'A', 'string'),
  ],
  'what nobody has sent goes out in one name, whichever page is faster': [
    wait(50_000),
    writeNew(0, sent),
    decide(0, 'retry'),
    open(),
    signIn(0, 'A', 'string'),
  ],
  'declining a link brings back nobody but whom the game has said': [
    open(),
    signIn(0, 'B', 'string'),
    writeNew(0, sent),
    wait(3_000),
    open(),
    signIn(2, 'A', 'late'),
    link(2, 'A', false),
  ],
  'a ticket that waited for its file is neither sent with the next player’s words nor before their file': [
    writeNew(0, sent),
    wait(3_000),
    writeNew(0, sentWithFile),
    signIn(0, 'A', 'string'),
    writeNew(0, sentWithFile),
  ],
  'what was sent by nobody, who said then who they are, is left to nobody as a draft': [
    open(),
    signIn(1, 'A', 'string'),
    writeNew(0, sent),
    signIn(0, 'B', 'string'),
    writeNew(1, sent),
  ],
  'a page that slept sends nothing again that another has sent': [
    line(false),
    writeNew(0, sent),
    wait(3_000),
    sleep(0),
    line(true),
    open(),
    wait(12_000),
    signOut(0),
    wake(),
  ],
}

const weather = { online: true, delay: 20, lost: 0, refused: 0 }
/** Whether others hear late, or the browser keeps slowly. */
const settings: Setting[] = [false, true].flatMap((modern) =>
  [2, 400, 2_000].flatMap((hears) => [2, 15, 500].map((keeps) => ({ seed: 1, modern, weather, hears, keeps }))),
)

async function play(setting: Setting, history: readonly Step[]): Promise<string | undefined> {
  const lines: string[] = []
  const world = createWorld({ ...setting, weather: { ...setting.weather } }, (line) => lines.push(line))
  try {
    await world.open()
    for (const step of history) await step.run(world, world)
    await end(world)
  } catch (error) {
    return `${String(error)}\n${lines.join('\n')}`
  }
}

/** @returns how many there are, and what is wrong with those that do not hold, each by its name */
export async function playKnown(): Promise<{ count: number; failures: string[] }> {
  const failures: string[] = []
  for (const [name, history] of Object.entries(histories)) {
    for (const setting of settings) {
      const failure = await play(setting, history)
      if (failure) failures.push(`${name}\n${JSON.stringify(setting)}\n${failure}`)
    }
  }
  return { count: Object.keys(histories).length, failures }
}
