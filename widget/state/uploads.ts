/** The files on one message while it is being written: chosen, moving, there, or refused with a reason. */
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Attachment } from '../../server/contract/attachment.ts'
import type { AttachmentLimits } from '../../server/contract/can.ts'
import type { AttachmentId } from '../../server/contract/ids.ts'
import { type Call, type Identity, RelayProblem } from '../relay/call.ts'
import type { Sending } from '../relay/upload.ts'
import { randomName } from './random.ts'

export interface Chosen {
  /** Ours, before the relay has given an {@link AttachmentId}. */
  key: string
  file: File
  state: 'moving' | 'there' | 'failed' | 'too-large' | 'wrong-type' | 'refused'
  /** 0 to 1. */
  progress: number
  id?: AttachmentId
}

export interface UploadParts {
  call: Call
  relay: string
  identity: Identity
  limits(): AttachmentLimits | false
  begin(): Promise<void>
}

export interface Uploads {
  items: ReadonlySignal<readonly Chosen[]>
  /** More than `maxCount` were chosen; the rest is left out. */
  tooMany: ReadonlySignal<boolean>
  add(files: Iterable<File>): void
  retry(key: string): void
  remove(key: string): void
  /** Resolves when nothing moves any more: false when a file did not arrive, which the player has to decide about. */
  settled(): Promise<boolean>
  /** What a message can carry. */
  attachments(): Attachment[]
  apply(attachment: Attachment): void
  /** After sending, the message has them; after signing out, nobody has. */
  clear(): void
}

export function createUploads({ call, relay, identity, limits, begin }: UploadParts): Uploads {
  const items = signal<readonly Chosen[]>([])
  const tooMany = signal(false)
  const running = new Map<string, Sending>()
  const moving = new Set<Promise<void>>()

  const change = (key: string, values: Partial<Chosen>) => {
    items.value = items.value.map((item) => (item.key === key ? { ...item, ...values } : item))
  }
  const present = (key: string) => items.value.some((item) => item.key === key)

  const move = async ({ key, file }: Chosen) => {
    try {
      await begin()
      const [{ sendFile }, { id, upload }] = await Promise.all([
        import('../relay/upload.ts'),
        call('POST /attachments', { body: { fileName: file.name, fileType: typeOf(file), fileSize: file.size } }),
      ])
      change(key, { id })
      if (!present(key)) return drop(id)
      const sending = sendFile({ file, upload, relay, identity, onProgress: (progress) => change(key, { progress }) })
      running.set(key, sending)
      await sending.done
      change(key, { state: 'there', progress: 1 })
    } catch (error) {
      change(key, { state: refusalOf(error) })
    } finally {
      running.delete(key)
    }
  }
  const start = (item: Chosen) => {
    const task = move(item).finally(() => moving.delete(task))
    moving.add(task)
  }
  const drop = (attachmentId: AttachmentId | undefined) => {
    // Not worth a word to the player: what no message carries, the relay drops by itself.
    if (attachmentId) call('DELETE /attachments/:attachmentId', { params: { attachmentId } }).catch(() => {})
  }
  const remove = (key: string) => {
    const item = items.value.find((item) => item.key === key)
    items.value = items.value.filter((item) => item.key !== key)
    tooMany.value = false
    running.get(key)?.stop()
    drop(item?.id)
  }

  return {
    items,
    tooMany,
    add(files) {
      const limit = limits()
      if (!limit) return
      const room = limit.maxCount - items.value.length
      const chosen = [...files].map((file) => ({ key: randomName(), file, progress: 0, state: stateOf(file, limit) }))
      tooMany.value = chosen.length > room
      const taken = chosen.slice(0, Math.max(0, room))
      items.value = [...items.value, ...taken]
      for (const item of taken) if (item.state === 'moving') start(item)
    },
    retry(key) {
      change(key, { state: 'moving', progress: 0 })
      const item = items.value.find((item) => item.key === key)
      if (item) start(item)
    },
    remove,
    async settled() {
      while (moving.size) await Promise.all(moving)
      return items.value.every(({ state }) => state !== 'failed')
    },
    attachments: () => items.value.flatMap(asAttachment),
    apply(attachment) {
      const item = items.value.find((item) => item.id === attachment.id)
      if (item && attachment.state === 'refused') change(item.key, { state: 'refused' })
    },
    clear() {
      for (const sending of running.values()) sending.stop()
      items.value = []
      tooMany.value = false
    },
  }
}

/** Some phones name no type for a photo of their own making. */
function typeOf(file: File): string {
  return file.type || (/\.hei[cf]$/i.test(file.name) ? 'image/heic' : 'application/octet-stream')
}

function stateOf(file: File, { types, maxBytes }: AttachmentLimits): Chosen['state'] {
  if (file.size > maxBytes) return 'too-large'
  return types.includes(typeOf(file)) ? 'moving' : 'wrong-type'
}

function refusalOf(error: unknown): Chosen['state'] {
  const code = error instanceof RelayProblem ? error.code : undefined
  if (code === 'too_large') return 'too-large'
  return code === 'type_not_allowed' ? 'wrong-type' : 'failed'
}

function asAttachment({ id, file, state }: Chosen): Attachment[] {
  if (!id || state !== 'there') return []
  return [{ id, fileName: file.name, fileType: typeOf(file), fileSize: file.size, state: 'checking' }]
}
