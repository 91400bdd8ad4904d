/** `medkit schema`: the configuration's shape, for editors. */
import { configSchema } from '../config/config.ts'
import type { Command } from './command.ts'

export const schema: Command = async ({ print }) => print(`${JSON.stringify(configSchema(), null, 2)}\n`)
