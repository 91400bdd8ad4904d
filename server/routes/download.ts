/** A file as an answer, which is let go of where it comes so late that nobody waits for it any more. */
import type { Context } from 'hono'
import { type DownloadDescription, responseFor } from '../files/download.ts'
import { letGoIfLate } from './deadline.ts'

export function download(context: Context, body: ReadableStream<Uint8Array>, file: DownloadDescription): Response {
  return letGoIfLate(context, responseFor(body, file))
}
