/** Something to compute first, where a game asks for it. */
import { type Games, requireGame } from '../../config/games.ts'
import { difficultyFor, newcomerTo, type Proofs } from '../../players/proof-of-work.ts'
import { Refusal } from '../../runtime/refusal.ts'
import type { HandlersOf } from '../handlers.ts'
import type { Origins } from '../origins.ts'

export interface ChallengeRouteParts {
  proofs: Pick<Proofs, 'challenge'>
  games: Games
  origins: Origins
}

type ChallengeRoutes = HandlersOf<'POST /sessions/challenges' | 'POST /challenges'>

export function challengeRoutes({ proofs, games, origins }: ChallengeRouteParts): ChallengeRoutes {
  return {
    async 'POST /sessions/challenges'({ body, request }) {
      const game = requireGame(games, body.game)
      origins.checkOrigin(request, game)
      const { proofOfWork, anonymous, email } = game.config.players
      if (!proofOfWork || !(anonymous || email)) throw new Refusal('unsupported')
      return { status: 201, body: await proofs.challenge(newcomerTo(game.key), proofOfWork.seconds) }
    },

    async 'POST /challenges'({ player, game }) {
      const proofOfWork = difficultyFor(game, player)
      if (!proofOfWork) throw new Refusal('unsupported')
      return { status: 201, body: await proofs.challenge(player.key, proofOfWork.seconds) }
    },
  }
}
