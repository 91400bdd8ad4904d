/** What a browser fetches before it speaks the player API: the embed script, the panel, and the pages. */
import type { Hono } from 'hono'
import type { Games, LiveGame } from '../../config/games.ts'
import { type BrowserFiles, serveFile } from '../static-files.ts'

export interface PageParts {
  files: BrowserFiles
  games: Games
  /** Serves the host page of the demo at `/demo`. */
  isDemo: boolean
}

/** Any page of any studio loads these, and a module is always fetched with CORS. */
const forAnyPage = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }

export function addPages(app: Hono, { files, games, isDemo }: PageParts): void {
  const html = (name: string, request: Request, frameAncestors: string, uploads = '') => {
    const file = files.get(name)
    if (!file) return new Response('The widget is not built: npm run build', { status: 404 })
    return serveFile(file, request, { ...pageHeaders(frameAncestors, uploads), 'cache-control': 'no-cache' })
  }

  app.get('/', (context) => {
    const [only] = games.size === 1 ? games.keys() : []
    // A relay of one game needs no name in its address. What stands behind `#` comes along by itself.
    if (only !== undefined && context.req.query('game') === undefined)
      return context.redirect(`/?${new URLSearchParams({ ...context.req.query(), game: only })}`)
    const game = games.get(context.req.query('game') ?? '')
    // A studio may put the page into a frame on its own pages, and nobody else may.
    return html('/index.html', context.req.raw, ["'self'", ...(game?.config.origins ?? [])].join(' '), uploadsOf(game))
  })
  if (isDemo) app.get('/demo', (context) => html('/demo.html', context.req.raw, "'none'"))

  for (const [path, file] of files) {
    if (path.endsWith('.html')) continue
    app.get(path, (context) => serveFile(file, context.req.raw, forAnyPage))
  }
}

/** Where files go past the relay, the vendor names their place only when it is asked for one: any, by https. */
function uploadsOf(game: LiveGame | undefined): string {
  const { attachments = false, vendor } = game?.config ?? {}
  const isDirect = attachments !== false && attachments.direct === true
  if (!isDirect || vendor?.kind !== 'theymes') return ''
  return ` https: ${new URL(vendor.baseUrl).origin}`
}

function pageHeaders(frameAncestors: string, uploads: string): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      `connect-src 'self'${uploads}`,
      "img-src 'self' blob:",
      'media-src blob:',
      "base-uri 'none'",
      "form-action 'none'",
      `frame-ancestors ${frameAncestors}`,
      "require-trusted-types-for 'script'",
    ].join('; '),
    'permissions-policy': 'geolocation=(), microphone=()',
  }
}
