/**
 * Where a subject's CPU time goes, from a profile of V8 (`--cpu-prof`): each sample counts for the part of the way
 * that the innermost known frame belongs to.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The parts in the order in which a push meets them, and the files and functions that are theirs. */
const parts = [
  ['garbage collection', /^\(garbage collector\)/],
  ['the reply: undici, api', /node_modules\/undici\/|modules\/api\//],
  ['outbox', /modules\/conversation\/outgoing/],
  [
    'insert and commit of pushes',
    /modules\/store\/push-log|modules\/store\/batch|modules\/conversation\/incoming\/inbox/,
  ],
  ['bot, rules', /modules\/(bot|rules)\//],
  ['handling', /modules\/(conversation|store)\/|kysely\/dist|dist\/esm\/|node_modules\/pg/],
  ['signature, decryption', /modules\/wechat\/(crypto|signature)|internal\/crypto\//],
  ['parsing', /modules\/wechat\/|querystring/],
  ['metrics', /prom-client|modules\/server\/(observed|metrics)/],
  [
    'http, Koa',
    /node:(_http|http|net|events|internal\/(http|streams|stream_base|net|timers))|node_modules\/|modules\/(webhook|server)\/|subjects\//,
  ],
]
const inSqlite = 'SQLite, in its thread'
const rest = 'Node.js itself'
const names = [...parts.map(([name]) => name), inSqlite, rest]

/** The shares of a process's profiles by part: each of its threads has a file in the folder. */
export function sharesOf(folder) {
  const times = new Map(names.map((name) => [name, 0]))
  for (const file of readdirSync(folder))
    addTimes(times, JSON.parse(readFileSync(join(folder, file), 'utf8')))
  const total = [...times.values()].reduce((sum, time) => sum + time, 0)
  return new Map([...times].map(([name, time]) => [name, time / total]))
}

function addTimes(times, { nodes, samples, timeDeltas }) {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const sqlite = nodes.some(({ callFrame }) => callFrame.url.endsWith('sqlite-thread.js'))
  const partOf = new Map(nodes.map((node) => [node.id, findPart(node)]))
  samples.forEach((id, i) => {
    const part = partOf.get(id)
    if (part !== undefined) times.set(part, times.get(part) + timeDeltas[i])
  })

  /** Undefined for idle time, and for what only starts the process. */
  function findPart(node) {
    if (node.callFrame.functionName === '(idle)') return undefined
    let part
    for (let id = node.id; id !== undefined; id = parents.get(id)) {
      const { functionName, url } = byId.get(id).callFrame
      if (/modules\/(cjs|esm|run_main)|internal\/bootstrap/.test(url)) return undefined
      part ??= parts.find(([, mine]) => mine.test(`${functionName} ${url}`) || mine.test(functionName))?.[0]
    }
    return sqlite ? inSqlite : (part ?? rest)
  }
}

export const partNames = names
