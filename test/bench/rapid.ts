/**
 * A closed loop of reads over bare sockets: so many connections, each sending its next request when the last is answered. It
 * does as little as it can, because it shares the machine with what it measures.
 */
import { connect, type Socket } from 'node:net'
import type { Measured } from './load.ts'

export interface Reading {
  url: string
  connections: number
  requests: number
  /** The n-th request, as it goes over the wire. */
  make: (n: number) => string
  expect: readonly number[]
}

export async function read({ url, connections, requests, make, expect }: Reading): Promise<Measured> {
  const times: number[] = []
  let next = 0
  async function client(): Promise<void> {
    const line = await open(url)
    while (next < requests) {
      const began = performance.now()
      const { status } = await line.ask(make(next++))
      if (!expect.includes(status)) throw new Error(`answered ${status}`)
      times.push(performance.now() - began)
    }
    line.close()
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: connections }, client))
  const seconds = (performance.now() - began) / 1_000
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  return { perSecond: times.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) }
}

export interface Answer {
  status: number
  /** Names in lower case. */
  headers: Record<string, string>
  body: string
}

/** One request, and all of its answer. */
export async function ask(url: string, request: string): Promise<Answer> {
  const line = await open(url)
  const { status, text } = await line.ask(request)
  line.close()
  const [head = '', body = ''] = split(text)
  const lines = head.split('\r\n').slice(1)
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { status, headers, body }
}

export function getRequest(path: string, headers: Record<string, string> = {}): string {
  const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}`)
  return [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}

function split(text: string): string[] {
  const end = text.indexOf('\r\n\r\n')
  return [text.slice(0, end), text.slice(end + 4)]
}

async function open(url: string) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).setNoDelay(true)
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return { ask: (request: string) => exchange(socket, request), close: () => socket.destroy() }
}

/** Bytes as latin1, so that a length of bytes is a length of text. */
function exchange(socket: Socket, request: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    let text = ''
    let whole = Number.POSITIVE_INFINITY
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (whole === Number.POSITIVE_INFINITY) whole = lengthOf(text)
      if (text.length < whole) return
      socket.off('data', onData).off('close', onClose)
      resolve({ status: Number(text.slice(9, 12)), text })
    }
    const onClose = () => reject(new Error('the server hung up'))
    socket.on('data', onData).once('close', onClose)
    socket.write(request)
  })
}

/** Of the whole answer, once its head is there. */
function lengthOf(text: string): number {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return Number.POSITIVE_INFINITY
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? '0'
  return end + 4 + Number(length)
}
