/** What the vendor suite works with: players, openings, and a vendor whose every word is written down. */
import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import type { VendorParts } from '../../../../server/vendors/parts.ts'
import { createTags } from '../../../../server/vendors/text/agent-note.ts'
import {
  type Opening,
  type Vendor,
  VendorError,
  type VendorErrorCode,
  type VendorFile,
  type VendorPlayer,
  type VendorTicketId,
  type VendorTicketRef,
} from '../../../../server/vendors/vendor.ts'
import type { SeenTicket, VendorSimulator } from '../../../simulators/simulator.ts'

/** The player of the suite. A simulator that needs its players to exist beforehand knows these two ids. */
export const ada: VendorPlayer = {
  id: 'player-ada',
  kind: 'verified',
  pseudonym: 'a'.repeat(32),
  name: 'Ada',
  email: 'ada@players.example',
  locale: 'de-DE',
  signed: { tier: 2, tags: ['vip'], fields: { guild: 'Blue Fleet' } },
}

/** Somebody else. */
export const bob: VendorPlayer = {
  id: 'player-bob',
  kind: 'verified',
  pseudonym: 'b'.repeat(32),
  name: 'Bob',
  locale: 'en',
  signed: {},
}

export const tagOf = createTags(new Uint8Array(32))

export const call = () => new AbortController().signal

export function openingOf(changes: Partial<Opening> = {}): Opening {
  return {
    mark: randomUUID(),
    player: ada,
    number: 'SH-4F7K2',
    subject: 'Mein Schiff ist weg',
    message: 'Mein Schiff ist weg.\nIch habe es gestern gekauft.',
    sentAt: new Date(),
    language: 'de',
    fields: {},
    claimed: {},
    files: [],
    purpose: 'ticket',
    ...changes,
  }
}

export function fileOf(bytes: Uint8Array<ArrayBuffer>, changes: Partial<VendorFile> = {}): VendorFile {
  return {
    fileName: 'screenshot.png',
    fileType: 'image/png',
    fileSize: bytes.byteLength,
    read: async () => new Blob([bytes]).stream(),
    link: 'https://relay.example/files/once?signature=abc',
    ...changes,
  }
}

export function refOf(vendorTicketId: string, player = ada): VendorTicketRef {
  return { vendorTicketId: vendorTicketId as VendorTicketId, player, number: 'SH-4F7K2' }
}

export interface Started {
  vendor: Vendor
  simulator: VendorSimulator
}

/** Starts a fresh simulator and a vendor that speaks to it with exactly these parts. */
export type Start = (parts: VendorParts) => Promise<Started>

export interface RelayFixture extends Started {
  drift: string[]
  hidden: string[]
  /** All that the vendor returned or threw, as text. */
  said: () => string
  end: () => Promise<void>
}

/** `timeoutMs`: for one call. By default long enough for any machine, however busy. */
export async function startVendorRelay(start: Start, { timeoutMs = 30_000 } = {}): Promise<RelayFixture> {
  const drift: string[] = []
  const hidden: string[] = []
  const said: unknown[] = []
  const started = await start({
    clock: { now: () => new Date() },
    tagOf,
    onDrift: (vendor, what) => drift.push(`${vendor} ${what}`),
    onHidden: (vendor, what) => hidden.push(`${vendor} ${what}`),
    http: { timeoutMs, maxBytes: 1024 * 1024 },
  })
  return {
    vendor: overheard(started.vendor, said),
    simulator: started.simulator,
    drift,
    hidden,
    said: () =>
      inspect([said, drift, hidden], { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null }),
    end: started.simulator.close,
  }
}

function overheard(vendor: Vendor, said: unknown[]): Vendor {
  const wrapped = Object.entries(vendor).map(([name, value]) => [
    name,
    typeof value === 'function' ? listenTo(value, said) : value,
  ])
  return Object.fromEntries(wrapped)
}

type Method = (...given: unknown[]) => unknown

function listenTo(method: Method, said: unknown[]): Method {
  return (...given) => {
    const result = method(...given)
    if (!(result instanceof Promise)) return result
    return result.then(
      (value) => {
        said.push(value)
        return value
      },
      (error: unknown) => {
        said.push(error)
        throw error
      },
    )
  }
}

/** The code a call failed with; anything but a VendorError is a crash and fails the test. */
export async function codeOf(promise: Promise<unknown> | undefined): Promise<VendorErrorCode> {
  const error = await Promise.resolve(promise).then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof VendorError) return error.code
  throw error
}

/** The method, where the vendor has it; a test that needs it is skipped elsewhere. */
export function having<T>(method: T | undefined): T {
  if (method === undefined) throw new Error('the vendor has no such method')
  return method
}

export async function openOne({ vendor }: RelayFixture, changes: Partial<Opening> = {}): Promise<string> {
  return (await vendor.open(openingOf(changes), call())).vendorTicketId
}

/** A ticket as the agent sees it. */
export function seen({ simulator }: RelayFixture, vendorTicketId: string): SeenTicket {
  const found = simulator.tickets().find((ticket) => ticket.vendorTicketId === vendorTicketId)
  if (!found) throw new Error(`the vendor has no ticket ${vendorTicketId}`)
  return found
}

export function lineWith(fixture: RelayFixture, vendorTicketId: string, text: string): string {
  return seen(fixture, vendorTicketId).lines.find((line) => line.includes(text)) ?? `no line has ${text}`
}
