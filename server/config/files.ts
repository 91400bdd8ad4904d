/** What a studio configures about files: the keys of an S3 store, and a scanner. */
import { z } from 'zod'
import { isPostgres } from '../store/engine.ts'
import { parseS3Url } from './s3-address.ts'
import { isRecord } from './secrets.ts'

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
  const address = parseS3Url(place)
  if (!address) return ['must read s3://bucket/prefix?endpoint=https://…&region=…']
  // A key in an address ends up wherever addresses do.
  const hasKey = [...new URL(place).searchParams.keys()].some((name) => name !== 'endpoint' && name !== 'region')
  const hasUser = new URL(place).username !== '' || new URL(address.endpoint).username !== ''
  return hasKey || hasUser ? ['takes only endpoint and region behind the ?; keys belong in "s3"'] : []
}

/** What only shows where several parts of the file, as it stands, are seen together. */
export function mistakesAcross(file: Record<string, unknown>): string[] {
  const { files, s3, scanner, games } = file
  const isS3 = typeof files === 'string' && files.startsWith('s3:')
  return [
    ...sharingMistakes(file, isS3),
    ...(isS3 && s3 === undefined
      ? ['s3: is missing; "files" names an S3 store, which wants accessKeyId and secretAccessKey']
      : []),
    ...(!isS3 && s3 !== undefined ? ['s3: has no use while "files" names no S3 store'] : []),
    ...Object.entries(isRecord(games) ? games : {}).flatMap(([game, config]) => directMistakes(game, config, scanner)),
  ]
}

/** One relay would take a file that the next cannot find, and refuse it as unreadable. */
function sharingMistakes({ store, sharedFiles }: Record<string, unknown>, isS3: boolean): string[] {
  if (isS3 || !isPostgres(store))
    return sharedFiles === true ? ['sharedFiles: has use only for files in a folder, beside a PostgreSQL store'] : []
  if (sharedFiles === true) return []
  return [
    'files: lie in a folder of this machine, where other relays on the PostgreSQL store do not find them; name an S3 store, or say "sharedFiles": true where all relays have the same folder mounted',
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
