/** What every request passes on its way in, and every answer on its way out: the same steps whatever is asked for. */
import { getPath } from 'hono/utils/url'
import { problemAnswer, type Refusal } from '../runtime/refusal.ts'
import type { AddressOf } from './address.ts'
import type { Answer, Bindings, Call } from './call.ts'
import { allowedMsFor, answerInTime } from './deadline.ts'
import type { EventStreams } from './event-stream.ts'
import { refuseUnknownHosts } from './known-hosts.ts'
import { type Limits, named } from './limits.ts'
import type { Origins } from './origins.ts'
import type { RequestQueue } from './request-queue.ts'
import { spend } from './route-limits.ts'

export interface PipelineParts {
  queue: RequestQueue
  addressOf: AddressOf
  origins: Origins
  limits: Limits
  eventStreams: Pick<EventStreams, 'begin' | 'letGo'>
  /** Absent: it answers this machine alone. */
  publicUrl: string | undefined
  /** What the player may be told of whatever was thrown. */
  refusalFor: (error: unknown, call: Call) => Refusal
  /** To the first byte of an answer, in milliseconds. Default: what `deadline.ts` has. */
  answerMs?: number | undefined
}

export type Pipeline = (
  request: Request,
  bindings: Bindings,
  answer: (call: Call) => Promise<Answer>,
) => Promise<Response>

/** Whoever watches over the relay sees it as it is, and does not stand in line for it. */
const unqueued: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])

export function createPipeline(parts: PipelineParts): Pipeline {
  const { queue, addressOf, origins, limits, eventStreams, publicUrl, refusalFor, answerMs } = parts

  async function pass(call: Call, answer: (call: Call) => Promise<Answer>): Promise<Answer> {
    origins.refuseStrangers(call)
    refuseUnknownHosts(publicUrl, call)
    return answerInTime(
      allowedMsFor(call.request.method, call.path, answerMs),
      async () => {
        // The outermost fence, before anything is believed, verified or read: around every address and every path.
        await spend(limits, 'read', call.network)
        return answer(call)
      },
      (late) => letGo(call, late),
    )
  }

  function letGo({ request }: Call, late: Answer): void {
    eventStreams.letGo(request)
    if (late instanceof Response) void late.body?.cancel().catch(() => undefined)
  }

  return async (request, bindings, answer) => {
    const address = addressOf(request, bindings)
    const call: Call = {
      request,
      path: getPath(request),
      address,
      network: named({ address }),
      origin: request.headers.get('origin') ?? undefined,
      bindings,
    }
    let answered: Answer
    try {
      if (!unqueued.has(call.path)) await queue.enter(call.address)
      const preflight = origins.preflight(call)
      if (preflight) return preflight
      answered = await pass(call, answer)
    } catch (error) {
      answered = problemAnswer(refusalFor(error, call))
    }
    return eventStreams.begin(call, origins.dress(call, answered))
  }
}
