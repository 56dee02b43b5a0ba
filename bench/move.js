/**
 * How long `kefu move` takes, and how much memory: a SQLite file with a year of a shop's messages goes to PostgreSQL.
 *
 *   node move.js [--messages 1000000] [--kill-after 60,120]   seconds after which the first runs end with SIGKILL
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { openStore } from '../modules/store/index.js'
import { fill } from './fill.js'
import { ownDatabase } from './postgres.js'
import { loadAverage } from './report.js'

const { values: options } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    'kill-after': { type: 'string', default: '' },
  },
})
const messages = Number(options.messages)
const kills = options['kill-after'] === '' ? [] : options['kill-after'].split(',').map(Number)
const folder = mkdtempSync(join(tmpdir(), 'kefu-move-'))
const file = join(folder, 'kefu.db')
const target = await ownDatabase()
try {
  const store = await openStore(pathToFileURL(file).href)
  await store.migrate()
  await fill(store, messages)
  await store.close()
  const loadBefore = loadAverage()
  for (const seconds of kills) {
    await move(seconds)
    console.log(`ended with SIGKILL after ${seconds} s`)
  }
  const { seconds, peak, steps } = await move()
  await mustBeWhole()
  console.log(
    `${new Date().toISOString().slice(0, 10)} · ${cpus().length} cores (${cpus()[0].model.trim()}) · Node ${process.versions.node} · ` +
      `load average ${loadBefore.toFixed(1)} before, ${loadAverage().toFixed(1)} after\n` +
      `${messages} messages (${(statSync(file).size / 1e6).toFixed(0)} MB) moved in ${seconds.toFixed(0)} s, ` +
      `${Math.round(messages / seconds)} messages/s, peak memory ${peak.toFixed(0)} MB\n${steps}`,
  )
} finally {
  await target.drop()
  rmSync(folder, { recursive: true, force: true })
}

/** Counts for itself, beside the command's own check. Throws where a table has other rows. */
async function mustBeWhole() {
  const [from, to] = [await openStore(pathToFileURL(file).href), await openStore(target.url)]
  try {
    for (const table of ['push', 'message', 'feed', 'contact', 'conversation']) {
      const [there, here] = await Promise.all(
        [from, to].map(({ db }) =>
          db
            .selectFrom(table)
            .select((eb) => [eb.fn.countAll().as('rows'), eb.fn.sum(firstColumn(table)).as('sum')])
            .executeTakeFirstOrThrow(),
        ),
      )
      if (Number(there.rows) !== Number(here.rows) || Number(there.sum) !== Number(here.sum))
        throw new Error(`${table}: ${JSON.stringify([there, here])}`)
    }
  } finally {
    await from.close()
    await to.close()
  }
}

function firstColumn(table) {
  return table === 'feed' ? 'sequence' : 'id'
}

/** Runs the command as an operator does, to its end or for so long; the time of each step is taken from its lines. */
async function move(killAfter) {
  const began = performance.now()
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../dist/server/cli.js', import.meta.url)), 'move'],
    {
      env: { PATH: process.env.PATH, DATA_DIR: folder, KEFU_MOVE_TO: target.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const timer = killAfter && setTimeout(() => child.kill('SIGKILL'), killAfter * 1000)
  let peak = 0
  const first = new Map()
  child.stdout.setEncoding('utf8').on('data', (text) => {
    for (const [step] of text.matchAll(/(move|index|check)(?= )/g))
      if (!first.has(step)) first.set(step, performance.now())
    // It may have ended behind its last line.
    const status = child.exitCode === null && child.signalCode === null ? statusOf(child.pid) : ''
    peak = Math.max(peak, Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024)
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  if (killAfter !== undefined && child.signalCode !== 'SIGKILL')
    throw new Error(`kefu move ended before ${killAfter} s were over`)
  if (killAfter === undefined && code !== 0) throw new Error(`kefu move ended with code ${code}`)
  const ends = [...first.entries(), ['end', performance.now()]]
  const steps = ends
    .slice(0, -1)
    .map(([step, at], i) => `${step} ${((ends[i + 1][1] - at) / 1000).toFixed(0)} s`)
    .join(', ')
  return { seconds: (performance.now() - began) / 1000, peak, steps }
}

function statusOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}
