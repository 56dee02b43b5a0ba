/**
 * What `kefu start` costs until /readyz answers 200 for the first time, on a database that is there and empty, beside
 * what Node itself costs (`node -e 0`). The CPU time is that of all threads of the process.
 *
 *   node cold-start.js [--rounds 10] [--node <a node>]… [--entry <another cli.js>] [--write]
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadAverage, writeInto } from './report.js'
import { freePort, percentile } from './start.js'

/** At most so many times the CPU time of Node itself. */
const mostTimes = (major) => (major >= 22 ? 5 : 7)

const text = { type: 'string' }
const { values } = parseArgs({
  options: {
    rounds: text,
    node: { ...text, multiple: true, default: [process.execPath] },
    entry: text,
    write: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds ?? 10)
const entry = values.entry ?? fileURLToPath(new URL('../dist/server/cli.js', import.meta.url))
// Nothing else of the environment: a file of certificates, for one, costs Node 20 twice what it costs without.
const { PATH, NODE_DISABLE_COMPILE_CACHE } = process.env
const environment = { PATH, ...(NODE_DISABLE_COMPILE_CACHE && { NODE_DISABLE_COMPILE_CACHE }) }

const parts = []
for (const node of values.node) parts.push(report(node, loadAverage(), await measure(node)))
console.log(parts.join('\n'))
if (values.write) writeInto('cold-start', parts.join('\n'))

async function measure(node) {
  const folder = mkdtempSync(join(tmpdir(), 'kefu-bench-start-'))
  const results = { bare: [], cpu: [], wall: [], memory: [] }
  try {
    await start(node, folder) // makes the database, and what is kept for later starts
    for (let round = 0; round < rounds; round++) {
      results.bare.push(bare(node))
      const { cpu, wall, memory } = await start(node, folder)
      results.cpu.push(cpu)
      results.wall.push(wall)
      results.memory.push(memory)
    }
    return results
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function report(node, loadBefore, results) {
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()
  const most = mostTimes(Number(/\d+/.exec(version)))
  const median = (times) => percentile(times, 0.5)
  const ratio = median(results.cpu.map((cpu, i) => cpu / results.bare[i]))
  const row = (name, key, unit) =>
    `| ${name} | ${median(results[key]).toFixed(0)} ${unit} | ${Math.min(...results[key]).toFixed(0)} ${unit} |`
  return `${new Date().toISOString().slice(0, 10)} · Node ${version.slice(1)} · ${rounds} starts · load average ${loadBefore.toFixed(1)} before, ${loadAverage().toFixed(1)} after

| to the first 200 of /readyz | median | least |
| --- | ---: | ---: |
${row('`node -e 0`, CPU', 'bare', 'ms')}
${row('`kefu start`, CPU', 'cpu', 'ms')}
${row('`kefu start`, wall time', 'wall', 'ms')}
${row('`kefu start`, memory', 'memory', 'MB')}

- kefu start : node -e 0, CPU = ${ratio.toFixed(1)}, at most ${most}: ${ratio <= most ? 'holds' : 'MISSED'}
`
}

/** Milliseconds of CPU that Node takes for nothing. */
function bare(node) {
  const code = "const {user,system}=process.cpuUsage();require('fs').writeSync(1,String(user+system))"
  return Number(spawnSync(node, ['-e', code], { encoding: 'utf8', env: {} }).stdout) / 1000
}

async function start(node, folder) {
  const port = await freePort()
  const began = performance.now()
  const child = spawn(node, [entry, 'start'], {
    env: { ...environment, HOME: folder, PORT: String(port), DATA_DIR: folder, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  try {
    while (!(await isReady(port))) {
      if (child.exitCode !== null) throw new Error(`kefu start ended with code ${child.exitCode}`)
      await wait(5)
    }
    return { cpu: cpuOf(child.pid), wall: performance.now() - began, memory: memoryOf(child.pid) }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

function isReady(port) {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  )
}

/** Milliseconds, of all threads. */
function cpuOf(pid) {
  const tasks = `/proc/${pid}/task`
  const nanoseconds = readdirSync(tasks).map((task) =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6
}

function memoryOf(pid) {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
}
