/**
 * Encrypted pushes per second, subject beside subject, in interleaved rounds. See README.md.
 *
 *   node bench.js [--rounds 3] [--seconds 5] [--warmup 1] [--connections 64]
 *                 [--quick] [--only kefu,hand-written] [--profile] [--profiles <folder>] [--write]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measure, profileFolder, startLoad } from './measure.js'
import { isThere, server } from './postgres.js'
import { sharesOf } from './profile.js'
import { loadAverage, report, writeInto } from './report.js'
import { idOf, subjects as all } from './subjects.js'
import { syncTime } from './sync-time.js'

// More than the fastest receiver takes, so that time ends a run and not the end of the prepared pushes.
const PUSHES_PER_SECOND = 30_000

const options = readOptions()
const { rounds, seconds, warmup, connections, only } = options
const withPostgres = await isThere()
if (!withPostgres) console.error(`no PostgreSQL at ${server} (BENCH_POSTGRES): measured without it`)
const subjects = all
  .filter(({ file }) => !only || only.includes(file))
  .filter(({ database }) => database !== 'postgres' || withPostgres)
const count = Math.ceil(PUSHES_PER_SECOND * (warmup + seconds))
const sync = syncTime()
const loadBefore = loadAverage()

const load = startLoad(connections)
const results = new Map(subjects.map((subject) => [idOf(subject), []]))
for (let round = 0; round < rounds; round++) {
  // Anew for each round, as receivers refuse an old timestamp.
  await load.ask('prepare', { first: round * count, count })
  for (const subject of subjects) results.get(idOf(subject)).push(await run(subject, `round ${round + 1}`))
}
const profiles = options.profile ? await profile() : new Map()
await load.stop()

const text = report(subjects, results, {
  command: `npm run --prefix bench bench${options.given ? ` -- ${options.given}` : ''}`,
  date: new Date().toISOString().slice(0, 10),
  loadBefore,
  sync,
  profiles,
})
console.log(text)
if (options.write) writeInto('bench', text)

async function run(subject, title, folder) {
  const result = await measure(subject, load, { warmup, seconds, profile: folder }).catch((error) => {
    throw new Error(`${idOf(subject)}: ${error.message}`, { cause: error })
  })
  const rates = `${Math.round(result.acks)} acks/s, ${Math.round(result.handled)} handled/s`
  console.error(`${title}  ${idOf(subject).padEnd(26)} ${rates}, ${Math.round(result.cpu)} µs`)
  return result
}

/** One more run of some subjects, under V8's profiler, which makes them slower: only the shares are taken from it. */
async function profile() {
  const folder = options.profiles ?? mkdtempSync(join(tmpdir(), 'kefu-bench-profiles-'))
  const shares = new Map()
  await load.ask('prepare', { first: rounds * count, count })
  for (const subject of subjects.filter(({ profiled }) => profiled || only)) {
    await run(subject, 'profile', folder)
    shares.set(idOf(subject), sharesOf(profileFolder(folder, subject)))
  }
  if (!options.profiles) rmSync(folder, { recursive: true })
  return shares
}

function readOptions() {
  const args = process.argv.slice(2)
  const text = { type: 'string' }
  const { values } = parseArgs({
    args,
    options: {
      rounds: text,
      seconds: text,
      warmup: text,
      connections: text,
      only: text,
      profile: { type: 'boolean', default: false },
      profiles: text,
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  })
  const standard = values.quick
    ? { rounds: 2, seconds: 1, warmup: 0.5 }
    : { rounds: 3, seconds: 5, warmup: 1 }
  return {
    rounds: Number(values.rounds ?? standard.rounds),
    seconds: Number(values.seconds ?? standard.seconds),
    warmup: Number(values.warmup ?? standard.warmup),
    connections: Number(values.connections ?? 64),
    only: values.only?.split(','),
    // The page shows where the time goes.
    profile: values.profile || values.profiles !== undefined || values.write,
    profiles: values.profiles,
    write: values.write,
    given: args.filter((arg) => arg !== '--write').join(' '),
  }
}
