/** The files on one message while it is being written: chosen, made ready, moving, there, or refused with a reason. */

import { type ReadonlySignal, signal } from '@preact/signals-core'
import type { Attachment } from '../../server/contract/attachment.ts'
import type { AttachmentLimits } from '../../server/contract/can.ts'
import type { AttachmentId } from '../../server/contract/ids.ts'
import type { FailureCode } from '../handle.ts'
import { lazyImport } from '../lazy-import.ts'
import { type Call, type Credentials, patiently, RelayProblem } from '../relay/call.ts'
import { isReadable } from '../relay/readable.ts'
import { asAttachment, type ChosenFile, carried, chosenOf, failureOf, stageOf, told } from './chosen-file.ts'
import { stageFor } from './file-types.ts'
import { randomName } from './random.ts'
import type { StoredFiles, UploadPlace } from './stored-files.ts'

const fetchUpload = lazyImport(() => import('../relay/upload.ts'))
const fetchPicture = lazyImport(() => import('../play/picture.ts'))

export interface UploadParts {
  call: Call
  relay: string
  credentials: Credentials
  place: UploadPlace
  kept: StoredFiles
  limits(): AttachmentLimits | false
  begin(): Promise<void>
  /** Work to show for a file, where the game asks for it. */
  prove(): Promise<string | undefined>
}

export interface Uploads {
  items: ReadonlySignal<readonly ChosenFile[]>
  /** More than `maxCount` were chosen; the rest is left out. */
  tooMany: ReadonlySignal<boolean>
  add(files: Iterable<File>): void
  /** From where it stopped. */
  retry(key: string): void
  /** What was lightened goes as the player chose it, with all it tells. */
  sendOriginal(key: string): void
  remove(key: string): void
  /** Resolves when nothing moves any more: false when a file is not there, which the player has to decide about. */
  settled(): Promise<boolean>
  /** What a message can carry. */
  attachments(): Attachment[]
  /** What a message carried that is written once more. */
  takeBack(attachments: readonly Attachment[]): void
  apply(attachment: Attachment): void
  /** Brings back what an earlier page left, and goes on with it. */
  restore(): Promise<void>
  /** The line is there again. */
  goOn(): void
  /** After sending, the message has them; after signing out, nobody has. */
  clear(): void
  /** Out of memory: they stay for who chose them. */
  leave(): void
  /** Stops, and leaves everything where it is for the next page. */
  stop(): void
}

interface Attempt {
  stopped: boolean
  stop(): void
}

/** Failures that pass without the player doing anything. */
const passing: readonly (FailureCode | undefined)[] = [
  'offline',
  'not_an_answer',
  'internal',
  'store_unavailable',
  'storage_full',
  'rate_limited',
]

export function createUploads({ call, relay, credentials, place, kept, limits, begin, prove }: UploadParts): Uploads {
  const items = signal<readonly ChosenFile[]>([])
  const tooMany = signal(false)
  const attempts = new Map<string, Attempt>()
  const moving = new Set<Promise<void>>()
  let drawing: Promise<unknown> = Promise.resolve()

  const find = (key: string) => items.value.find((item) => item.key === key)
  const change = (key: string, values: Partial<ChosenFile>) => {
    items.value = items.value.map((item) => (item.key === key ? { ...item, ...values } : item))
  }
  const drop = (attachmentId: AttachmentId | undefined) => {
    // Not worth a word to the player: what no message carries, the relay drops by itself.
    if (attachmentId) call('DELETE /attachments/:attachmentId', { params: { attachmentId } }).catch(() => {})
  }

  /** One after another: five photos at once are more than a cheap phone can hold. */
  const prepare = async (key: string, attempt: Attempt) => {
    const work = drawing.then(async () => {
      const item = find(key)
      const limit = limits()
      if (attempt.stopped || !item || item.ready || !limit) return
      const drawn = await drawnOf(item)
      if (attempt.stopped) return
      // Where only the original's kind is taken, the original goes.
      const lighter = drawn && limit.types.includes(drawn.type) && { ...told(drawn), original: item.file as File }
      change(key, { ...lighter, ready: true, state: stageFor(lighter || item, limit) })
    })
    drawing = work.catch(() => {})
    await work
  }
  const announce = async (key: string, attempt: Attempt) => {
    const item = find(key)
    if (!item || item.upload?.protocol === 'tus') return
    const body = { fileName: item.name, fileType: item.type, fileSize: item.size }
    // Announced twice, because an answer was lost, the relay drops one by itself.
    const ask = async () => {
      const proof = await prove()
      return unlessStopped(attempt, () => call('POST /attachments', { body: { ...body, ...(proof && { proof }) } }))
    }
    const { id, upload } = await patiently(3, () => unlessStopped(attempt, ask))
    if (attempt.stopped) return drop(id)
    change(key, { id, upload })
    kept.keep(place, { ...item, id, upload })
  }
  const bring = async (key: string, attempt: Attempt) => {
    const { sendFile } = await fetchUpload()
    const { file, upload } = find(key) ?? {}
    if (attempt.stopped || !file || !upload) return
    const onProgress = (progress: number) => change(key, { progress })
    const sending = sendFile({ file, upload, relay, credentials, onProgress })
    attempt.stop = sending.stop
    await sending.done
  }
  const move = async (key: string, attempt: Attempt) => {
    await prepare(key, attempt)
    if (attempt.stopped || find(key)?.state !== 'moving') return
    await patiently(3, () => unlessStopped(attempt, begin))
    await announce(key, attempt)
    try {
      await bring(key, attempt)
    } catch (error) {
      if (attempt.stopped || !isGone(error)) throw error
      // The relay has dropped what it had: from the beginning, then.
      change(key, { id: undefined, upload: undefined, progress: 0 })
      await announce(key, attempt)
      await bring(key, attempt)
    }
    const item = find(key)
    if (attempt.stopped || item?.state !== 'moving') return
    change(key, { state: 'there', progress: 1 })
    if (item.id && item.upload) kept.keep(place, { ...item, id: item.id, upload: item.upload, file: undefined })
  }
  const start = (key: string) => {
    halt(key)
    const attempt: Attempt = { stopped: false, stop: () => {} }
    attempts.set(key, attempt)
    const task = move(key, attempt)
      .catch(async (error) => {
        const { file } = find(key) ?? {}
        const failure = !file || (await isReadable(file)) ? failureOf(error) : ({ state: 'gone' } as const)
        if (!attempt.stopped) change(key, failure)
      })
      .finally(() => moving.delete(task))
    moving.add(task)
  }
  const halt = (key: string) => {
    const attempt = attempts.get(key)
    if (attempt) attempt.stopped = true
    attempt?.stop()
    attempts.delete(key)
  }
  const again = ({ key, ready }: ChosenFile) => {
    change(key, { state: ready ? 'moving' : 'preparing' })
    start(key)
  }
  const stop = () => {
    for (const { key } of items.value) halt(key)
  }
  const leave = () => {
    stop()
    items.value = []
    tooMany.value = false
  }

  return {
    items,
    tooMany,
    add(files) {
      const limit = limits()
      if (!limit) return
      const room = limit.maxCount - items.value.length
      const chosen = [...files].map((file) => chosenOf(file, limit))
      tooMany.value = chosen.length > room
      const taken = chosen.slice(0, Math.max(0, room))
      items.value = [...items.value, ...taken]
      for (const { key, state } of taken) if (state === 'moving' || state === 'preparing') start(key)
    },
    retry(key) {
      const item = find(key)
      if (item) again(item)
    },
    sendOriginal(key) {
      const { original, id } = find(key) ?? {}
      const limit = limits()
      if (!original || !limit) return
      halt(key)
      drop(id)
      kept.drop(key)
      const { type } = chosenOf(original, limit)
      // A name of its own, so that nothing of the lighter one comes back.
      const fresh = {
        key: randomName(),
        ...told(original),
        type,
        original: undefined,
        id: undefined,
        upload: undefined,
      }
      change(key, { ...fresh, progress: 0, ready: true, state: stageFor({ size: original.size, type }, limit) })
      if (find(fresh.key)?.state === 'moving') start(fresh.key)
    },
    remove(key) {
      halt(key)
      drop(find(key)?.id)
      kept.drop(key)
      items.value = items.value.filter((item) => item.key !== key)
      tooMany.value = false
    },
    async settled() {
      while (moving.size) await Promise.all(moving)
      return items.value.every(({ state }) => state === 'there')
    },
    attachments: () => items.value.flatMap(asAttachment),
    takeBack(attachments) {
      items.value = [...attachments.map(carried), ...items.value]
    },
    apply({ id, state, reason }) {
      const item = items.value.find((item) => item.id === id)
      if (!item || state !== 'refused') return
      halt(item.key)
      kept.drop(item.key)
      change(item.key, { state, reason })
    },
    async restore() {
      const found = (await kept.of(place)).filter(({ key }) => !find(key))
      const left = found.map((record) => ({ ...record, ...stageOf(record), ready: true }))
      items.value = [...left, ...items.value]
      for (const { key, state } of left) if (state === 'moving') start(key)
    },
    goOn() {
      for (const item of items.value) if (item.state === 'failed' && passing.includes(item.code)) again(item)
    },
    clear() {
      for (const { key } of items.value) kept.drop(key)
      leave()
    },
    leave,
    stop,
  }
}

function unlessStopped<T>(attempt: Attempt, run: () => Promise<T>): Promise<T> {
  if (attempt.stopped) throw Error('stopped')
  return run()
}

async function drawnOf({ file, type }: ChosenFile): Promise<File | undefined> {
  const { redraw } = await fetchPicture()
  return file instanceof File ? redraw(file, type) : undefined
}

const isGone = (error: unknown) => error instanceof RelayProblem && error.code === 'not_found'
