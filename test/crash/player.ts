/** A player's device as the widget is one: it keeps sending a message under one key until the relay has taken it. */

export interface Acknowledged {
  game: string
  ticketId: string
  /** A word that stands in this message and in no other. */
  word: string
  isOpening: boolean
  /** Their writer's. */
  token: string
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
  parts.acknowledged.push({ game: parts.game, ticketId: ticket.id, word: opening, isOpening: true, token })
  const replies = 1 + Math.floor(Math.random() * 3)
  for (let m = 1; m <= replies && !parts.isOver(); m++) {
    const word = `${parts.name}t${n}m${m}`
    const reply = await send(parts, token, `/v1/tickets/${ticket.id}/messages`, word, {})
    if (reply) parts.acknowledged.push({ game: parts.game, ticketId: ticket.id, word, isOpening: false, token })
  }
}

/**
 * Presses "send again" on what the relay says could not be sent: a vendor that fails long enough on one message while it
 * takes others has it parked. To send again is to write anew, so that it comes last from now on.
 *
 * @returns the words of those
 */
export async function sendAgain(
  acknowledged: Acknowledged[],
  missing: readonly string[],
  address: string,
): Promise<string[]> {
  const pressed: string[] = []
  for (const message of acknowledged.filter(({ word }) => missing.includes(word))) {
    if (!(await press(message, `${address}/v1/tickets/${message.ticketId}`))) continue
    acknowledged.push(...acknowledged.splice(acknowledged.indexOf(message), 1))
    pressed.push(message.word)
  }
  return pressed
}

/** @returns false where it is on its way or nobody answers */
async function press({ word, token }: Acknowledged, ticket: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` }
  const asked = { headers, signal: AbortSignal.timeout(answerMs) }
  const answer = await fetch(`${ticket}?limit=100`, asked).catch(() => undefined)
  const { messages = [] } = ((await answer?.json().catch(() => ({}))) ?? {}) as { messages?: Shown[] }
  const shown = messages.find(({ text }) => text === textOf(word))
  if (shown?.delivery !== 'failed') return false
  return (await post(`${ticket}/messages/${shown.id}/retry`, '', headers))?.status === 200
}

interface Shown {
  id: string
  text: string
  delivery: string
}

const textOf = (word: string) => `word:${word};`

function send(
  parts: PlayerParts,
  token: string,
  path: string,
  word: string,
  more: object,
): Promise<{ id: string } | undefined> {
  const body = JSON.stringify({ message: textOf(word), ...more })
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
