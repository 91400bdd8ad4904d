/** For whoever watches over the process. */
import type { Hono } from 'hono'
import type { Metrics } from '../metrics.ts'
import { Refusal } from '../problem.ts'
import type { Store } from '../store/store.ts'
import { openApiDocument } from './openapi.ts'

export interface HealthParts {
  store: Store
  metrics: Metrics
  baseOf: (request: Request) => string
}

export function addHealth(app: Hono, { store, metrics, baseOf }: HealthParts): void {
  app.get('/healthz', (context) => context.json({ status: 'alive' }))

  app.get('/readyz', async (context) => {
    if (!(await store.isUsable())) throw new Refusal('store_unavailable', { retryAfterSeconds: 1 })
    return context.json({ status: 'ready' })
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
