/** How the sandbox tells what happens. */
import { styleText } from 'node:util'
import type { Received, VendorSimulator } from '../simulators/simulator.ts'
import type { SimulatorName } from '../simulators/simulators.ts'

const longestBody = 60

export const help = [
  '  list                 the tickets at the vendor, the newest last',
  '  show [2]             everything an agent sees on a ticket: the newest, or the second of the list',
  '  answer [2] <text>    answers the player',
  '  note [2] <text>      writes an internal note, which no player may ever see',
  '  close [2]            closes the ticket, as the studio',
  '  down                 from now on the vendor answers 500 to everything',
  '  late [30]            carries the next new ticket out half a minute later, and says nothing until then',
  '  lag [30]             from now on shows what it took half a minute later',
  '  choke <text>         from now on answers 500 to whatever contains the text',
  '  up                   the vendor is back, and none of these three holds any more',
  '  quit                 ends the sandbox and forgets everything in it',
].join('\n')

export function welcome(name: SimulatorName, address: string, { url }: VendorSimulator, token: string): string {
  return [
    '',
    `  ${styleText('bold', `The demo game over a simulated ${name}.`)} No account, no key, nothing leaves this machine.`,
    '',
    `  The game's page, with the widget in it   ${address}/demo`,
    `  The player's full page                   ${address}/?game=demo`,
    `  The same, signed in as Ada               ${address}/?game=demo#token=${token}`,
    `  The simulated vendor                     ${url}`,
    '',
    '  Open a ticket, and watch here what the vendor receives. You are the agent; type:',
    '',
    help,
    '',
  ].join('\n')
}

/** A request as the vendor received it: reads on one line, whatever changes something with its body. */
export function told({ method, path, query, status, body }: Received, violations: readonly string[]): string {
  const asked = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
  )
  const where = asked.size > 0 ? `${path}?${asked}` : path
  const line = `${styleText('dim', clock())} ${styleText('cyan', method.padEnd(6))} ${where} ${toldStatus(status)}`
  const wrong = violations.map((why) => styleText('red', `         against the vendor's document: ${why}`))
  return [line, ...bodyLines(body), ...wrong].join('\n')
}

function toldStatus(status: number): string {
  if (status === 0) return styleText('red', '→ no answer')
  return styleText(status < 400 ? 'green' : 'red', `→ ${status}`)
}

function bodyLines(body: unknown): string[] {
  if (body === undefined) return []
  if (body instanceof Uint8Array) return [styleText('dim', `         ${body.byteLength} bytes`)]
  if (body instanceof FormData) return [styleText('dim', `         form: ${[...body.keys()].join(', ')}`)]
  const text = JSON.stringify(body, null, 2).replaceAll('\\n', '\n    ')
  const lines = text.split('\n')
  const shown = lines.length > longestBody ? [...lines.slice(0, longestBody), '…'] : lines
  return shown.map((line) => styleText('dim', `         ${line}`))
}

/** A line of the relay's own log. */
export function toldLog(line: string): string {
  const { msg, level, vendor, what, code } = JSON.parse(line)
  const about = [vendor, what, code].filter((word) => typeof word === 'string').join(', ')
  return styleText(level >= 40 ? 'yellow' : 'dim', `${clock()} relay  ${msg}${about ? `: ${about}` : ''}`)
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8)
}
