/**
 * How long `kefu move` takes, and how much memory: a SQLite file with a year of a shop's messages goes to PostgreSQL.
 *
 *   node move.js [--messages 1000000]
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

const { values: options } = parseArgs({ options: { messages: { type: 'string', default: '1000000' } } })
const messages = Number(options.messages)
const folder = mkdtempSync(join(tmpdir(), 'kefu-move-'))
const file = join(folder, 'kefu.db')
const target = await ownDatabase()
try {
  const store = await openStore(pathToFileURL(file).href)
  await store.migrate()
  await fill(store, messages)
  await store.close()
  const loadBefore = loadAverage()
  const { seconds, peak, steps } = await move()
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

/** Runs the command as an operator does; the time of each step is taken from its lines. */
async function move() {
  const began = performance.now()
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../dist/server/cli.js', import.meta.url)), 'move'],
    {
      env: { PATH: process.env.PATH, DATA_DIR: folder, KEFU_MOVE_TO: target.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let peak = 0
  const first = new Map()
  child.stdout.setEncoding('utf8').on('data', (text) => {
    for (const [step] of text.matchAll(/(move|index|check)(?= )/g))
      if (!first.has(step)) first.set(step, performance.now())
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    peak = Math.max(peak, Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024)
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`kefu move ended with code ${code}`)
  const ends = [...first.entries(), ['end', performance.now()]]
  const steps = ends
    .slice(0, -1)
    .map(([step, at], i) => `${step} ${((ends[i + 1][1] - at) / 1000).toFixed(0)} s`)
    .join(', ')
  return { seconds: (performance.now() - began) / 1000, peak, steps }
}
