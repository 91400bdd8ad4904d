/** The simulated vendor of `upload.ts`, in a process of its own: it tells its parent what each ticket brought along. */
import { createHash } from 'node:crypto'
import { startTheymesSimulator } from '../simulators/theymes/simulator.ts'

/** First where it is, then one for each file that came in. */
export type VendorNews = { config: Record<string, unknown> } | { received: { bytes: number; hash: string } }

const simulator = await startTheymesSimulator({
  onReceived: ({ call, body, status }) => {
    if (call !== 'PUT /uploads/:attachmentId' || status !== 200 || !Buffer.isBuffer(body)) return
    const hash = createHash('sha256').update(body).digest('hex')
    tell({ received: { bytes: body.length, hash } })
    // Neither side of the comparison is to wait for a vendor that swaps.
    simulator.letGoOfFiles()
  },
})
process.on('disconnect', () => process.exit())
tell({ config: simulator.config })

function tell(news: VendorNews): void {
  process.send?.(news)
}
