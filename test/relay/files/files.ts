/** A player's files through a real relay, as the widget sends them. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AnnouncedAttachment, Attachment } from '../../../server/contract/attachment.ts'
import type { AttachmentId } from '../../../server/contract/ids.ts'
import { patch, tus } from '../../files/serve.ts'
import type { Answer, CallOptions } from '../start.ts'
import { until } from '../wait.ts'

/** All that is needed of a relay: its door. */
export interface Door {
  call: <T = unknown>(route: string, options?: CallOptions) => Promise<Answer<T>>
}

export interface Declared {
  fileName: string
  fileType: string
  fileSize: number
}

export const pngOf = (fileSize: number): Declared => ({ fileName: 'screenshot.png', fileType: 'image/png', fileSize })

export function announce(door: Door, token: string, declared: Declared): Promise<Answer<AnnouncedAttachment>> {
  return door.call<AnnouncedAttachment>('POST /v1/attachments', { token, body: declared })
}

/** Announces a file and expects it to be taken. @returns its id and where its bytes go */
export async function begin(door: Door, token: string, declared: Declared): Promise<{ id: AttachmentId; url: string }> {
  const { status, body } = await announce(door, token, declared)
  if (status !== 201 || body.upload.protocol !== 'tus') throw new Error(`not announced: ${status}`)
  return { id: body.id, url: body.upload.url }
}

export function send(url: string, token: string, body: BodyInit, offset = 0): Promise<Response> {
  return patch(url, offset, body, { authorization: `Bearer ${token}` })
}

/** The whole way of a file's bytes, in one piece. */
export async function upload(
  door: Door,
  token: string,
  bytes: Buffer<ArrayBuffer>,
  declared: Partial<Declared> = {},
): Promise<AttachmentId> {
  const { id, url } = await begin(door, token, { ...pngOf(bytes.length), ...declared })
  const { status } = await send(url, token, bytes)
  if (status !== 204) throw new Error(`not uploaded: ${status}`)
  return id
}

export async function offsetOf(url: string, token: string): Promise<number> {
  const response = await fetch(url, { method: 'HEAD', headers: { ...tus, authorization: `Bearer ${token}` } })
  return Number(response.headers.get('upload-offset') ?? Number.NaN)
}

/** The player's files, as they are told of them. */
export async function filesOf(door: Door, token: string): Promise<Attachment[]> {
  return (await door.call<{ attachments: Attachment[] }>('GET /v1/export', { token })).body.attachments
}

export async function fileOf(door: Door, token: string, id: AttachmentId): Promise<Attachment | undefined> {
  return (await filesOf(door, token)).find((file) => file.id === id)
}

export function untilState(
  door: Door,
  token: string,
  id: AttachmentId,
  state: Attachment['state'],
): Promise<Attachment> {
  return until(async () => {
    const file = await fileOf(door, token, id)
    return file?.state === state && file
  }, `the file is ${state}`)
}

/** What the player was told of one file, in order. */
export async function toldOf(door: Door, token: string, id: AttachmentId): Promise<Attachment[]> {
  type Batch = { events: { event: { type: string; data: { attachment?: Attachment } } }[] }
  const headers = { 'last-event-id': '0' }
  const { body } = await door.call<Batch>('GET /v1/events?poll=1', { token, headers })
  return body.events.flatMap(({ event: { data } }) => (data.attachment?.id === id ? [data.attachment] : []))
}

/** The files of players and agents in a relay's folder: all but the one that says which ledger they belong to. */
export async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'files')).catch(() => [])
  return names.filter((name) => !name.startsWith('ledger-id'))
}
