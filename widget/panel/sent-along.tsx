/** What the studio's help desk was given beside the player's words, line by line, signed and told apart. */
import type { SentLine } from '../../server/contract/ticket.ts'
import type { Words } from '../words/en.ts'
import { useWhole, type Whole } from './context.ts'
import { Heading } from './screen.tsx'

export function SentAlong({ lines }: { lines: readonly SentLine[] }) {
  const words = useWhole().speech.words.value
  const of = (source: SentLine['source']) => lines.filter((line) => line.source === source)
  // In a log, what is opened would be read out as something new.
  return (
    <details class="also" aria-live="off">
      <summary>{words.sentAlong}</summary>
      <Lines title={words.sentSigned} lines={of('signed')} />
      <Lines title={words.sentClaimed} lines={of('claimed')} />
    </details>
  )
}

interface LinesProps {
  title: string
  hint?: string
  lines: readonly SentLine[]
}

/** Those of one origin, to be read. */
export function Lines({ title, hint, lines }: LinesProps) {
  const whole = useWhole()
  if (!lines.length) return null
  return (
    <>
      <Heading class="origin">{title}</Heading>
      {hint && <p class="hint">{hint}</p>}
      <dl>
        {lines.map((line) => (
          <div key={line.key + line.value}>
            <dt>{nameOf(line, whole)}</dt>
            <dd>
              <bdi>{shownValue(line, whole)}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </>
  )
}

/** What the relay and the device have names of their own for. */
const ours = {
  signed: { player: 'playerId', name: 'playerName', email: 'email', tier: 'tier', tags: 'tags' },
  claimed: {
    player: 'playerId',
    email: 'email',
    answerTo: 'email',
    language: 'ticketLanguage',
    category: 'about',
    browser: 'browser',
    os: 'os',
    screen: 'screen',
    locale: 'locale',
    timeZone: 'timeZone',
    page: 'page',
    breadcrumbs: 'breadcrumbs',
  },
} as const satisfies Record<SentLine['source'], Record<string, keyof Words>>

/** What the host page or the studio added stands under the name it gave; a question of the form under its own words. */
export function nameOf({ source, key }: Pick<SentLine, 'source' | 'key'>, { speech, game }: Whole): string {
  const known = new Map<string, keyof typeof speech.words.value>(Object.entries(ours[source])).get(key)
  const sentence = known && speech.words.value[known]
  if (typeof sentence === 'string') return sentence
  const asked = game.value?.form.categories.flatMap(({ fields }) => fields)
  const field = source === 'claimed' ? asked?.find(({ id }) => id === key) : undefined
  return field ? speech.label(field.label, game.value?.languages) : key
}

function shownValue({ source, key, value }: SentLine, { speech, game }: Whole): string {
  if (source === 'signed') return value
  // What a host page calls by that name need not be one.
  if (key === 'language' && game.value?.languages.some((code) => code === value)) return speech.languageName(value)
  const category = key === 'category' && game.value?.form.categories.find(({ id }) => id === value)
  return category ? speech.label(category.label, game.value?.languages) : value
}
