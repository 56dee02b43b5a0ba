/**
 * Where a subject's CPU time goes, from a profile of V8 (`--cpu-prof`): each sample counts for the part of the way
 * that the innermost known frame belongs to.
 */
import { readFileSync } from 'node:fs'

/** The parts in the order in which a push meets them, and the files and functions that are theirs. */
const parts = [
  ['garbage collection', /^\(garbage collector\)/],
  ['the reply: undici, api', /node_modules\/undici\/|dist\/api\//],
  ['outbox', /dist\/conversation\/outbox/],
  [
    'insert and commit of pushes',
    /dist\/store\/(sqlite|postgres)-push-log|dist\/store\/batch|dist\/conversation\/inbox/,
  ],
  ['bot, rules', /dist\/(bot|rules)\//],
  ['handling', /dist\/(conversation|store)\/(?!sqlite\.)|kysely\/dist|dist\/esm\/|node_modules\/pg/],
  ['signature, decryption', /dist\/wechat\/(crypto|signature)|internal\/crypto\//],
  ['parsing', /dist\/wechat\/|querystring/],
  ['metrics', /prom-client|dist\/server\/(observed|metrics)/],
  [
    'http, Koa',
    /node:(_http|http|net|events|internal\/(http|streams|stream_base|net|timers))|node_modules\/(?!libsql)|dist\/(webhook|server)\/|subjects\//,
  ],
]
const inSqlite = 'handling: inside SQLite'
const rest = 'Node.js itself'
const names = [...parts.map(([name]) => name), inSqlite, rest]

/** The shares of a profile by part, and what a push costs in microseconds there when told how much in all. */
export function sharesOf(file) {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const partOf = new Map(nodes.map((node) => [node.id, findPart(node)]))
  const times = new Map(names.map((name) => [name, 0]))
  let total = 0
  samples.forEach((id, i) => {
    const part = partOf.get(id)
    if (part === undefined) return
    times.set(part, times.get(part) + timeDeltas[i])
    total += timeDeltas[i]
  })
  return new Map([...times].map(([name, time]) => [name, time / total]))

  /** Undefined for idle time, and for what only starts the process. */
  function findPart(node) {
    if (node.callFrame.functionName === '(idle)') return undefined
    let sqlite = false
    for (let id = node.id; id !== undefined; id = parents.get(id)) {
      const { functionName, url } = byId.get(id).callFrame
      if (/modules\/(cjs|esm|run_main)|internal\/bootstrap/.test(url)) return undefined
      const found = parts.find(([, mine]) => mine.test(`${functionName} ${url}`) || mine.test(functionName))
      if (found) return found[0] === 'handling' && sqlite ? inSqlite : found[0]
      sqlite ||= url.includes('libsql')
    }
    return rest
  }
}

export const partNames = names
