/** A helpdesk small enough to read in a minute, behind nothing but the public interface. CONTRIBUTING leads to this file. */
import { type Vendor, VendorError, type VendorTicketId, type VendorTicketRef } from '../../server/vendors/vendor.ts'

interface Pigeon {
  id: VendorTicketId
  player: string
  isClosed: boolean
  lines: { from: 'player' | 'agent'; text: string; mark?: string; at: Date }[]
}

/** Where its agents would work. */
export const loft: Pigeon[] = []

function own({ vendorTicketId, player }: VendorTicketRef): Pigeon {
  const pigeon = loft.find((one) => one.id === vendorTicketId && one.player === player.id)
  if (!pigeon) throw new VendorError('missing', 'pigeon: no such ticket of this player')
  return pigeon
}

export const pigeonPost: Vendor = {
  kind: 'pigeon',
  can: {
    open: true,
    reply: 'thread',
    reopen: false,
    close: true,
    answers: 'thread',
    attachments: false,
    history: 'relay',
    deletion: 'request',
    rating: false,
    push: 'poll',
  },
  once: { open: 'vendor', reply: 'vendor' },

  async open({ mark, player, message, language, sentAt }) {
    const known = loft.find((one) => one.lines[0]?.mark === mark)
    if (known) return { vendorTicketId: known.id }
    const id = `pigeon-${loft.length + 1}` as VendorTicketId
    const first = { from: 'player' as const, text: `[${language}] ${message}`, mark, at: sentAt }
    loft.push({ id, player: player.id, isClosed: false, lines: [first] })
    return { vendorTicketId: id }
  },

  async reply({ mark, message, sentAt, ...ref }) {
    const { lines } = own(ref)
    if (!lines.some((line) => line.mark === mark)) lines.push({ from: 'player', text: message, mark, at: sentAt })
    return {}
  },

  async close(ref) {
    own(ref).isClosed = true
  },

  async read(ref) {
    const { isClosed, lines } = own(ref)
    const waits = lines.at(-1)?.from === 'agent'
    return {
      status: isClosed ? 'closed' : waits ? 'answered' : 'open',
      messages: lines.map(({ from, text, mark, at }) => {
        return { author: from, text: text.replace(/^\[\w+\] /, ''), mark, sentAt: at, attachments: [] }
      }),
    }
  },
}
