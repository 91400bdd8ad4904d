/** A player's device as the widget is one: it keeps sending a message under one key until the relay has taken it. */

export interface Acknowledged {
  game: string
  ticketId: string
  /** A word that stands in this message and in no other. */
  word: string
  isOpening: boolean
}

export interface PlayerParts {
  game: string
  name: string
  /** Somewhere a relay may be listening; undefined while none is. */
  address: () => string | undefined
  acknowledged: Acknowledged[]
  isOver: () => boolean
}

const retryMs = 40
const answerMs = 5_000

/** Opens tickets and replies on them until it is over; everything answered 201 is written down. */
export async function play(parts: PlayerParts): Promise<void> {
  const token = await persist(parts, async (address) => {
    const body = JSON.stringify({ game: parts.game, kind: 'anonymous' })
    const response = await post(`${address}/v1/sessions`, body)
    return response?.status === 201 ? ((await response.json()) as { token: string }).token : undefined
  })
  for (let n = 0; token !== undefined && !parts.isOver(); n++) await playTicket(parts, token, n)
}

async function playTicket(parts: PlayerParts, token: string, n: number): Promise<void> {
  const opening = `${parts.name}t${n}m0`
  const ticket = await send(parts, token, '/v1/tickets', opening, { language: 'en', subject: 'Crash' })
  if (!ticket) return
  parts.acknowledged.push({ game: parts.game, ticketId: ticket.id, word: opening, isOpening: true })
  const replies = 1 + Math.floor(Math.random() * 3)
  for (let m = 1; m <= replies && !parts.isOver(); m++) {
    const word = `${parts.name}t${n}m${m}`
    const reply = await send(parts, token, `/v1/tickets/${ticket.id}/messages`, word, {})
    if (reply) parts.acknowledged.push({ game: parts.game, ticketId: ticket.id, word, isOpening: false })
  }
}

function send(
  parts: PlayerParts,
  token: string,
  path: string,
  word: string,
  more: object,
): Promise<{ id: string } | undefined> {
  const body = JSON.stringify({ message: `word:${word};`, ...more })
  return persist(parts, async (address) => {
    const response = await post(`${address}${path}`, body, {
      authorization: `Bearer ${token}`,
      'idempotency-key': word,
    })
    if (response?.status === 201) return (await response.json()) as { id: string }
    // Only these pass with time; anything else is a fault of the relay or of this driver.
    if (response && ![409, 429, 503].includes(response.status))
      throw new Error(`answered ${response.status}: ${await response.text()}`)
    return undefined
  })
}

async function persist<T>(
  { address, isOver }: PlayerParts,
  attempt: (address: string) => Promise<T | undefined>,
): Promise<T | undefined> {
  while (!isOver()) {
    const at = address()
    const result = at === undefined ? undefined : await attempt(at)
    if (result !== undefined) return result
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
  return undefined
}

/** @returns undefined when no whole answer came */
async function post(url: string, body: string, headers: Record<string, string> = {}): Promise<Response | undefined> {
  try {
    const response = await fetch(url, { method: 'POST', body, headers, signal: AbortSignal.timeout(answerMs) })
    const whole = await response.text()
    return new Response(whole, { status: response.status })
  } catch {
    return undefined
  }
}
