/** For whoever watches over the process. */
import type { Hono } from 'hono'
import type { Metrics } from '../../runtime/metrics.ts'
import { Refusal } from '../../runtime/refusal.ts'
import { openApiDocument } from '../openapi.ts'
import type { Readiness } from '../readiness.ts'

export interface HealthParts {
  readiness: Pick<Readiness, 'state'>
  metrics: Metrics
  baseOf: (request: Request) => string
}

export function addHealth(app: Hono, { readiness, metrics, baseOf }: HealthParts): void {
  app.get('/healthz', (context) => context.json({ status: 'alive' }))

  app.get('/readyz', async (context) => {
    const status = await readiness.state()
    if (status === 'store_unavailable') throw new Refusal(status, { retryAfterSeconds: 1 })
    return context.json({ status }, status === 'ready' ? 200 : 503)
  })

  app.get('/metrics', async (context) =>
    context.body(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType }),
  )

  let document: ReturnType<typeof openApiDocument> | undefined
  app.get('/openapi.json', (context) => {
    const url = baseOf(context.req.raw)
    // Making it costs more than a hundred calls of the player API.
    document ??= openApiDocument(url)
    return context.json({ ...document, servers: [{ url }] })
  })
}
