/** Home: the one button, and below it what the player has written to us. */
import { useSupport } from './context.ts'
import { HomeFoot } from './home-foot.tsx'
import { Icon, paths } from './icons.tsx'
import { inTicketList } from './lazy.tsx'
import { Problem } from './notice.tsx'
import { Screen } from './screen.tsx'

const TicketList = inTicketList((file) => file.TicketList)

export function Home() {
  const { speech, game, router, tickets, mustSignIn, opens } = useSupport()
  const { words, say } = speech
  const name = game.value?.name
  const cannot = mustSignIn.value ? words.value.noSignIn : opens.value === false && words.value.cannotWrite
  return (
    <Screen
      class="home"
      title={name ? say(words.value.support, { game: name }) : words.value.launcher}
      back={false}
      foot={<HomeFoot />}
    >
      {/* Why a page that is refused has nothing to offer stands above. */}
      {(!cannot || game.value) && <p class="intro">{cannot || words.value.intro}</p>}
      {!cannot && (
        <button type="button" class="main" onClick={() => router.go({ view: 'new' })}>
          {words.value.getHelp}
        </button>
      )}
      {tickets.failure.value && <Problem code={tickets.failure.value} again={tickets.load} />}
      <Tickets />
    </Screen>
  )
}

function Tickets() {
  const { speech, session, tickets, outbox, opens } = useSupport()
  const words = speech.words.value
  const some = outbox.items.value.length || tickets.list.value?.length
  const isLoading = session.kind.value && !tickets.list.value
  // Where nothing can be written, nothing invites to it.
  const isEmpty = !some && !tickets.failure.value && (isLoading || opens.value !== false)
  return (
    <>
      {(some || session.earlier.value) && <TicketList />}
      {isEmpty && (
        <div class="empty">
          <Icon path={paths.messaging} />
          <p>{isLoading ? words.loading : words.noTickets}</p>
        </div>
      )}
    </>
  )
}
