/** What is held on the player, to take along or to have erased, with every step dated. */

import { signal } from '@preact/signals-core'
import type { DeletionRequest, DeletionStepName } from '../../server/contract/deletion.ts'
import type { PlayerExport } from '../../server/contract/export.ts'
import type { Words } from '../words/en.ts'
import { useKept, useWhole, type Whole } from './context.ts'
import { Copy } from './copy-button.tsx'
import { Heading, Screen } from './screen.tsx'

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
  const answer = useKept(() => {
    const answer = signal<PlayerExport>()
    act(async () => {
      answer.value = await call('GET /export')
    })
    return answer
  })
  const held = answer.value
  return (
    <section>
      <Heading>{words.value.held}</Heading>
      <p role="status">
        {held
          ? `${say(words.value.heldTickets, { n: held.tickets.length })} · ${say(words.value.heldFiles, { n: held.attachments.length })}`
          : words.value.loading}
      </p>
      {held && (
        <button
          type="button"
          class="plain"
          onClick={() => save(held, `${held.player.game}-${held.exportedAt.slice(0, 10)}`)}
        >
          {words.value.download}
        </button>
      )}
    </section>
  )
}

function save(content: unknown, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 2)], { type: 'application/json' }))
  link.download = `${name}.json`
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

function Erasure() {
  const support = useWhole()
  const { sure, requests, put, ask, follow } = useKept(() => createErasure(support))
  const words = support.speech.words.value
  const running = requests.value.some(({ status }) => status === 'waiting' || status === 'begun')
  const flip = () => {
    sure.value = !sure.value
  }
  return (
    <section ref={follow}>
      <Heading>{words.erase}</Heading>
      <p>{words.eraseHint}</p>
      {requests.value.map((request) => (
        <Request key={request.id} request={request} put={put} />
      ))}
      {!running && (
        <>
          <label class="switch">
            <span>{words.eraseSure}</span>
            <input type="checkbox" checked={sure.value} onChange={flip} />
          </label>
          <button type="button" class="danger" aria-disabled={!sure.value} onClick={() => sure.value && ask()}>
            {words.eraseAsk}
          </button>
        </>
      )}
    </section>
  )
}

function createErasure({ call, act, onRelayEvent }: Whole) {
  const sure = signal(false)
  const requests = signal<readonly DeletionRequest[]>([])
  const put = (request: DeletionRequest) => {
    requests.value = [request, ...requests.value.filter(({ id }) => id !== request.id)]
  }
  act(async () => {
    const { items } = await call('GET /deletion-requests')
    // What was asked or told meanwhile is newer than the list.
    const newer = requests.value
    requests.value = [...newer, ...items.filter(({ id }) => !newer.some((one) => one.id === id))]
  })
  return {
    sure,
    requests,
    put,
    ask: () =>
      act(async () => {
        put(await call('POST /deletion-requests', { body: { confirm: true } }))
        sure.value = false
      }),
    /** As long as the view stands. */
    follow: () =>
      onRelayEvent((event) => {
        if (event.type === 'deletion-changed') put(event.data.request)
      }),
  }
}

const stepWords: Record<DeletionStepName, keyof Words & `step${string}`> = {
  asked: 'stepAsked',
  'vendor-asked': 'stepVendorAsked',
  'studio-asked': 'stepStudioAsked',
  'operator-told': 'stepOperatorTold',
  'relay-erased': 'stepRelayErased',
  withdrawn: 'stepWithdrawn',
}

function Request({ request, put }: { request: DeletionRequest; put(request: DeletionRequest): void }) {
  const { speech, call, act } = useWhole()
  const { words, say, day } = speech
  const { id, status, steps, beginsAt, dueAt } = request
  const params = { requestId: id }
  const withdraw = () => act(async () => put(await call('DELETE /deletion-requests/:requestId', { params })))
  const saveReceipt = () =>
    act(async () => {
      const signed = await call('GET /deletion-requests/:requestId/receipt', { params })
      save(signed, `${signed.receipt.game.key}-erasure-${signed.receipt.doneAt.slice(0, 10)}`)
    })
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
      {status === 'done' && (
        <button type="button" class="plain" onClick={saveReceipt}>
          {words.value.saveReceipt}
        </button>
      )}
    </div>
  )
}

/**
 * Only who has such a key can have an anonymous player's tickets back, so it is made on purpose and not before. It is not
 * the one that lies on this device, which is replaced whenever it is used and ends with signing out.
 */
function RecoveryKey() {
  const support = useWhole()
  const { key, show } = useKept(() => createKeptKey(support))
  const words = support.speech.words.value
  return (
    <section>
      <Heading>{words.recoveryKey}</Heading>
      <p>{words.recoveryKeep}</p>
      {key.value ? (
        <>
          <output class="key" dir="ltr">
            {key.value}
          </output>
          <Copy text={key.value} />
        </>
      ) : (
        <button type="button" class="plain" onClick={show}>
          {words.recoveryShow}
        </button>
      )}
    </section>
  )
}

function createKeptKey({ call, act }: Whole) {
  const key = signal('')
  let isAsked = false
  return {
    key,
    /** Once at a time: a further one would end the one that is shown. */
    async show() {
      if (isAsked) return
      isAsked = true
      await act(async () => {
        key.value = (await call('POST /recovery-keys')).recoveryKey
      })
      isAsked = false
    },
  }
}
