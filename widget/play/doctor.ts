/** Looks for what keeps support from working on a page: for the studio's engineer, in plain English. Loaded on demand. */
import type { Finding, PageProblemCode } from '../handle.ts'
import { otherGame } from '../host.ts'
import { isAnswer } from '../relay/is-answer.ts'

export interface DoctorParts {
  relay: string
  game: string
  root: ShadowRoot
}

/** What a page shows as "a minute ago" is wrong from here on. */
const clockSkewMs = 60_000
const openWithinMs = 3_000

export async function examine({ relay, game, root }: DoctorParts): Promise<Finding[]> {
  return [
    ...(await askRelay(relay, game)),
    ...(await Promise.all([storage(), outbox(), stream(), files()])),
    page(root),
    tags(game),
    overlay(root),
  ]
}

const explanations: Record<PageProblemCode, string> = {
  removed_from_page:
    'this page takes <medkit-host> away whenever it is put back, so it is left at that; open() tries again',
  second_game: 'a page has support for one game, so a script tag for another does nothing',
}

/** For whoever looks into the console because nothing is to be seen on the page. */
export function explain(code: PageProblemCode): void {
  // biome-ignore lint/suspicious/noConsole: the studio's engineer looks there first
  console.warn(`Medkit: ${explanations[code]}`)
}

async function askRelay(relay: string, game: string): Promise<Finding[]> {
  const blocked = refusedByPolicy()
  try {
    const response = await fetch(`${relay}/v1/games/${encodeURIComponent(game)}`, {
      credentials: 'omit',
      cache: 'no-store',
    })
    const answer: unknown = await response.json().catch(() => undefined)
    return [
      reached(response, answer, { relay, game }),
      origin(codeOf(answer), game),
      clock(response.headers.get('Date')),
      blocked(),
    ]
  } catch (error) {
    return [finding('relay', false, `${relay} cannot be reached: ${String(error)}`), blocked()]
  }
}

function reached({ ok, status }: Response, answer: unknown, { relay, game }: { relay: string; game: string }): Finding {
  const code = codeOf(answer)
  const said = `${relay} answered ${status} for the game "${game}"`
  if (code === 'not_found') return finding('relay', false, `${said}: its configuration has no "games.${game}"`)
  if (code === 'host_not_allowed') return finding('relay', false, `${said}: its "publicUrl" has to name its address`)
  if (ok ? !isAnswer(answer) : !code)
    return finding('relay', false, `${said}, and not as a relay does: something else is at that address, or in between`)
  return finding('relay', ok || code === 'origin_not_allowed', said)
}

/** Says which line of the relay's configuration to change. */
function origin(code: unknown, game: string): Finding {
  const here = `this page is ${location.origin}`
  if (code !== 'origin_not_allowed') return finding('origin', true, here)
  // A file, or a frame in a sandbox.
  if (location.origin === 'null')
    return finding(
      'origin',
      false,
      'this page has no origin that a relay could let in: it has to come by http or https',
    )
  const line = `"games.${game}.origins" in the relay's configuration has to list "${location.origin}"`
  return finding('origin', false, `${here}, which is refused: ${line}`)
}

function codeOf(answer: unknown): unknown {
  return Object(answer).code
}

function clock(date: string | null): Finding {
  if (!date)
    return finding('clock', false, 'cannot be compared: something between takes the Date header from this page')
  const skewMs = Date.now() - Date.parse(date)
  const isRight = Math.abs(skewMs) < clockSkewMs
  const off = `this device is ${span(Math.abs(skewMs))} ${skewMs < 0 ? 'behind' : 'ahead of'} the relay`
  return finding('clock', isRight, isRight ? off : `${off}: times are shown wrong, tokens are not affected`)
}

/** `2 h 5 min`, for whoever has to set the clock. */
function span(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** Watches from now on; ask it when the requests are over. */
function refusedByPolicy(): () => Finding {
  const refused: string[] = []
  const listen = (event: SecurityPolicyViolationEvent) =>
    refused.push(`${event.violatedDirective}: ${event.blockedURI}`)
  document.addEventListener('securitypolicyviolation', listen)
  return () => {
    document.removeEventListener('securitypolicyviolation', listen)
    return finding('policy', !refused.length, refused.join('; ') || 'the content security policy refused nothing')
  }
}

async function storage(): Promise<Finding> {
  try {
    localStorage.getItem('medkit:')
    return finding('storage', true, 'localStorage can be used')
  } catch (error) {
    return finding('storage', false, `drafts and sessions last as long as the page: ${String(error)}`)
  }
}

function outbox(): Promise<Finding> {
  return new Promise((resolve) => {
    const no = (reason: unknown) =>
      resolve(finding('outbox', false, `unsent messages last as long as the page: ${reason}`))
    setTimeout(() => no('IndexedDB does not open'), openWithinMs)
    try {
      const request = indexedDB.open('medkit:doctor')
      request.onerror = () => no(request.error)
      request.onsuccess = () => {
        request.result.close()
        indexedDB.deleteDatabase('medkit:doctor')
        resolve(finding('outbox', true, 'IndexedDB can be used'))
      }
    } catch (error) {
      no(error)
    }
  })
}

async function stream(): Promise<Finding> {
  return finding(
    'stream',
    'body' in Response.prototype,
    'answers arrive at once where fetch can stream, else by asking',
  )
}

async function files(): Promise<Finding> {
  const input = document.createElement('input')
  input.type = 'file'
  return finding('files', !input.disabled, 'a webview must also handle the file chooser; a desktop browser does')
}

function page({ host }: ShadowRoot): Finding {
  if (!host.isConnected) return finding('page', false, explanations.removed_from_page)
  const inert = host.parentElement?.closest('[inert]')
  return finding('page', !inert, inert ? `the widget stands in an inert <${inert.localName}>` : 'the widget is on it')
}

function tags(game: string): Finding {
  const other = otherGame(game)
  if (other === undefined) return finding('tags', true, 'no script tag asks for another game')
  return finding('tags', false, `${explanations.second_game}: "${other}"`)
}

/** Something of the page's, lying over the launcher, takes the player's presses. */
function overlay(root: ShadowRoot): Finding {
  const launcher = root.querySelector('.launcher')
  if (!launcher?.getClientRects().length) return finding('overlay', true, 'no launcher is shown')
  const { left, top, width, height } = launcher.getBoundingClientRect()
  const above = document.elementFromPoint(left + width / 2, top + height / 2)
  return finding(
    'overlay',
    above === root.host,
    above === root.host ? 'the launcher can be pressed' : `over the launcher lies <${above?.localName}>`,
  )
}

function finding(check: Finding['check'], ok: boolean, detail: string): Finding {
  return { check, ok, detail }
}
