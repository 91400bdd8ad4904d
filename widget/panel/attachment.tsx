/** Files: choosing them, watching them go, and having them on a message. */

import { signal } from '@preact/signals-core'
import type { Attachment, AttachmentReason } from '../../server/contract/attachment.ts'
import type { ChosenFile } from '../state/chosen-file.ts'
import type { Uploads } from '../state/uploads.ts'
import type { Words } from '../words/en.ts'
import { useKept, useWhole } from './context.ts'
import { Icon, paths } from './icons.tsx'
import { morePaths } from './more-icons.ts'
import { useMessaging } from './use-messaging.ts'

/** Those on a new ticket. */
export function NewFiles() {
  const { newFiles, speech } = useMessaging()
  return (
    <>
      <FileList uploads={newFiles} />
      <FilePicker uploads={newFiles} label={speech.words.value.addFiles} />
      <CameraPicker uploads={newFiles} />
    </>
  )
}

/** @param small an icon beside the composer instead of a button with words. */
export function FilePicker({ uploads, label, small }: { uploads: Uploads; label: string; small?: boolean }) {
  const { game, pickFile, speech } = useWhole()
  const { words, say, size } = speech
  const limits = game.value?.attachments
  const choice = useChoice(uploads, limits ? limits.types.join() : '')
  if (!limits) return null
  const hint = say(words.value.filesHint, { n: limits.maxCount, size: size(limits.maxBytes) })
  if (pickFile) {
    return (
      <button
        type="button"
        class={small ? 'icon' : 'plain picker'}
        aria-label={small ? label : undefined}
        onClick={pickFile}
      >
        <Icon path={morePaths.clip} />
        {!small && (
          <span>
            {label} <span class="hint">{hint}</span>
          </span>
        )}
      </button>
    )
  }
  return (
    <label class={small ? 'icon' : 'plain picker'} title={small ? `${label}: ${hint}` : undefined}>
      <Icon path={morePaths.clip} />
      <span class={small ? 'hidden' : ''}>
        {label} <span class="hint">{hint}</span>
      </span>
      <input type="file" class="hidden" multiple {...choice} />
    </label>
  )
}

/** Straight to the camera, on devices that are held in the hand: some webviews never offer it of their own accord. */
function CameraPicker({ uploads }: { uploads: Uploads }) {
  const { game, pickFile, speech } = useWhole()
  const { types } = game.value?.attachments || { types: [] }
  const choice = useChoice(uploads, 'image/*')
  const takesPhotos = types.some((type) => type.startsWith('image/'))
  if (!takesPhotos || pickFile || !matchMedia('(pointer: coarse)').matches) return null
  return (
    <label class="plain picker">
      <Icon path={morePaths.camera} />
      {speech.words.value.takePhoto}
      <input type="file" class="hidden" capture="environment" {...choice} />
    </label>
  )
}

/** Where nothing was chosen the first time, the next goes without `accept`: some webviews then show no file at all. */
function useChoice(uploads: Uploads, accept: string) {
  const inVain = useKept(() => signal(false))
  const setInVain = (value: boolean) => {
    inVain.value = value
  }
  return {
    ...(!inVain.value && { accept }),
    // Only once the chooser has been asked for.
    onClick: () => setTimeout(() => setInVain(true)),
    onChange({ currentTarget }: { currentTarget: HTMLInputElement }) {
      setInVain(false)
      uploads.add(currentTarget.files ?? [])
      // The same file can then be chosen again.
      currentTarget.value = ''
    },
  }
}

export function FileList({ uploads }: { uploads: Uploads }) {
  const { speech, game } = useWhole()
  const { filesFirst, filesRemove } = speech.words.value
  const limits = game.value?.attachments
  const wrong = uploads.items.value.filter(({ state }) => isWrong(state))
  return (
    <ul class="files">
      {uploads.items.value.map((item) => (
        <FileRow key={item.key} item={item} uploads={uploads} />
      ))}
      {wrong.length > 0 && (
        <li class="wrong">{wrong.some(({ state }) => state === 'failed') ? filesFirst : filesRemove}</li>
      )}
      {uploads.tooMany.value && limits && (
        <li class="wrong" role="alert">
          {speech.say(speech.words.value.fileTooMany, { n: limits.maxCount })}
        </li>
      )}
    </ul>
  )
}

const isWrong = (state: ChosenFile['state']) => !['preparing', 'moving', 'there'].includes(state)

function FileRow({ item, uploads }: { item: ChosenFile; uploads: Uploads }) {
  const { speech } = useWhole()
  const { words, say } = speech
  const { key, name, state, progress, original } = item
  return (
    <li class="file">
      <Icon path={state === 'there' ? paths.check : morePaths.file} />
      <span class="name" dir="auto">
        {name}
      </span>
      <StateOf item={item} />
      {state === 'failed' ? (
        <button type="button" class="link undecided" onClick={() => uploads.retry(key)}>
          {words.value.tryAgain}
        </button>
      ) : (
        original && (
          <button type="button" class="link" onClick={() => uploads.sendOriginal(key)}>
            {words.value.sendOriginal}
          </button>
        )
      )}
      <button
        type="button"
        class={isWrong(state) ? 'icon undecided' : 'icon'}
        aria-label={say(words.value.remove, { name })}
        onClick={() => uploads.remove(key)}
      >
        <Icon path={paths.close} />
      </button>
      {state === 'moving' && <progress aria-label={name} value={progress} max={1} />}
    </li>
  )
}

function StateOf({ item }: { item: ChosenFile }) {
  const { speech, game } = useWhole()
  const { words, say, size, percent } = speech
  const { state, code, reason, original } = item
  const limits = game.value?.attachments
  const why = code && code !== 'offline' ? `. ${speech.problem(code)}` : ''
  const texts: Record<ChosenFile['state'], string> = {
    preparing: words.value.filePreparing,
    moving: say(words.value.fileMoving, { percent: percent(item.progress) }),
    there: size(item.size),
    failed: words.value.fileFailed + why,
    empty: words.value.fileEmpty,
    gone: words.value.fileGone,
    'too-large': say(words.value.fileTooLarge, { size: limits ? size(limits.maxBytes) : '' }),
    'wrong-type': words.value.problems.type,
    refused: refusal(words.value, reason),
  }
  const fine = !isWrong(state)
  return (
    <span class={fine ? 'said hint' : 'said wrong'} role={fine ? undefined : 'alert'}>
      {texts[state]}
      {fine && original && ` · ${words.value.fileLightened}`}
    </span>
  )
}

function refusal({ fileRefused, fileReasons }: Words, reason: AttachmentReason | undefined): string {
  return reason ? fileReasons[reason] : fileRefused
}

/** A file on a message: a picture is shown, everything else has a name and is saved. */
export function Attached({ attachment }: { attachment: Attachment }) {
  const { speech, files, act } = useMessaging()
  const { words, say, size } = speech
  const { fileName, state, fileSize, reason } = attachment
  if (state !== 'ready') {
    const refused = state === 'refused'
    return (
      <span class="attached">
        <Icon path={morePaths.file} />
        <span dir="auto">{fileName}</span>{' '}
        <span class={refused ? 'wrong' : 'hint'}>
          {refused ? refusal(words.value, reason) : words.value.fileChecking}
        </span>
      </span>
    )
  }
  return (
    <button
      type="button"
      class="attached"
      aria-label={say(words.value.saveFile, { name: `${fileName} ${size(fileSize)}` })}
      onClick={() => act(() => files.save(attachment))}
    >
      <Picture attachment={attachment} />
      <span dir="auto">{fileName}</span> <span class="hint">{size(fileSize)}</span>
    </button>
  )
}

const shownTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']
const shownUpToBytes = 8 * 2 ** 20

/** @returns stops looking out. */
function whenSeen(place: Element, run: () => void): () => void {
  const watch = new IntersectionObserver((seen) => {
    if (!seen.some(({ isIntersecting }) => isIntersecting)) return
    watch.disconnect()
    run()
  })
  watch.observe(place)
  return () => watch.disconnect()
}

/** Fetched once it comes into view: a long conversation may hold a hundred. */
function Picture({ attachment }: { attachment: Attachment }) {
  const { files } = useMessaging()
  const { fileType, fileSize } = attachment
  const { address, appear } = useKept(() => {
    const address = signal('')
    const show = (found: string) => {
      address.value = found
    }
    const appear = (place: Element | null) => {
      if (place) return whenSeen(place, () => files.address(attachment).then(show, () => {}))
    }
    return { address, appear }
  })
  const forget = () => {
    address.value = ''
  }
  const shown = shownTypes.includes(fileType) && fileSize < shownUpToBytes
  return (
    <span {...(shown && { ref: appear })} class={address.value ? 'picture shown' : 'picture'}>
      {address.value ? <img src={address.value} alt="" onError={forget} /> : <Icon path={morePaths.file} />}
    </span>
  )
}
