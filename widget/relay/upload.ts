/** Moves a file's bytes; fetched with the first file, because most tickets have none. */
import type { DetailedError, Upload as TusUpload } from 'tus-js-client'
import type { Upload } from '../../server/contract/attachment.ts'
import { lazyImport } from '../lazy-import.ts'
import { type Credentials, forOne, RelayProblem } from './call.ts'
import { isReadable } from './readable.ts'

const fetchTus = lazyImport(() => import('tus-js-client'))

export interface SendParts {
  file: Blob
  upload: Upload
  relay: string
  credentials: Credentials
  onProgress(share: number): void
}

export interface Sending {
  /** Also when it was stopped. @throws RelayProblem `not_found`: the relay has dropped it; `too_large`; else `offline` */
  done: Promise<void>
  stop(): void
}

/** A line that brings nothing for so long is dead, as after a phone's sleep, whatever it says of itself. */
const silenceMs = 45_000

/** Resumes by itself through broken lines; `stop` leaves what was sent where it is. */
export function sendFile(parts: SendParts): Sending {
  return parts.upload.protocol === 'tus' ? sendByTus(parts, parts.upload.url) : sendByPut(parts, parts.upload)
}

/** The relay's file store: the upload exists already, so it is resumed from wherever it stands, at first from nought. */
function sendByTus({ file, relay, credentials, onProgress }: SendParts, url: string): Sending {
  const same = forOne(() => credentials.person?.())
  let running: TusUpload | undefined
  let stop = () => {}
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  const sent = async () => {
    const { Upload, defaultOptions } = await fetchTus()
    let bearer: string | undefined
    let isRenewed = false
    await new Promise<void>((resolve, reject) => {
      let heardAt = Date.now()
      const upload = new Upload(file, {
        uploadUrl: new URL(url, relay).href,
        storeFingerprintForResuming: false,
        // Small enough that a phone on a train gets ahead, and that progress is seen to move.
        chunkSize: 4 * 2 ** 20,
        retryDelays: [0, 1000, 3000, 10_000, 30_000, 60_000],
        async onBeforeRequest(request) {
          // To send what is not there any more would be tried for minutes.
          if (!(await isReadable(file))) {
            const gone = Error('the file is gone')
            upload.abort()
            reject(gone)
            throw gone
          }
          // What is stopped while it waits here is sent all the same: the next player's token is none for this file.
          bearer = same(await credentials.token())
          request.setHeader('Authorization', `Bearer ${bearer}`)
        },
        async onAfterResponse(_request, response) {
          const refused = response.getStatus() === 401 ? bearer : undefined
          isRenewed = refused !== undefined && !!(await credentials.renew(refused))
        },
        onShouldRetry: (error, retries, options) =>
          isRenewed || !!defaultOptions.onShouldRetry?.(error, retries, options),
        onProgress(sent, total) {
          heardAt = Date.now()
          onProgress(sent / total)
        },
        onSuccess: () => resolve(),
        onError: (error) => reject(problemOf(error)),
      })
      const watch = setInterval(() => {
        if (Date.now() - heardAt < silenceMs) return
        heardAt = Date.now()
        upload.abort().then(() => running && upload.start())
      }, 5000)
      const end = () => clearInterval(watch)
      stopped.then(end)
      running = upload
      upload.start()
    })
  }
  return {
    done: Promise.race([sent(), stopped]).finally(() => stop()),
    stop() {
      running?.abort()
      running = undefined
      stop()
    },
  }
}

function problemOf(error: Error | DetailedError): RelayProblem {
  const status = 'originalResponse' in error ? error.originalResponse?.getStatus() : undefined
  const codes = { 404: 'not_found', 410: 'not_found', 413: 'too_large', 401: 'session_ended' } as const
  const code = codes[status as keyof typeof codes] ?? 'offline'
  return new RelayProblem(code, {}, { cause: error })
}

/** A vendor's own store, by an address signed for this one file: it must not see the player's bearer. */
function sendByPut({ file, onProgress }: SendParts, upload: Extract<Upload, { protocol: 'put' }>): Sending {
  const request = new XMLHttpRequest()
  const done = new Promise<void>((resolve, reject) => {
    const fail = (cause: unknown) => reject(new RelayProblem('offline', {}, { cause }))
    request.open('PUT', upload.url)
    for (const [name, value] of Object.entries(upload.headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total)
    request.onload = () => (request.status < 300 ? resolve() : fail(request.status))
    request.onerror = fail
    request.onabort = () => resolve()
    request.send(file)
  })
  return { done, stop: () => request.abort() }
}
