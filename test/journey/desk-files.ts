/** What an agent finds of the only ticket at the desk. */
import type { DeskTicketView, TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'

export async function ticketAtDesk({ desk }: TestRelay): Promise<DeskTicketView> {
  const { id } = await until(async () => (await desk.list())[0], 'the desk has the ticket')
  return desk.read(id)
}

export async function fileAtDesk(relay: TestRelay): Promise<Buffer> {
  const file = await until(async () => (await ticketAtDesk(relay)).files[0], 'the desk has the file')
  return Buffer.from(await (await relay.desk.download(file.id)).arrayBuffer())
}
