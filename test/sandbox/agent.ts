/** The agent's side of the sandbox: one typed line, one act at the vendor. */

import { canaryPrefix, type SeenTicket, type VendorSimulator } from '../simulators/simulator.ts'
import { views } from '../simulators/world.ts'
import { help } from './words.ts'

export interface AgentParts {
  simulator: VendorSimulator
  print: (text: string) => void
  /** The agent changed something on a ticket. */
  onActed: (vendorTicketId: string) => Promise<void>
}

export interface Agent {
  /** @returns false when the line says to end */
  type: (line: string) => Promise<boolean>
}

/** `answer 2 Hello` → answer, the second ticket, Hello. Without a number it is the newest. */
const form = /^\s*(\w*)(?:\s+#?(\d+)(?=\s|$))?\s*(.*)$/s

const done: Record<string, string> = {
  answer: 'Answered.',
  note: 'Noted. No player ever sees it.',
  close: 'Closed.',
}

export function createAgent({ simulator, print, onActed }: AgentParts): Agent {
  const acts: Record<string, (ticket: SeenTicket, text: string) => void> = {
    show: ({ lines }) => print(lines.map((line) => `    ${line}`).join('\n')),
    answer: ({ vendorTicketId }, text) => simulator.agentAnswers(vendorTicketId, text),
    note: ({ vendorTicketId }, text) => simulator.agentNotes(vendorTicketId, text),
    close: ({ vendorTicketId }) => simulator.agentCloses(vendorTicketId),
  }

  const { world, calls } = simulator
  const setBack: (() => void)[] = []

  const settings: Record<string, (number: number | undefined, text: string) => unknown> = {
    '': () => undefined,
    help: () => print(help),
    list: () => print(listed(simulator.tickets())),
    down: () => simulator.misbehave('error', Number.POSITIVE_INFINITY),
    late: (seconds = 30) => setBack.push(world.commitLate({ call: calls.open, afterMs: seconds * 1_000 })),
    lag: (seconds = 30) => {
      for (const view of views) setBack.push(world.showLate(view, seconds * 1_000))
    },
    choke: (_, text) => (text ? setBack.push(world.poison(text)) : print('  On what should it choke?')),
    up: () => {
      simulator.behave()
      for (const undo of setBack.splice(0)) undo()
    },
  }

  async function act(name: string, number: string | undefined, text: string): Promise<void> {
    const tickets = simulator.tickets()
    const ticket = number === undefined ? tickets.at(-1) : tickets[Number(number) - 1]
    if (!ticket) return print(number === undefined ? '  There is no ticket yet.' : `  There is no ticket ${number}.`)
    if (['answer', 'note'].includes(name) && !text) return print(`  What should the ${name} say?`)
    acts[name]?.(ticket, text)
    if (done[name]) print(`  ${done[name]}`)
    if (name !== 'show') await onActed(ticket.vendorTicketId)
  }

  return {
    async type(line) {
      const [, word = '', number, text = ''] = form.exec(line) ?? []
      const name = word.toLowerCase()
      if (name === 'quit' || name === 'exit') return false
      if (Object.hasOwn(settings, name))
        settings[name]?.(number === undefined ? undefined : Number(number), text.trim())
      else if (Object.hasOwn(acts, name)) await act(name, number, text.trim())
      else print(`  There is no “${word}”.\n${help}`)
      return true
    },
  }
}

function listed(tickets: readonly SeenTicket[]): string {
  if (tickets.length === 0) return '  There is no ticket yet.'
  return tickets
    .map(({ vendorTicketId, closed, lines }, index) => {
      const title = lines.find(isWords) ?? ''
      return `  ${index + 1}  ${closed ? 'closed' : 'open  '}  ${vendorTicketId}  ${title.slice(0, 60)}`
    })
    .join('\n')
}

/** Somebody's own words, rather than a field with its label or what the vendor put there. */
function isWords(line: string): boolean {
  return line.trim() !== '' && !/^[\w .]+: /.test(line) && !line.includes(canaryPrefix)
}
