/** What the widget weighs on the wire, measured on the built files. Fails when a limit is passed. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const folder = 'dist/widget'

interface Weighed {
  what: string
  /** The beginnings of file names: what is fetched together. */
  files: readonly string[]
  /** Bytes, gzip. */
  limit?: number
}

const parts: readonly Weighed[] = [
  { what: 'medkit.js, on every page', files: ['medkit.js'], limit: 1536 },
  {
    what: 'panel until a new player can write, with styles and English',
    files: ['assets/panel-'],
    limit: 24_576,
  },
  { what: '  once it stands: staying on the page', files: ['assets/stay-', 'assets/host-'] },
  { what: '  with a session: its tickets, fetched beside them', files: ['assets/ticket-list-'] },
  { what: '  then: the conversation, files, what else is sent', files: ['assets/messaging-'] },
  { what: '  then: the rest of English', files: ['assets/en-more-', 'assets/formats-'] },
  { what: '  with a session: live answers', files: ['assets/shared-stream-'] },
  { what: '  with a function for tokens: when it is called', files: ['assets/studio-calls-'] },
  { what: '  where the game asks for it: proof of work', files: ['assets/proof-'] },
  { what: '  with the first file: tus', files: ['assets/upload-', 'assets/browser-', 'assets/rolldown-runtime-'] },
  { what: '  with the first picture: drawing it anew', files: ['assets/picture-'] },
  { what: '  on demand: the player’s data', files: ['assets/privacy-'] },
  { what: '  on demand: sign-in', files: ['assets/sign-in-'] },
  { what: '  on demand: rating', files: ['assets/rating-'] },
  { what: '  on demand: tickets from before signing in', files: ['assets/earlier-tickets-'] },
  { what: '  on demand: game pad', files: ['assets/gamepad-'] },
  { what: '  on demand: doctor', files: ['assets/doctor-'] },
  { what: '  instead of English: German', files: ['assets/de-'] },
  { what: '  instead of English: Arabic', files: ['assets/ar-'] },
  { what: '  instead of English: Japanese', files: ['assets/ja-'] },
  { what: '  on the full page: who is signed in', files: ['assets/portal-'] },
  { what: 'full page, beside the panel', files: ['assets/index-'] },
]

const built = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
const mistakes: string[] = []

for (const { what, files, limit } of parts) {
  const found = built.filter((name) => files.some((start) => name.startsWith(start)))
  if (!found.length) mistakes.push(`${what}: no such file was built`)
  const bytes = found.reduce((sum, name) => sum + weight(name), 0)
  console.log(`${what.padEnd(60)}${String(bytes).padStart(7)}${limit ? ` of ${limit}` : ''}`)
  if (limit && bytes > limit) mistakes.push(`${what}: ${bytes} bytes, ${bytes - limit} more than its limit`)
}

const counted = parts.flatMap(({ files }) => files)
for (const name of built) {
  if (!name.includes('demo') && !counted.some((start) => name.startsWith(start)))
    mistakes.push(`${name} is counted nowhere`)
  if (/ZodError|invalid_union|\bzod\b/i.test(read(name))) mistakes.push(`${name} has zod in it`)
}
for (const mistake of mistakes) console.error(mistake)
process.exitCode = mistakes.length ? 1 : 0

function weight(name: string): number {
  return gzipSync(read(name), { level: 9 }).length
}

function read(name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}
