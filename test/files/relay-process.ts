/** The files room in a process of its own, so that a test can kill it at any moment. Dies with its parent. */
import { createFiles } from '../../server/files/uploads.ts'
import { serve } from './serve.ts'

const [url = '', options = '{}'] = process.argv.slice(2)
const files = await createFiles(url, JSON.parse(options))
const served = await serve(files)
process.on('disconnect', () => process.exit())
process.on('message', async (message: { id: string; size: number }) => {
  await files.uploads.create(message.id, message.size)
  process.send?.({ created: message.id })
})
process.send?.({ port: served.port })
