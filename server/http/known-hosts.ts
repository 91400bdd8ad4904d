/**
 * Under which names a relay is called. One that has not been told its own would have to believe the `Host` of a request, and a
 * page of anybody's can bring that: its name is made to lead here (DNS rebinding), and it speaks to the relay as one of the
 * relay's own pages. So without `publicUrl` only this machine's own names are answered, which nobody else's page can have.
 */
import { Refusal } from '../runtime/refusal.ts'
import type { Call } from './call.ts'

/** Whoever watches over the process calls it by its address, and is told nothing but how it is. */
const forWatchers = ['/healthz', '/readyz', '/metrics']

const advice =
  'This relay answers localhost alone until its configuration names the address players use: "publicUrl": "https://…"'

/** @throws Refusal `host_not_allowed` */
export function refuseUnknownHosts(
  publicUrl: string | undefined,
  { request, path }: Pick<Call, 'request' | 'path'>,
): void {
  if (publicUrl !== undefined || forWatchers.includes(path)) return
  if (!isLoopback(new URL(request.url).hostname)) throw new Refusal('host_not_allowed', { detail: advice })
}

/** As a URL has it: numbers written otherwise (`2130706433`) are plain by then. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
