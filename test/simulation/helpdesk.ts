/** What one vendor holds, and what of it can be seen already: what it took may stay out of its lists for a while. */
import type { TicketStatus } from '../../server/contract/ticket.ts'
import {
  type Once,
  type VendorConversation,
  VendorError,
  type VendorMessageId,
  type VendorTicketId,
} from '../../server/vendors/vendor.ts'

/** A message at the vendor. The same mark twice is a second copy. */
export interface Copy {
  id: VendorMessageId
  mark: string
  /** The message's name: its text. */
  name: string
  at: number
  /** From when on the ticket shows it when it is read. */
  shownAt: number
}

export interface HeldTicket {
  id: VendorTicketId
  /** From when on searching finds it. */
  shownAt: number
  isClosed: boolean
  /** Who opened it, by the id the relay gave. */
  player: string
  /** The relay's own number of it, which agents can search for. */
  number: string
  /** It asks the studio to erase somebody. */
  isRequest: boolean
  /** The vendor was asked to erase its player. */
  isErased: boolean
  copies: Copy[]
}

export interface Helpdesk {
  tickets: readonly HeldTicket[]
  open: (message: Words, by: Pick<HeldTicket, 'player' | 'number' | 'isRequest'>) => { ticket: HeldTicket; copy: Copy }
  /** @throws VendorError `missing` */
  reply: (id: VendorTicketId, message: Words) => Copy
  /** @throws VendorError `missing` */
  setClosed: (id: VendorTicketId, isClosed: boolean) => void
  findOpened: (mark: string, except: ReadonlySet<VendorTicketId>) => HeldTicket | undefined
  /** @throws VendorError `missing` */
  findReplied: (id: VendorTicketId, mark: string) => Copy | undefined
  /** Erases what its lists show of a player's: whoever cannot see a ticket yet cannot tell whose it is. */
  forget: (player: string) => void
  /** @throws VendorError `missing` */
  read: (id: VendorTicketId) => VendorConversation
}

export interface Words {
  mark: string
  name: string
}

export interface HelpdeskParts {
  name: string
  once: { open: Once; reply: Once }
  /** It knows at once of all that it took, as the built-in desk does. */
  isLocal: boolean
  now: () => number
  /** Of the world's time, by a clock that is right. */
  dateOf: (moment: number) => Date
  /** How long what is taken at this moment stays out of a list. */
  lagMs: () => number
}

export function createHelpdesk({ name, once, isLocal, now, dateOf, lagMs }: HelpdeskParts): Helpdesk {
  const tickets: HeldTicket[] = []
  let messages = 0

  function copyOf({ mark, name }: Words): Copy {
    messages++
    return { id: `message-${messages}` as VendorMessageId, mark, name, at: now(), shownAt: now() + lagMs() }
  }

  function held(id: VendorTicketId): HeldTicket {
    const ticket = tickets.find((one) => one.id === id && !one.isErased)
    if (!ticket) throw new VendorError('missing', `${name}: no such ticket`)
    return ticket
  }

  function known(among: readonly HeldTicket[], mark: string): { ticket: HeldTicket; copy: Copy } | undefined {
    for (const ticket of among.filter(({ isErased }) => !isErased)) {
      const copy = ticket.copies.find((one) => one.mark === mark)
      if (copy) return { ticket, copy }
    }
    return undefined
  }

  const isShown = ({ shownAt }: { shownAt: number }) => shownAt <= now()

  return {
    tickets,

    open(message, by) {
      const earlier = once.open === 'vendor' ? known(tickets, message.mark) : undefined
      if (earlier) return earlier
      const copy = copyOf(message)
      const ticket = {
        id: `ticket-${tickets.length + 1}` as VendorTicketId,
        shownAt: now() + lagMs(),
        isClosed: false,
        ...by,
        isErased: false,
        copies: [copy],
      }
      tickets.push(ticket)
      return { ticket, copy }
    },

    reply(id, message) {
      const ticket = held(id)
      const earlier = once.reply === 'vendor' ? known([ticket], message.mark) : undefined
      if (earlier) return earlier.copy
      const copy = copyOf(message)
      ticket.copies.push(copy)
      return copy
    },

    setClosed(id, isClosed) {
      held(id).isClosed = isClosed
    },

    findOpened: (mark, except) =>
      tickets.find((one) => one.copies[0]?.mark === mark && !one.isErased && !except.has(one.id) && isShown(one)),

    findReplied: (id, mark) => held(id).copies.find((copy) => copy.mark === mark && isShown(copy)),

    forget(player) {
      for (const ticket of tickets) if (ticket.player === player && (isLocal || isShown(ticket))) ticket.isErased = true
    },

    read(id) {
      const { isClosed, copies } = held(id)
      const status: TicketStatus = isClosed ? 'closed' : 'open'
      const messages = copies.filter(isShown).map((copy) => ({
        vendorMessageId: copy.id,
        author: 'player' as const,
        text: copy.name,
        sentAt: dateOf(copy.at),
        attachments: [],
        mark: copy.mark,
      }))
      return { status, messages }
    },
  }
}
