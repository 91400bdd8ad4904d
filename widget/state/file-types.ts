/** What kind of file a device hands over, and whether the game takes it. */
import type { AttachmentLimits } from '../../server/contract/can.ts'

const byEnding: Record<string, string> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heic',
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  pdf: 'application/pdf',
  txt: 'text/plain',
  log: 'text/plain',
  zip: 'application/zip',
}

/** The device's own word, unless it has none, or one that only it uses: then the name's ending tells. */
export function typeOf({ name, type }: File, { types }: AttachmentLimits): string {
  const named = byEnding[/\.(\w+)$/.exec(name.toLowerCase())?.[1] ?? '']
  const said = type.split(';')[0]?.trim().toLowerCase() ?? ''
  if (said && (types.includes(said) || !named || !types.includes(named))) return said
  return named ?? 'application/octet-stream'
}

/** Pictures that can be drawn anew. */
export function isDrawable(type: string): boolean {
  return /^image\/(jpe?g|png|webp|hei[cf])$/.test(type)
}

/** Trying again makes it no better. `gone`: deleted, moved or changed since it was chosen. */
export type Hopeless = 'empty' | 'gone' | 'too-large' | 'wrong-type'

/** Whether it may move. */
export function stageFor(file: { size: number; type: string }, limits: AttachmentLimits): 'moving' | Hopeless {
  if (!file.size) return 'empty'
  if (file.size > limits.maxBytes) return 'too-large'
  return limits.types.includes(file.type) ? 'moving' : 'wrong-type'
}
