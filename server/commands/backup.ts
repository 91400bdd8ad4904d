/** `medkit backup`: a copy of ledger and files, while the relay runs. */
import { backUp, type Places } from '../backup/backup.ts'
import type { Config } from '../config/config.ts'
import { folderOf } from '../files/files.ts'
import { type Command, UsageMistake } from './command.ts'

const usage = `medkit backup <folder> [--config relay.json]

Copies the ledger, its files and, where none is configured, the secret into an empty folder. The relay may go on.`

export const backup: Command = async ({ args, loadConfig, secretFile, print }) => {
  const [folder, ...others] = args
  if (folder === undefined || others.length > 0) throw new UsageMistake(usage)
  const { config } = loadConfig()
  const places = placesOf(config, secretFile)
  const { files, bytes, removed, hasSecret } = await backUp(places, folder, new Date())
  print(
    [
      `The ledger and ${files} files (${(bytes / 1_000_000).toFixed(1)} MB) are in ${folder}.`,
      ...(removed > 0 ? [`${removed} files are not: the relay no longer has them.`] : []),
      ...(places.files === undefined ? ['The files are not: they lie in a bucket, whose own versions keep them.'] : []),
      hasSecret
        ? 'So is the secret that signs sessions: whoever has this folder can be any of your players.'
        : 'The configured secret is not: without it all sign in again.',
      'Your configuration is not.',
      '',
    ].join('\n'),
  )
}

/** @throws UsageMistake where the ledger is not the relay's own file */
export function placesOf({ store, files, secret }: Config, secretFile: string): Places {
  if (!store.startsWith('sqlite:'))
    throw new UsageMistake(
      'The ledger is on PostgreSQL: copy it with pg_dump, and the bucket after it. docs/operating.md says how.',
    )
  return {
    ledger: store.slice('sqlite:'.length),
    files: folderOf(files),
    secret: secret === undefined ? secretFile : undefined,
  }
}
