/** What a process spent its time on, from the profile that Node wrote of it. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Profiler } from 'node:inspector'
import { join } from 'node:path'

export interface Share {
  what: string
  /** Of the time it worked: from 0 to 1. */
  share: number
}

/** By function name or place; the first that fits has it. */
const kinds: readonly [what: string, where: RegExp][] = [
  ['waiting', /^\(idle\)/],
  ['starting', /node:internal\/(modules|main|bootstrap)|node_modules\/amaro/],
  ['collecting garbage', /^\(garbage collector\)/],
  ['SQLite: transactions and their flush to the disk', /^exec .*server\/store\/sqlite\.ts/],
  ['SQLite: statements', /^run .*server\/store\/sqlite\.ts/],
  ['passing statements on', /server\/store\/|node_modules\/kysely/],
  [
    'HTTP',
    /node_modules\/(@hono|hono)\/|node:_?http|node:net|node:internal\/(streams|stream_base|deps\/undici)|listen\.ts/,
  ],
  ['who it is, how often, and what it says', /server\/(players|limits)|limited\.ts|node_modules\/(zod|jose|rate-)/],
  ['rows and answers', /\/server\//],
]

/** @param folder - where `--cpu-prof-dir` pointed; holds one profile */
export function sharesIn(folder: string): Share[] {
  const [file = ''] = readdirSync(folder)
  const spent = timeByKind(JSON.parse(readFileSync(join(folder, file), 'utf8')))
  for (const unasked of ['waiting', 'starting']) spent.delete(unasked)
  const all = [...spent.values()].reduce((sum, time) => sum + time, 0)
  return [...spent].map(([what, time]) => ({ what, share: time / all })).sort((a, b) => b.share - a.share)
}

function timeByKind({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<string, number> {
  const kindOf = new Map<number, string>()
  const byId = new Map(nodes.map((node) => [node.id, node]))
  /** Callers come first: what has no place of its own, such as a native function, counts for whoever called it. */
  function mark(node: Profiler.ProfileNode, caller: string): void {
    const kind = caller === 'starting' ? caller : (kindAt(node) ?? caller)
    kindOf.set(node.id, kind)
    for (const id of node.children ?? []) {
      const child = byId.get(id)
      if (child) mark(child, kind)
    }
  }
  const [root] = nodes
  if (root) mark(root, 'everything else')

  const spent = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const kind = kindOf.get(id) ?? 'everything else'
    spent.set(kind, (spent.get(kind) ?? 0) + (timeDeltas[index] ?? 0))
  }
  return spent
}

function kindAt({ callFrame: { functionName, url } }: Profiler.ProfileNode): string | undefined {
  const place = `${functionName} ${url}`
  return kinds.find(([, where]) => where.test(place))?.[0]
}
