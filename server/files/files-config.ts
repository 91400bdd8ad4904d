/** What a studio configures about files: the keys of an S3 store, and a scanner. */
import { z } from 'zod'
import { isRecord } from '../secrets.ts'
import { FilesError } from './files-error.ts'
import { parseS3Url } from './s3-client.ts'

/** `file:<folder>` or `s3://bucket/prefix?endpoint=https://…&region=…`. */
export const FilesPlace = z
  .string()
  .regex(/^(file:.+|s3:\/\/.+)$/, 'file:<folder> or s3://…')
  .superRefine((place, context) => {
    for (const message of mistakesOfPlace(place)) context.addIssue({ code: 'custom', message })
  })

/** For `files: "s3://…"`. */
export const S3Keys = z.strictObject({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().min(1).optional(),
  /** Where bytes wait on this machine until a piece is full. */
  spool: z.string().min(1).default('data/spool'),
})

const ofScanner = {
  /** clamd's own `StreamMaxLength`: what it will not take is not offered to players either. */
  maxBytes: z.int().positive().optional(),
}

/** Where clamd listens. */
export const ScannerConfig = z.union(
  [
    z.strictObject({ host: z.string().min(1), port: z.int().min(1).max(65_535), ...ofScanner }),
    z.strictObject({ socket: z.string().min(1), ...ofScanner }),
  ],
  { error: 'must be {"host", "port"} or {"socket"} of clamd, and "maxBytes" at will' },
)
export type ScannerConfig = z.output<typeof ScannerConfig>

function mistakesOfPlace(place: string): string[] {
  if (!place.startsWith('s3:')) return []
  try {
    const { endpoint } = parseS3Url(place)
    // A key in an address ends up wherever addresses do.
    const hasKey = [...new URL(place).searchParams.keys()].some((name) => name !== 'endpoint' && name !== 'region')
    const hasUser = new URL(place).username !== '' || new URL(endpoint).username !== ''
    return hasKey || hasUser ? ['takes only endpoint and region behind the ?; keys belong in "s3"'] : []
  } catch (error) {
    if (error instanceof FilesError) return ['must read s3://bucket/prefix?endpoint=https://…&region=…']
    throw error
  }
}

/** What only shows where several parts of the file, as it stands, are seen together. */
export function mistakesAcross({ files, s3, scanner, games }: Record<string, unknown>): string[] {
  const isS3 = typeof files === 'string' && files.startsWith('s3:')
  return [
    ...(isS3 && s3 === undefined
      ? ['s3: is missing; "files" names an S3 store, which wants accessKeyId and secretAccessKey']
      : []),
    ...(!isS3 && s3 !== undefined ? ['s3: has no use while "files" names no S3 store'] : []),
    ...Object.entries(isRecord(games) ? games : {}).flatMap(([game, config]) => directMistakes(game, config, scanner)),
  ]
}

function directMistakes(game: string, config: unknown, scanner: unknown): string[] {
  const { attachments, vendor } = isRecord(config) ? config : {}
  if (!isRecord(attachments) || attachments.direct !== true) return []
  const path = `games.${game}.attachments.direct`
  return [
    ...(isRecord(vendor) && vendor.kind !== 'theymes' ? [`${path}: only Theymes takes files from a browser`] : []),
    ...(scanner === undefined
      ? []
      : [`${path}: what does not come by here cannot be scanned; leave out "scanner" or this`]),
  ]
}
