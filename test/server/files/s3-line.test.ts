/** A line to the file storage that breaks just as it is used again, as kept connections do. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createS3Client } from '../../../server/files/s3-client.ts'

let server: Server
let asked: string[]
let toBreak: number

beforeEach(async () => {
  asked = []
  server = createServer((request, response) => {
    asked.push(request.method ?? '')
    if (asked.length <= toBreak) request.socket.destroy()
    else request.resume().on('end', () => response.end())
  }).listen(0)
  await once(server, 'listening')
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

function client() {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const keys = { accessKeyId: 'a', secretAccessKey: 'b' }
  return createS3Client({ bucket: 'files', prefix: '', endpoint, region: 'us-east-1' }, keys)
}

it('asks again, with all of the content', async () => {
  toBreak = 2
  expect(await client().put('key', 'content')).toBe(true)
  expect(asked).toEqual(['PUT', 'PUT', 'PUT'])
})

it('gives up on one that goes on breaking', async () => {
  toBreak = 99
  await expect(client().put('key', 'content')).rejects.toMatchObject({ code: 'unavailable' })
  expect(asked).toHaveLength(3)
})

it('asks once where a first try that got through would make the second another answer', async () => {
  toBreak = 1
  await expect(client().put('key', 'content', { once: true })).rejects.toMatchObject({ code: 'unavailable' })
  expect(asked).toEqual(['PUT'])
})
