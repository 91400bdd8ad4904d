/** What anyone may know about a game. */
import { createHash } from 'node:crypto'
import type { Game } from '../contract/game.ts'
import { type Games, type LiveGame, signInWays } from '../games.ts'
import { Refusal } from '../problem.ts'
import { hasAlready } from './etag.ts'
import type { HandlersOf } from './handlers.ts'

export function gameRoutes(games: Games): HandlersOf<'GET /games/:game'> {
  const known = new Map([...games].map(([key, game]) => [key, withTag(describe(game))]))
  return {
    async 'GET /games/:game'({ params, request }) {
      const found = known.get(params.game)
      if (!found) throw new Refusal('not_found')
      const headers = { etag: found.etag, 'cache-control': 'public, max-age=60' }
      if (hasAlready(request, found.etag)) return new Response(null, { status: 304, headers })
      return { status: 200, headers, body: found.body }
    },
  }
}

function withTag(body: Game) {
  const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22)}"`
  return { body, etag }
}

/** Category tags stay here: they steer how the studio sorts its queue. */
function describe({ key, config, can }: LiveGame): Game {
  return {
    game: key,
    name: config.name,
    languages: config.languages,
    can,
    form: { categories: config.form.categories.map(({ id, label, fields }) => ({ id, label, fields })) },
    attachments: can.attachments,
    signIn: signInWays(config),
    ...(config.players.proofOfWork ? { proofOfWork: true } : {}),
    theme: config.theme,
  }
}
