/** What is held on the player, to take along or to have erased, with every step dated. */
import { useEffect, useState } from 'preact/hooks'
import type { DeletionRequest, DeletionStepName } from '../../server/contract/deletion.ts'
import type { PlayerExport } from '../../server/contract/export.ts'
import type { Words } from '../words/en.ts'
import { Heading, Screen } from './screen.tsx'
import { useWhole } from './use-whole.ts'

export function Privacy() {
  const { speech, session } = useWhole()
  return (
    <Screen title={speech.words.value.privacy}>
      <Held />
      <Erasure />
      {session.recoveryKey() && <RecoveryKey />}
    </Screen>
  )
}

function Held() {
  const { speech, call, act } = useWhole()
  const { words, say } = speech
  const [held, setHeld] = useState<PlayerExport>()
  useEffect(() => {
    act(async () => setHeld(await call('GET /export')))
  }, [])
  return (
    <section>
      <Heading>{words.value.held}</Heading>
      <p role="status">
        {held
          ? `${say(words.value.heldTickets, { n: held.tickets.length })} · ${say(words.value.heldFiles, { n: held.attachments.length })}`
          : words.value.loading}
      </p>
      {held && (
        <button type="button" class="plain" onClick={() => save(held)}>
          {words.value.download}
        </button>
      )}
    </section>
  )
}

function save(held: PlayerExport): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([JSON.stringify(held, null, 2)], { type: 'application/json' }))
  link.download = `${held.player.game}-${held.exportedAt.slice(0, 10)}.json`
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

function Erasure() {
  const { speech, call, act, hear } = useWhole()
  const words = speech.words.value
  const [sure, setSure] = useState(false)
  const [requests, setRequests] = useState<readonly DeletionRequest[]>([])
  const put = (request: DeletionRequest) =>
    setRequests((known) => [request, ...known.filter(({ id }) => id !== request.id)])
  useEffect(() => {
    act(async () => setRequests((await call('GET /deletion-requests')).items))
    return hear((event) => {
      if (event.type === 'deletion-changed') put(event.data.request)
    })
  }, [])
  const running = requests.some(({ status }) => status === 'waiting' || status === 'begun')
  const ask = () =>
    act(async () => {
      put(await call('POST /deletion-requests', { body: { confirm: true } }))
      setSure(false)
    })
  return (
    <section>
      <Heading>{words.erase}</Heading>
      <p>{words.eraseHint}</p>
      {requests.map((request) => (
        <Request key={request.id} request={request} put={put} />
      ))}
      {!running && (
        <>
          <label class="switch">
            <span>{words.eraseSure}</span>
            <input type="checkbox" checked={sure} onChange={() => setSure(!sure)} />
          </label>
          <button type="button" class="danger" aria-disabled={!sure} onClick={() => sure && ask()}>
            {words.eraseAsk}
          </button>
        </>
      )}
    </section>
  )
}

const stepWords: Record<DeletionStepName, keyof Words & `step${string}`> = {
  asked: 'stepAsked',
  'vendor-asked': 'stepVendorAsked',
  'studio-asked': 'stepStudioAsked',
  'relay-erased': 'stepRelayErased',
  withdrawn: 'stepWithdrawn',
}

function Request({ request, put }: { request: DeletionRequest; put(request: DeletionRequest): void }) {
  const { speech, call, act } = useWhole()
  const { words, say, day } = speech
  const { id, status, steps, beginsAt, dueAt } = request
  const withdraw = () =>
    act(async () => put(await call('DELETE /deletion-requests/:requestId', { params: { requestId: id } })))
  return (
    <div class="card">
      <ol class="steps">
        {steps.map(({ name, at }) => (
          <li key={name}>
            <span>{words.value[stepWords[name]]}</span>
            <time dateTime={at}>{day(at)}</time>
          </li>
        ))}
      </ol>
      {status === 'waiting' && <p class="hint">{say(words.value.eraseBegins, { day: day(beginsAt) })}</p>}
      {(status === 'waiting' || status === 'begun') && (
        <p class="hint">{say(words.value.eraseDue, { day: day(dueAt) })}</p>
      )}
      {status === 'waiting' && (
        <button type="button" class="plain" onClick={withdraw}>
          {words.value.withdraw}
        </button>
      )}
    </div>
  )
}

/** Only who has this key can have an anonymous player's tickets back, so it is shown on purpose and not before. */
function RecoveryKey() {
  const { speech, session } = useWhole()
  const words = speech.words.value
  const [shown, setShown] = useState(false)
  return (
    <section>
      <Heading>{words.recoveryKey}</Heading>
      <p>{words.recoveryKeep}</p>
      {shown ? (
        <output class="key">{session.recoveryKey()}</output>
      ) : (
        <button type="button" class="plain" onClick={() => setShown(true)}>
          {words.recoveryShow}
        </button>
      )}
    </section>
  )
}
