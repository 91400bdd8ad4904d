/** What anyone may know about a game; to a player of it, also what holds for them alone. */

import { type Games, type LiveGame, requireGame, signInWays } from '../../config/games.ts'
import type { Game } from '../../contract/game.ts'
import type { Identity } from '../../players/identity.ts'
import type { CanOpen } from '../../tickets/can-open.ts'
import { hasAlready, tagOf } from '../etag.ts'
import type { HandlersOf } from '../handlers.ts'
import type { Origins } from '../origins.ts'

export function gameRoutes(
  games: Games,
  opens: CanOpen,
  origins: Pick<Origins, 'checkOrigin'>,
): HandlersOf<'GET /games/:game'> {
  return {
    async 'GET /games/:game'({ params, request, player }) {
      const game = requireGame(games, params.game)
      // No secret: but a page that may call nothing else should hear so here.
      origins.checkOrigin(request, game)
      const who = player?.game === game.key ? player : undefined
      const body = await describe(game, who, opens)
      const etag = tagOf(JSON.stringify(body))
      // One address, two answers: no cache may give a player's to another.
      const headers = { etag, 'cache-control': who ? 'private, no-cache' : 'public, max-age=60', vary: 'Authorization' }
      if (hasAlready(request, etag)) return new Response(null, { status: 304, headers })
      return { status: 200, headers, body }
    },
  }
}

/** Category tags stay here: they steer how the studio sorts its queue. */
async function describe(game: LiveGame, player: Identity | undefined, opens: CanOpen): Promise<Game> {
  const { key, config, can, vendor } = game
  const open = await (player ? opens.ask(player, game) : opens.askForNewcomer(game))
  return {
    game: key,
    name: config.name,
    languages: config.languages,
    can: { ...can, open },
    ...(can.open && vendor.canOpen ? { canByPlayer: true } : {}),
    form: { categories: config.form.categories.map(({ id, label, fields }) => ({ id, label, fields })) },
    attachments: can.attachments,
    signIn: signInWays(config),
    ...(config.players.proofOfWork ? { proofOfWork: true } : {}),
    theme: config.theme,
  }
}
