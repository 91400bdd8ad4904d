/** Files: choosing them, watching them go, and having them on a message. */
import { useEffect, useState } from 'preact/hooks'
import type { Attachment } from '../../server/contract/attachment.ts'
import type { Chosen, Uploads } from '../state/uploads.ts'
import { Icon } from './icons.tsx'
import { useWhole } from './use-whole.ts'
import { useWriting } from './use-writing.ts'

/** @param small an icon beside the composer instead of a button with words. */
export function FilePicker({ uploads, label, small }: { uploads: Uploads; label: string; small?: boolean }) {
  const { game, pickFile, speech } = useWhole()
  const { words, say, size } = speech
  const limits = game.value?.attachments
  if (!limits) return null
  const choose = ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
    uploads.add(currentTarget.files ?? [])
    // The same file can then be chosen again.
    currentTarget.value = ''
  }
  if (pickFile) {
    return (
      <button type="button" class={small ? 'icon' : 'picker'} aria-label={label} onClick={pickFile}>
        <Icon name="clip" />
        {!small && label}
      </button>
    )
  }
  return (
    <label class={small ? 'icon' : 'plain picker'} title={small ? label : undefined}>
      <Icon name="clip" />
      <span class={small ? 'hidden' : ''}>
        {label}
        {!small && (
          <span class="hint">{say(words.value.filesHint, { n: limits.maxCount, size: size(limits.maxBytes) })}</span>
        )}
      </span>
      <input type="file" class="hidden" multiple accept={limits.types.join()} onChange={choose} />
    </label>
  )
}

export function FileList({ uploads }: { uploads: Uploads }) {
  const { speech, game } = useWhole()
  const limits = game.value?.attachments
  return (
    <ul class="files">
      {uploads.items.value.map((item) => (
        <ChosenFile key={item.key} item={item} uploads={uploads} />
      ))}
      {uploads.items.value.some(({ state }) => state === 'failed') && (
        <li class="wrong">{speech.words.value.filesFirst}</li>
      )}
      {uploads.tooMany.value && limits && (
        <li class="wrong" role="alert">
          {speech.say(speech.words.value.fileTooMany, { n: limits.maxCount })}
        </li>
      )}
    </ul>
  )
}

function ChosenFile({ item, uploads }: { item: Chosen; uploads: Uploads }) {
  const { speech } = useWhole()
  const { words, say } = speech
  const { key, file, state, progress } = item
  return (
    <li class="file">
      <Icon name={state === 'there' ? 'check' : 'file'} />
      <span class="name" dir="auto">
        {file.name}
      </span>
      <StateOf item={item} />
      {state === 'failed' && (
        <button type="button" class="link retry" onClick={() => uploads.retry(key)}>
          {words.value.tryAgain}
        </button>
      )}
      <button
        type="button"
        class="icon"
        aria-label={say(words.value.remove, { name: file.name })}
        onClick={() => uploads.remove(key)}
      >
        <Icon name="close" />
      </button>
      {state === 'moving' && <progress aria-label={file.name} value={progress} max={1} />}
    </li>
  )
}

function StateOf({ item }: { item: Chosen }) {
  const { speech, game } = useWhole()
  const { words, say, size, percent } = speech
  const limits = game.value?.attachments
  const texts: Record<Chosen['state'], string> = {
    moving: say(words.value.fileMoving, { percent: percent(item.progress) }),
    there: size(item.file.size),
    failed: words.value.fileFailed,
    'too-large': say(words.value.fileTooLarge, { size: limits ? size(limits.maxBytes) : '' }),
    'wrong-type': words.value.problems.type,
    refused: words.value.fileRefused,
  }
  const fine = item.state === 'moving' || item.state === 'there'
  return (
    <span class={fine ? 'said hint' : 'said wrong'} role={fine ? undefined : 'alert'}>
      {texts[item.state]}
    </span>
  )
}

/** A file on a message: a picture is shown, everything else has a name and is saved. */
export function Attached({ attachment }: { attachment: Attachment }) {
  const { speech, files, act } = useWriting()
  const { words, say, size } = speech
  const { fileName, state, fileSize } = attachment
  if (state !== 'ready') {
    const refused = state === 'refused'
    return (
      <span class="attached">
        <Icon name="file" />
        <span dir="auto">{fileName}</span>{' '}
        <span class={refused ? 'wrong' : 'hint'}>{refused ? words.value.fileRefused : words.value.fileChecking}</span>
      </span>
    )
  }
  return (
    <button
      type="button"
      class="attached"
      aria-label={say(words.value.saveFile, { name: fileName })}
      onClick={() => act(() => files.save(attachment))}
    >
      <Picture attachment={attachment} />
      <span dir="auto">{fileName}</span> <span class="hint">{size(fileSize)}</span>
    </button>
  )
}

const shownTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']
const shownUpToBytes = 8 * 2 ** 20

function Picture({ attachment }: { attachment: Attachment }) {
  const { files } = useWriting()
  const { id, fileType, fileSize } = attachment
  const [address, setAddress] = useState('')
  const shown = shownTypes.includes(fileType) && fileSize < shownUpToBytes
  useEffect(() => {
    if (shown) files.address(id).then(setAddress, () => {})
  }, [id, shown])
  return address ? <img src={address} alt="" /> : <Icon name="file" />
}
