/** `medkit token inspect`: what is wrong with a studio's token, and how to mend it. */

import type { StudioConfig } from '../config/studio-keys.ts'
import { type Inspection, inspectToken, judgeSignature } from '../players/inspect.ts'
import type { KeySetFailure } from '../players/key-set-reading.ts'
import { createStudioVerifier } from '../players/studio-token.ts'
import { claimedAudiences } from '../players/token-parts.ts'
import { systemClock } from '../runtime/clock.ts'
import { type Command, UsageMistake } from './command.ts'

const usage = `medkit token inspect <jwt> [--config relay.json] [--game <key>]

Says what is in a token that a studio signed, what the relay would refuse it for, and how to mend that. With a
configuration, audience, issuer, algorithm and signature are judged as well; without --game by the game the token names.`

type Configured = ReadonlyMap<string, StudioConfig>

export const token: Command = async ({ args, loadConfig, isConfigured, print, exit }) => {
  const [action, jwt, ...options] = args
  const game = options[0] === '--game' ? options[1] : undefined
  if (action !== 'inspect' || jwt === undefined || options.length > (game ? 2 : 0)) throw new UsageMistake(usage)
  const chosen = chooseGame(isConfigured ? studiosIn(loadConfig()) : new Map(), game, jwt)
  const failures: KeySetFailure[] = []
  const onJwksFailure = (failure: KeySetFailure) => void failures.push(failure)
  const verifier = chosen && createStudioVerifier(chosen.key, chosen.jwt, { clock: systemClock, onJwksFailure })
  const judged = verifier && (await judgeSignature(verifier, jwt))
  // Without the keys nothing can be said of a signature, least of all that it is bad.
  const signature = judged === 'bad' && failures.some(({ code }) => code !== 'unusable_key') ? undefined : judged
  const inspection = inspectToken(jwt, { now: systemClock.now(), game: chosen, signature })
  print(report({ ...inspection, notes: [...inspection.notes, ...failures.map(wordsFor)] }, chosen?.key))
  // For scripts; what cannot be judged is not refused.
  exit(inspection.verdict === 'refused' ? 1 : 0)
}

function studiosIn({ config }: ReturnType<Parameters<Command>[0]['loadConfig']>): Configured {
  return new Map(
    Object.entries(config.games).flatMap(([key, { players }]) => (players.jwt ? [[key, players.jwt] as const] : [])),
  )
}

/** The game that was named, else the one the token is for, else the only one there is. */
function chooseGame(studios: Configured, named: string | undefined, jwt: string) {
  const audiences = claimedAudiences(jwt)
  const addressed = [...studios].find(([key, { audience = key }]) => audiences.includes(audience))?.[0]
  const key = named ?? addressed ?? (studios.size === 1 ? [...studios.keys()][0] : undefined)
  const config = key === undefined ? undefined : studios.get(key)
  if (named !== undefined && !config)
    throw new UsageMistake(`No game ${named} with "players.jwt" is configured.\n\n${usage}`)
  return key !== undefined && config ? { key, jwt: config } : undefined
}

function wordsFor({ detail }: KeySetFailure): string {
  return `Reading "players.jwt.jwksUrl": ${detail}.`
}

const verdicts: Record<Inspection['verdict'], string> = {
  accepted: 'The relay accepts this token',
  refused: 'The relay refuses this token',
  unjudged: 'Nothing is wrong with this token, as far as can be seen',
}

function report({ verdict, header, claims, findings, notes }: Inspection, game: string | undefined): string {
  const lines = [
    `${verdicts[verdict]}${game === undefined ? '' : ` for the game ${game}`}.`,
    ...(header ? [`  header  ${JSON.stringify(header)}`] : []),
    ...(claims ? [`  claims  ${JSON.stringify(claims)}`] : []),
    ...findings.flatMap(({ code, problem, mend }) => ['', code, `  wrong   ${problem}`, `  mend    ${mend}`]),
    ...(notes.length > 0 ? ['', ...notes] : []),
  ]
  return `${lines.join('\n')}\n`
}
