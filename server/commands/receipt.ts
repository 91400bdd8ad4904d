/** `medkit receipt verify`: whether a receipt of an erasure is what a relay signed, and whom it is about. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { JSONWebKeySet } from 'jose'
import type { ErasureReceipt } from '../contract/receipt.ts'
import { keptNameKeys } from '../players/name-keys.ts'
import { readKeys } from '../receipts/key-source.ts'
import { readReceipt } from '../receipts/reading.ts'
import { createReceiptSigner } from '../receipts/signing.ts'
import { openDatabase } from '../store/database.ts'
import { playerKey } from '../store/players.ts'
import { sealedName } from '../store/seal.ts'
import { createStore } from '../store/store.ts'
import { type Command, type CommandParts, UsageMistake } from './command.ts'

const usage = `medkit receipt verify <file> --keys <file or address>
medkit receipt verify <file> --config relay.json [--player <id>]

Says whether a receipt is what a relay signed, to the last byte. --keys is the relay's /.well-known/jwks.json, or that
file saved: then nothing else is needed, no network either. With the relay's configuration its own keys are taken; and
with --player, the name under which a player signs in (the studio's id, anon:… or email:…), whether it is about them.`

const options = { '--keys': 'keys', '--player': 'player' } as const

export const receipt: Command = async (parts) => {
  const { file, keys, player } = wordsOf(parts.args)
  if (keys === undefined && !parts.isConfigured) throw new UsageMistake(usage)
  if (player !== undefined && !parts.isConfigured)
    throw new UsageMistake(`--player needs the relay's own --config.\n\n${usage}`)
  const text = await readFile(file).catch(() => {
    throw new UsageMistake(`${file} cannot be read.`)
  })
  const read = await readReceipt(text, keys === undefined ? await ownKeys(parts) : await readKeys(keys))
  if ('refused' in read) return end(parts, `This proves nothing: ${read.refused}.\n`, 1)
  const said = `This receipt is genuine: it was signed with the key ${read.keyId} of ${keys ?? 'this relay'}, and nothing in it was changed.`
  const isTheirs = player === undefined ? undefined : await isAbout(parts, read.receipt, player)
  const about = isTheirs === undefined ? [] : [`It is ${isTheirs ? '' : 'not '}about the player ${player}.`]
  return end(parts, `${[said, ...about, ...linesOf(read.receipt)].join('\n')}\n`, isTheirs === false ? 1 : 0)
}

function end({ print, exit }: CommandParts, text: string, code: number): void {
  print(text)
  exit(code)
}

function wordsOf([action, file, ...rest]: readonly string[]) {
  const given: { keys?: string; player?: string } = {}
  for (let index = 0; index < rest.length; index += 2) {
    const [name, value] = [rest[index], rest[index + 1]]
    if ((name !== '--keys' && name !== '--player') || value === undefined) throw new UsageMistake(usage)
    given[options[name]] = value
  }
  if (action !== 'verify' || file === undefined) throw new UsageMistake(usage)
  return { file, ...given }
}

async function ownKeys({ loadConfig, relaySecrets, secretFile }: CommandParts): Promise<JSONWebKeySet> {
  const { config } = loadConfig()
  // One made only now has signed nothing.
  if (config.secret === undefined && !existsSync(secretFile))
    throw new UsageMistake(
      `There is no ${secretFile} here, so the relay's keys are not known: give --keys.\n\n${usage}`,
    )
  return (await createReceiptSigner(relaySecrets(config))).keySet
}

async function isAbout({ loadConfig, relaySecrets }: CommandParts, { game, player }: ErasureReceipt, subject: string) {
  const { config } = loadConfig()
  const database = await openDatabase(config.store)
  try {
    const { receipt } = await keptNameKeys(createStore(database), relaySecrets(config))
    return sealedName(receipt, playerKey(game.key, subject)) === player
  } finally {
    await database.close()
  }
}

const words = { player: 'the player', relay: 'the relay', vendor: 'the vendor' }

function linesOf({ issuer, request, game, requestedAt, doneAt, held, atVendor, steps }: ErasureReceipt): string[] {
  return [
    '',
    `  relay      ${issuer}`,
    `  game       ${game.name === undefined ? game.key : `${game.name} (${game.key})`}`,
    `  request    ${request}, asked for ${requestedAt}, done ${doneAt}`,
    ...(held ? [`  held       ${listed(held)}`] : []),
    ...(atVendor ? [`  at vendor  ${listed(atVendor)}`] : []),
    ...steps.map(({ name, at, word }) => `  ${at}  ${name}, by the word of ${words[word]}`),
  ]
}

function listed(counts: Record<string, number | string | string[]>): string {
  const said = Object.entries(counts).map(
    ([name, value]) => `${name} ${Array.isArray(value) ? value.join(' ') : value}`,
  )
  return said.join(', ')
}
