/** Which engine an address is of; apart from them, so that a configuration is judged without either. */

export type Engine = 'sqlite' | 'postgres'

/** True for `postgres://…` and `postgresql://…`: a ledger that several relays may share. */
export function isPostgres(address: unknown): boolean {
  return typeof address === 'string' && /^postgres(ql)?:/.test(address)
}
