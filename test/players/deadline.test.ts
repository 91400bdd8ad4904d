/** A request that hangs on our side ends in an answer. */
import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { problemResponse, Refusal } from '../../server/problem.ts'
import { answerInTime } from '../../server/routes/deadline.ts'

function appThat(handle: () => Promise<Response>): Hono {
  const app = new Hono()
  app.onError((error) => problemResponse(error instanceof Refusal ? error : new Refusal('internal')))
  app.use(answerInTime(20))
  return app.get('/v1/tickets', handle).get('/v1/uploads/:id', handle)
}

it('with 503 and when to try again', async () => {
  const response = await appThat(() => new Promise(() => undefined)).request('/v1/tickets')
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('5')
  expect(await response.json()).toMatchObject({ code: 'store_unavailable' })
})

it('while one that answers in time is left alone', async () => {
  const response = await appThat(async () => new Response('here')).request('/v1/tickets')
  expect(await response.text()).toBe('here')
})

it('and an upload may take its time', async () => {
  const slow = () => new Promise<Response>((resolve) => setTimeout(() => resolve(new Response('here')), 60))
  expect((await appThat(slow).request('/v1/uploads/x')).status).toBe(200)
})
