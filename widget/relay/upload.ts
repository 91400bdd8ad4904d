/** Moves a file's bytes; fetched with the first file, because most tickets have none. */
import type { Upload as TusUpload } from 'tus-js-client'
import type { Upload } from '../../server/contract/attachment.ts'
import type { Identity } from './call.ts'

export interface SendParts {
  file: File
  upload: Upload
  relay: string
  identity: Identity
  onProgress(share: number): void
}

export interface Sending {
  done: Promise<void>
  stop(): void
}

/** Resumes by itself through broken lines; `stop` leaves what was sent where it is. */
export function sendFile(parts: SendParts): Sending {
  return parts.upload.protocol === 'tus' ? sendByTus(parts, parts.upload.url) : sendByPut(parts, parts.upload)
}

/** The relay's file store: the upload exists already, so it is resumed from wherever it stands, at first from nought. */
function sendByTus({ file, relay, identity, onProgress }: SendParts, url: string): Sending {
  let running: TusUpload | undefined
  let stopped = false
  const done = import('tus-js-client').then(
    ({ Upload }) =>
      new Promise<void>((resolve, reject) => {
        if (stopped) return
        running = new Upload(file, {
          uploadUrl: new URL(url, relay).href,
          storeFingerprintForResuming: false,
          // Small enough that a phone on a train gets ahead, and that progress is seen to move.
          chunkSize: 4 * 2 ** 20,
          retryDelays: [0, 1000, 3000, 10_000, 30_000, 60_000],
          async onBeforeRequest(request) {
            request.setHeader('Authorization', `Bearer ${await identity.token()}`)
          },
          onProgress: (sent, total) => onProgress(sent / total),
          onSuccess: () => resolve(),
          onError: reject,
        })
        running.start()
      }),
  )
  return {
    done,
    stop() {
      stopped = true
      running?.abort()
    },
  }
}

/** A vendor's own store, by an address signed for this one file: it must not see the player's bearer. */
function sendByPut({ file, onProgress }: SendParts, upload: Extract<Upload, { protocol: 'put' }>): Sending {
  const request = new XMLHttpRequest()
  const done = new Promise<void>((resolve, reject) => {
    request.open('PUT', upload.url)
    for (const [name, value] of Object.entries(upload.headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total)
    request.onload = () => (request.status < 300 ? resolve() : reject(Error(`PUT answered ${request.status}`)))
    request.onerror = () => reject(Error('PUT failed'))
    request.send(file)
  })
  return { done, stop: () => request.abort() }
}
