/** A vendor as a relay's process speaks to it: the real interface, over calls of which anything may become. */

import { writeGuardOf } from '../../server/vendors/http/write-guard.ts'
import {
  type Opening,
  type Reply,
  type Vendor,
  VendorError,
  type VendorPlayer,
  type VendorTicketId,
  type VendorTicketRef,
} from '../../server/vendors/vendor.ts'
import { type Call, exchange, type Operation } from './calls.ts'
import type { Helpdesk } from './helpdesk.ts'
import type { Kind } from './kinds.ts'
import type { Process } from './process.ts'
import type { Chance } from './random.ts'
import { drawFate, type Fate, type Outage, type Weather } from './weather.ts'
import type { World } from './world.ts'

/** The vendor of one game: the same for all relays. */
export interface Site {
  game: string
  kind: Kind
  helpdesk: Helpdesk
  chance: Chance
  weather: () => Weather
  outage: () => Outage | undefined
  /** What becomes of a message that this vendor does not take. */
  poisonOf: (name: string) => Fate | undefined
  /** Every call that was made, in the order in which they left. */
  calls: Call[]
  /** Whenever a relay took a message in hand. */
  taken: Taken[]
}

export interface Taken {
  mark: string
  by: Process
  at: number
}

interface Made {
  call: Call
  fate: Fate
}

export interface VendorParts {
  world: World
  process: Process
  site: Site
}

export function createModelVendor({ world, process, site }: VendorParts): Vendor {
  const { helpdesk, kind } = site
  const { adapter } = kind

  /** A ticket goes by the name of what it was opened with. */
  const nameOf = (id: VendorTicketId) => helpdesk.tickets.find((one) => one.id === id)?.copies[0]?.name ?? 'nothing'

  function call(operation: Operation, name: string, mark?: string, decidedAt = world.now()): Made {
    const fate = drawFate(site.weather(), site.outage(), site.chance)
    const call: Call = {
      game: site.game,
      operation,
      name,
      mark,
      by: process,
      decidedAt,
      leftAt: world.now(),
      fate: fate.kind,
      isPoisoned: false,
    }
    site.calls.push(call)
    return { call, fate }
  }

  function ask<T>(
    operation: 'find' | 'read',
    name: string,
    mark: string | undefined,
    signal: AbortSignal,
    look: () => T,
  ) {
    return exchange({ world, process, signal, ...call(operation, name, mark) }, look)
  }

  async function write<T>(
    operation: Exclude<Operation, 'find' | 'read'>,
    { name, mark }: { name: string; mark?: string },
    signal: AbortSignal,
    carryOut: (call: Call) => T,
  ): Promise<T> {
    const guard = writeGuardOf(signal)
    await guard?.before()
    const decidedAt = world.now()
    // Here a relay may be stopped, too late for it to look at its lease again.
    await process.answered(Promise.resolve(), () => 0)
    const made = poisoned(call(operation, name, mark, decidedAt))
    try {
      return await exchange({ world, process, signal, ...made }, () => {
        world.tell(site.game, () => `carries out ${operation} ${name}`)
        made.call.carriedOutAt = world.now()
        return carryOut(made.call)
      })
    } catch (error) {
      if (error instanceof VendorError && !error.mayHaveActed) guard?.notCarriedOut()
      throw error
    }
  }

  function poisoned(made: Made): Made {
    const fate = site.poisonOf(made.call.name)
    if (!fate) return made
    Object.assign(made.call, { isPoisoned: true, fate: fate.kind })
    return { ...made, fate }
  }

  const open = ({ mark, message, player, number, purpose }: Opening, signal: AbortSignal) => {
    const isRequest = purpose === 'deletion-request'
    return write(
      isRequest ? 'ask' : 'open',
      { name: nameOfOpening({ message, player, purpose }), mark },
      signal,
      (call) => {
        const { ticket, copy } = helpdesk.open({ mark, name: message }, { player: player.id, number, isRequest })
        call.shownAt = ticket.shownAt
        return { vendorTicketId: ticket.id, vendorMessageId: copy.id }
      },
    )
  }

  const reply = ({ mark, message, vendorTicketId }: Reply, signal: AbortSignal) =>
    write('reply', { name: message, mark }, signal, (call) => {
      const copy = helpdesk.reply(vendorTicketId, { mark, name: message })
      call.shownAt = copy.shownAt
      return { vendorMessageId: copy.id }
    })

  const turn =
    (operation: 'close' | 'reopen') =>
    ({ vendorTicketId }: VendorTicketRef, signal: AbortSignal) =>
      write(operation, { name: nameOf(vendorTicketId) }, signal, () =>
        helpdesk.setClosed(vendorTicketId, operation === 'close'),
      )

  return {
    kind: adapter.kind,
    can: adapter.can,
    once: adapter.once,
    open,
    ...(adapter.reply && { reply }),
    ...(adapter.close && { close: turn('close') }),
    ...(adapter.reopen && { reopen: turn('reopen') }),
    ...(adapter.findOpened && {
      findOpened: ({ mark, message, player, purpose, linked = new Set() }: Opening, signal: AbortSignal) =>
        ask('find', nameOfOpening({ message, player, purpose }), mark, signal, () => {
          const found = helpdesk.findOpened(mark, linked)
          return found && { vendorTicketId: found.id, vendorMessageId: found.copies[0]?.id }
        }),
    }),
    ...(adapter.findReplied && {
      findReplied: ({ mark, message, vendorTicketId }: Reply, signal: AbortSignal) =>
        ask('find', message, mark, signal, () => {
          const found = helpdesk.findReplied(vendorTicketId, mark)
          return found && { vendorMessageId: found.id }
        }),
    }),
    ...(adapter.forget && {
      forget: (player: VendorPlayer, _: readonly VendorTicketId[], signal: AbortSignal) =>
        write('forget', { name: player.id }, signal, () => helpdesk.forget(player.id)),
    }),
    ...(adapter.read && {
      read: ({ vendorTicketId }: VendorTicketRef, signal: AbortSignal) =>
        ask('read', nameOf(vendorTicketId), undefined, signal, () => helpdesk.read(vendorTicketId)),
    }),
  }
}

/** What a studio is asked names things by numbers that are others in every run. */
function nameOfOpening({ message, player, purpose }: Pick<Opening, 'message' | 'player' | 'purpose'>): string {
  return purpose === 'deletion-request' ? `the erasure of ${player.id}` : message
}
