/** Something to compute before opening a ticket, where a game asks for it. */
import type { Proofs } from '../players/proof.ts'
import { Refusal } from '../problem.ts'
import type { HandlersOf } from './handlers.ts'

export function challengeRoutes(proofs: Proofs): HandlersOf<'POST /challenges'> {
  return {
    async 'POST /challenges'({ player, game }) {
      const { proofOfWork } = game.config.players
      if (!proofOfWork || player.kind !== 'anonymous') throw new Refusal('unsupported')
      return { status: 201, body: proofs.challenge(player.key, proofOfWork.maxNumber) }
    },
  }
}
