/** `medkit restore`: puts back what `medkit backup` copied. */
import { connect } from 'node:net'
import { restore as putBack } from '../backup/restore.ts'
import type { Config } from '../config/config.ts'
import { placesOf } from './backup.ts'
import { type Command, UsageMistake } from './command.ts'

const usage = `medkit restore <folder> [--config relay.json]

Puts a backup back where the configuration says that ledger and files are. There must be none yet, and no relay running.`

export const restore: Command = async ({ args, loadConfig, secretFile, print }) => {
  const [folder, ...others] = args
  if (folder === undefined || others.length > 0) throw new UsageMistake(usage)
  const { config } = loadConfig()
  const { host, port } = config.listen
  // A ledger that was moved away under a running relay is still open there; nothing else would show it.
  if (await answers(config.listen))
    throw new UsageMistake(`Something listens on ${host} port ${port}. If it is the relay, stop it; if not, set PORT.`)
  const { madeAt, files, leftSecret } = await putBack(folder, placesOf(config, secretFile), new Date())
  print(
    [
      `The ledger of ${madeAt} and ${files} files are back. Start the relay.`,
      'What it had yet to deliver then is looked for at the vendors before it is sent.',
      'Erasures that were asked for or done since then have to be asked for again.',
      ...(leftSecret ? ['The backup’s secret was left out: another one is configured.'] : []),
      '',
    ].join('\n'),
  )
}

function answers({ host, port }: Config['listen']): Promise<boolean> {
  if (port === 0) return Promise.resolve(false)
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (isThere: boolean) => () => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', end(true)).once('error', end(false)).setTimeout(2_000, end(false))
  })
}
