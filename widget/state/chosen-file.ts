/** One file on a message that is being written, and how far it is. */
import type { Attachment, AttachmentReason, Upload } from '../../server/contract/attachment.ts'
import type { AttachmentLimits } from '../../server/contract/can.ts'
import type { AttachmentId } from '../../server/contract/ids.ts'
import type { FailureCode } from '../handle.ts'
import { RelayProblem } from '../relay/call.ts'
import { type Hopeless, isDrawable, stageFor, typeOf } from './file-types.ts'
import { randomName } from './random.ts'

export interface ChosenFile {
  /** Ours, before the relay has given an {@link AttachmentId}. */
  key: string
  name: string
  type: string
  size: number
  /** What is sent. Missing where it has arrived before a reload. */
  file: Blob | undefined
  state: 'preparing' | 'moving' | 'there' | 'failed' | Hopeless | 'refused'
  /** Why it failed. */
  code?: FailureCode
  /** Why it was refused. */
  reason?: AttachmentReason | undefined
  /** 0 to 1. */
  progress: number
  /** Nothing more is to be done to it before it goes. */
  ready: boolean
  /** What the player chose, where something lighter goes in its place. */
  original?: File | undefined
  id?: AttachmentId | undefined
  upload?: Upload | undefined
}

/** What a file says of itself. */
export const told = (file: File) => ({ file, name: file.name, type: file.type, size: file.size })

export function chosenOf(file: File, limits: AttachmentLimits): ChosenFile {
  const type = typeOf(file, limits)
  const ready = !isDrawable(type)
  const state = ready ? stageFor({ size: file.size, type }, limits) : 'preparing'
  return { ...told(file), key: randomName(), type, ready, state, progress: 0 }
}

/** How far an earlier page had got. */
export function stageOf({ file }: { file: Blob | undefined }): Pick<ChosenFile, 'state' | 'progress'> {
  return file ? { state: 'moving', progress: 0 } : { state: 'there', progress: 1 }
}

/** What became of one that did not arrive. */
export function failureOf(error: unknown): Partial<ChosenFile> {
  const code = error instanceof RelayProblem ? error.code : 'internal'
  if (code === 'too_large') return { state: 'too-large' }
  return code === 'type_not_allowed' ? { state: 'wrong-type' } : { state: 'failed', code }
}

/** For the player's own eyes, until the relay has looked at it. */
export function asAttachment({ id, name, type, size, state }: ChosenFile): Attachment[] {
  if (!id || state !== 'there') return []
  return [{ id, fileName: name, fileType: type, fileSize: size, state: 'checking' }]
}

/** The other way round: it is with the relay already. */
export function carried({ id, fileName: name, fileType: type, fileSize: size }: Attachment): ChosenFile {
  return { key: randomName(), id, name, type, size, file: undefined, state: 'there', progress: 1, ready: true }
}
