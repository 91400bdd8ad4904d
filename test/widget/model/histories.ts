/** Random histories, as fast-check makes, shrinks and replays them. */
import fc from 'fast-check'
import type { Manner, Writing } from './actions.ts'
import { end, type Step, steps } from './steps.ts'
import { createWorld, type Setting } from './world.ts'

const at = fc.nat({ max: 2 })
const person = fc.constantFrom('A', 'B')
const manner: fc.Arbitrary<Manner> = fc.constantFrom(
  ...(['string', 'function', 'late', 'late', 'fails', 'hangs', 'short', 'expired'] as const),
)
const sent = { text: true, file: false, send: true }
const sentWithFile = { text: true, file: true, send: true }
const writing: fc.Arbitrary<Writing> = fc.constantFrom(
  ...[sent, sentWithFile, sentWithFile],
  { text: true, file: false, send: false },
  { text: false, file: true, send: false },
  { text: false, file: false, send: true },
)

const waits = fc.constantFrom(0, 5, 40, 300, 1_000, 3_000, 12_000, 50_000).map(steps.wait)
const signsIn = fc.tuple(at, person, manner).map((given) => steps.signIn(...given))
const signsOut = at.map(steps.signOut)
const opens = fc.constant(0).map(steps.open)
const writesNew = fc.tuple(at, writing).map((given) => steps.writeNew(...given))
const replies = fc.tuple(at, at, writing).map((given) => steps.reply(...given))

const handsOver = fc
  .tuple(at, at, fc.constant(sentWithFile), fc.option(person, { nil: undefined }))
  .map((given) => steps.handOver(...given))

/** What happens often stands here often. */
const acts: fc.Arbitrary<Step>[] = [
  ...[waits, waits, waits, waits, waits],
  ...[signsIn, signsIn, signsIn, signsOut, signsOut],
  ...[writesNew, writesNew, writesNew, replies, replies, replies, handsOver, opens, opens],
  at.map(steps.code),
  fc.tuple(at, person, fc.boolean()).map((given) => steps.link(...given)),
  fc.tuple(at, fc.constantFrom('retry', 'takeBack')).map((given) => steps.decide(...given)),
  at.map(steps.home),
  at.map(steps.answer),
  at.map(steps.close),
  at.map(steps.putAway),
  at.map(steps.sleep),
  fc.constant(0).map(steps.wake),
  fc.tuple(at, fc.boolean()).map((given) => steps.hide(...given)),
  fc.boolean().map(steps.line),
]

const setting: fc.Arbitrary<Setting> = fc.record({
  seed: fc.nat(),
  modern: fc.boolean(),
  weather: fc.record({
    online: fc.constant(true),
    delay: fc.constantFrom(20, 150, 800),
    lost: fc.constantFrom(0, 0, 0.1),
    refused: fc.constantFrom(0, 0, 0.1),
  }),
})

/** @param onFailure what happened in a history that does not hold, line by line */
export function historyProperty(onFailure: (lines: readonly string[]) => void) {
  const commands = fc.commands(acts, { maxCommands: 40, size: 'max' })
  return fc.asyncProperty(setting, commands, async (setting, history) => {
    const lines: string[] = []
    const world = createWorld({ ...setting, weather: { ...setting.weather } }, (line) => lines.push(line))
    try {
      await world.open()
      await fc.asyncModelRun(() => ({ model: world, real: world }), history)
      await end(world)
    } catch (error) {
      onFailure(lines)
      throw error
    }
  })
}
