/**
 * How the service stands with more and more kept: from its start to readiness, answers to pushes, what the desk
 * reads, memory. See README.md.
 *
 *   node growth.js [--sizes 10000,100000,1000000] [--databases sqlite,postgres] [--seconds 15] [--rate 200] [--write]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openStore } from '../modules/store/index.js'
import { fill } from './fill.js'
import { isThere, ownDatabase, server as postgres } from './postgres.js'
import { pushSteadily } from './steady-load.js'
import { loadAverage, table, writeInto } from './report.js'
import { KEY, percentile, start } from './start.js'
import { silent } from './subjects/rules.js'

/** What is promised of the largest size. */
const promises = { ackMs: 50, readyMs: 1000, megabytes: 200 }

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,100000,1000000' },
    databases: { type: 'string', default: 'sqlite,postgres' },
    seconds: { type: 'string', default: '15' },
    rate: { type: 'string', default: '200' },
    write: { type: 'boolean', default: false },
  },
})
const [seconds, rate] = [Number(options.seconds), Number(options.rate)]
const loadBefore = loadAverage()
const rows = []
for (const database of options.databases.split(',')) {
  if (database === 'postgres' && !(await isThere())) {
    console.error(`no PostgreSQL at ${postgres} (BENCH_POSTGRES): measured without it`)
    continue
  }
  for (const size of options.sizes.split(',').map(Number)) rows.push(await measure(database, size))
}
const text = [
  `${new Date().toISOString().slice(0, 10)} · ${cpus().length} cores (${cpus()[0].model.trim()}) · Node ${process.versions.node} · load average ` +
    `${loadBefore.toFixed(1)} before, ${loadAverage().toFixed(1)} after · ${rate} pushes/s for ${seconds} s · \`npm run --prefix bench growth\``,
  table(
    rows.map(({ cells }) => cells),
    2,
  ),
  ...rows.filter(({ largest }) => largest).map(({ kept }) => kept.join('\n')),
].join('\n\n')
console.log(text)
if (options.write) writeInto('growth', text)

async function measure(database, size) {
  const folder = mkdtempSync(join(tmpdir(), 'kefu-growth-'))
  const own = database === 'postgres' ? await ownDatabase() : undefined
  const url = own?.url ?? `file:${join(folder, 'kefu.db')}`
  try {
    // Filling has statements that take longer than any of the service’s.
    const store = await openStore(url, { silenceMs: 600_000 })
    await store.migrate()
    await fill(store, size)
    const definition = JSON.stringify(silent[0])
    await store.db
      .insertInto('rule')
      .values({ position: 0, name: 'silent', enabled: 1, definition })
      .execute()
    await store.close()
    const bytes = own ? undefined : statSync(join(folder, 'kefu.db')).size
    const service = await start({ DATA_DIR: folder, DATABASE_URL: url })
    try {
      return result(database, size, { bytes, service, ...(await use(service)) })
    } finally {
      await service.stop()
    }
  } finally {
    await own?.drop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Pushes come steadily while somebody reads at the desk: a page of the list and a page of a thread, in turns. */
async function use({ url, port, memory }) {
  const idle = memory('VmRSS')
  const [lists, threads] = [[], []]
  let reading = true
  const read = async (path, times) => {
    const began = performance.now()
    const headers = { Authorization: `Bearer ${KEY}`, 'X-Forwarded-For': `198.18.0.${times.length % 50}` }
    const answer = await fetch(`${url}/api/v1${path}`, { headers })
    const body = await answer.json()
    times.push(performance.now() - began)
    // Of the smallest size, those who write have reopened all that was closed.
    const mayBeEmpty = path.includes('status=closed')
    if (!answer.ok || (body.items.length === 0 && !mayBeEmpty))
      throw new Error(`${path} answered ${answer.status} with ${body.items?.length} items`)
    return body.items
  }
  const desk = (async () => {
    for (let turn = 0; reading; turn++) {
      const status = ['waiting', 'bot', 'closed'][turn % 3]
      const conversations = await read(`/conversations?status=${status}&limit=50`, lists)
      if (conversations.length > 0)
        await read(
          `/conversations/${conversations[turn % conversations.length].id}/messages?limit=50`,
          threads,
        )
      await wait(100)
    }
  })()
  const pushing = async () => {
    try {
      // The first second only warms up: a process that has just started.
      await pushSteadily({ port, rate, seconds: 1, first: 0 })
      return await pushSteadily({ port, rate, seconds, first: rate })
    } finally {
      reading = false
    }
  }
  const [acks] = await Promise.all([pushing(), desk])
  return { acks, lists, threads, idle, peak: memory('VmHWM') }
}

function result(database, size, { bytes, service, acks, lists, threads, idle, peak }) {
  const { readyMs } = service
  const ackMs = percentile(acks, 0.99)
  const largest = size === Math.max(...options.sizes.split(',').map(Number))
  const check = (what, value, most, unit) =>
    `- ${database}, ${count(size)} messages: ${what} = ${value.toFixed(0)} ${unit}, less than ${most}: ${value < most ? 'holds' : 'MISSED'}`
  return {
    largest,
    kept: [
      check('ack p99', ackMs, promises.ackMs, 'ms'),
      check('start to ready', readyMs, promises.readyMs, 'ms'),
      check('peak memory', peak, promises.megabytes, 'MB'),
    ],
    cells: {
      database: database === 'sqlite' ? 'SQLite' : 'PostgreSQL',
      messages: count(size),
      'file MB': bytes === undefined ? '' : (bytes / 1e6).toFixed(0),
      'start to ready ms': readyMs.toFixed(0),
      'ack p50 ms': percentile(acks, 0.5).toFixed(1),
      'ack p99 ms': ackMs.toFixed(1),
      'list p50 ms': percentile(lists, 0.5).toFixed(1),
      'list p95 ms': percentile(lists, 0.95).toFixed(1),
      'thread p50 ms': percentile(threads, 0.5).toFixed(1),
      'thread p95 ms': percentile(threads, 0.95).toFixed(1),
      'idle MB': idle.toFixed(0),
      'peak MB': peak.toFixed(0),
    },
  }
}

function count(size) {
  return size >= 1e6 ? `${size / 1e6} M` : `${size / 1000} k`
}
