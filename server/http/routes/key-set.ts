/** The keys by which anybody can check what the relay has signed for keeping: receipts. */
import type { Hono } from 'hono'
import type { JSONWebKeySet } from 'jose'

export function addKeySet(app: Hono, keySet: JSONWebKeySet): void {
  app.get('/.well-known/jwks.json', (context) =>
    context.body(JSON.stringify(keySet), 200, {
      'content-type': 'application/jwk-set+json',
      'cache-control': 'public, max-age=3600',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    }),
  )
}
