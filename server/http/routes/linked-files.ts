/** Files behind a signed link, for vendors that take no files: whoever holds the link has the file until it expires. */
import type { Hono } from 'hono'
import { responseFor } from '../../files/download.ts'
import type { Files } from '../../files/files.ts'
import type { Links } from '../../files/links.ts'
import { Refusal } from '../../runtime/refusal.ts'
import type { AttachmentRow } from '../../store/attachments.ts'
import type { Store } from '../../store/store.ts'

export interface LinkedFileParts {
  links: Pick<Links, 'verify'>
  store: Store
  files: Files
}

const retrySeconds = 30

/** An agent reads this in a browser; the player's own words for it are the widget's. */
const notYet = 'This file is on its way or still being checked. The link opens it once it is through.'
const never = 'This file was refused, so there is nothing to open.'

export function addLinkedFiles(app: Hono, { links, store, files }: LinkedFileParts): void {
  app.get('/files/:id', async (context) => {
    const id = links.verify(new URL(context.req.url))
    const row = id && (await store.attachments.find(id))
    if (!row || row.vendor_file_id !== null) throw new Refusal('not_found')
    const kept = row.state === 'ready' ? await files.blobs.read(row.id) : undefined
    if (!kept) return explain(row)
    const file = { fileName: row.file_name, fileType: row.file_type, fileSize: kept.size }
    return responseFor(kept.body, file)
  })
}

/** @throws Refusal `not_found` where what was ready is gone */
function explain({ state }: AttachmentRow): Response {
  if (state === 'ready') throw new Refusal('not_found')
  const isOver = state === 'refused'
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(isOver ? never : notYet, {
    status: isOver ? 410 : 503,
    headers: isOver ? headers : { ...headers, 'retry-after': String(retrySeconds) },
  })
}
