/**
 * The peer of idle streams and of fan-out: a bare `node:http` server that keeps every connection open, writes a heartbeat to
 * each every twenty seconds, a second's share at a time, and on `POST /go` one event to all of them.
 */
import { createServer, type ServerResponse } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const seconds = 20
const open: ServerResponse[] = []
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()
const text = 'A word that is as long as an answer of an agent that a player waits for. '.repeat(3)

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    const at = performance.timeOrigin + performance.now()
    for (const other of open) other.write(`id: 1\nevent: message-added\ndata: ${JSON.stringify({ text })}\n\n`)
    response.end(String(at))
    return
  }
  if (request.url === '/metrics') {
    response.end(`medkit_nodejs_eventloop_lag_max_seconds ${delay.max / 1e9}\n`)
    delay.reset()
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(': welcome\n\n')
  open.push(response)
})
let next = 0
setInterval(() => {
  next = (next + 1) % seconds
  for (let n = next; n < open.length; n += seconds) open[n]?.write(': still here\n\n')
}, 1_000)
server.listen(0, '127.0.0.1', 4_096, () => {
  const address = server.address()
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
})
process.once('SIGTERM', () => process.exit(0))
