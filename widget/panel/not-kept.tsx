/** Stands under the word that a ticket has arrived, where the browser keeps nothing of whose it is. */
import { useMessaging } from './use-messaging.ts'

export function NotKept({ byEmail }: { byEmail: boolean }) {
  const { speech, router } = useMessaging()
  const words = speech.words.value
  return (
    <>
      {!byEmail && words.receivedUnkept}
      <button type="button" class="link" onClick={() => router.go({ view: 'privacy' })}>
        {words.privacy}
      </button>
    </>
  )
}
