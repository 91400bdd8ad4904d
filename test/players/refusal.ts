/** Waits for a refusal and returns what a studio would see of it. */
import { expect } from 'vitest'
import { TokenRefused } from '../../server/players/token-refused.ts'

export async function refusalOf(verifying: Promise<unknown>): Promise<TokenRefused> {
  const outcome = await verifying.then(
    () => 'accepted',
    (error: unknown) => error,
  )
  if (!(outcome instanceof TokenRefused)) expect.fail(`expected a refusal, got ${String(outcome)}`)
  return outcome
}

export async function codeOf(verifying: Promise<unknown>): Promise<string> {
  return (await refusalOf(verifying)).code
}
