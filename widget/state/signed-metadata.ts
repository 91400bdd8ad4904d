/** What a studio's token says of its player, to be shown to them. Only the relay can tell whether it is signed. */
import type { SentLine } from '../../server/contract/ticket.ts'

/** As the relay passes it on: `SentLine` says under which names. */
export function signedIn(token = ''): SentLine[] {
  const { sub, name, email, metadata } = record(claimsOf(token))
  const { tier, tags, fields } = record(metadata)
  const each = {
    player: sub,
    name,
    email,
    tier: typeof tier === 'number' ? String(tier) : undefined,
    tags: Array.isArray(tags) ? tags.join(', ') : undefined,
  }
  return [...lines(each), ...lines(record(fields))]
}

function lines(values: Record<string, unknown>): SentLine[] {
  return Object.entries(values).flatMap(([key, value]) =>
    typeof value === 'string' && value ? { key, value, source: 'signed' as const } : [],
  )
}

/** `atob` knows bytes, and a name has more letters than there are bytes. */
function claimsOf(token: string): unknown {
  try {
    const text = atob((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/'))
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (byte) => byte.charCodeAt(0))))
  } catch {
    return undefined
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
