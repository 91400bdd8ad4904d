/** What became of a message: that it has arrived, before anything else, and then all that was said. */
import type { TicketId } from '../../server/contract/ids.ts'
import type { Ticket } from '../../server/contract/ticket.ts'
import { useKept, useSupport } from './context.ts'
import { Icon, paths } from './icons.tsx'
import { inMessaging, inTicketList } from './lazy.tsx'
import { Screen } from './screen.tsx'

const Conversation = inMessaging(({ views }) => views.Conversation)
const Status = inTicketList((file) => file.Status, true)
const Next = inMessaging(({ views }) => views.Next, true)
const NotKept = inMessaging(({ views }) => views.NotKept, true)
const Outgoing = inMessaging(({ views }) => views.Outgoing)

export function OpenedTicket({ id, fresh }: { id: TicketId; fresh?: boolean }) {
  const { speech, tickets, messaging } = useSupport()
  const ticket = tickets.list.value?.find((one) => one.id === id)
  const messages = messaging.value?.threads.all.value[id]?.messages ?? []
  return (
    <Screen
      class="messaging"
      title={ticket?.number ?? speech.words.value.loading}
      focus={!fresh}
      aside={ticket && <Status status={ticket.status} />}
      foot={ticket && <Next ticket={ticket} />}
    >
      {fresh && ticket?.status === 'open' && messages.length < 2 && <Received ticket={ticket} />}
      <Conversation id={id} />
    </Screen>
  )
}

/** A first message that the relay does not have yet. */
export function OutgoingTicket({ itemKey }: { itemKey: string }) {
  const { speech, outbox } = useSupport()
  const words = speech.words.value
  const item = outbox.items.value.find(({ key }) => key === itemKey)
  return (
    <Screen class="messaging" title={words.newTicket}>
      {item?.state === 'waiting' && item.code && <p class="card">{words.kept}</p>}
      <Outgoing itemKey={itemKey} />
    </Screen>
  )
}

/** Says that it has arrived, where the eyes and the focus are; below the fold, people press again. */
function Received({ ticket }: { ticket: Ticket }) {
  const { speech, game, session, storage } = useSupport()
  const { words, say } = speech
  const byEmail = game.value?.can.answers === 'email'
  const isKept = storage.keeps() || session.kind.value !== 'anonymous'
  const arrive = useKept(() => (result: HTMLElement | null) => result?.focus())
  return (
    <div class="card done" tabIndex={-1} ref={arrive}>
      <Icon path={paths.check} />
      <p>
        <b>{say(words.value.received, { number: ticket.number })}</b>
        {byEmail ? words.value.receivedByEmail : isKept && words.value.receivedHint}
        {!isKept && <NotKept byEmail={byEmail} />}
      </p>
    </div>
  )
}
