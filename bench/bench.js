/**
 * Encrypted pushes per second, subject beside subject, in interleaved rounds. See README.md.
 *
 *   node bench.js [--rounds 5] [--seconds 2] [--warmup 1] [--connections 64]
 *                 [--quick] [--only kefu,hand-written] [--profile <folder>] [--write]
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { measure, startLoad } from './measure.js'
import { loadAverage, report, writeInto } from './report.js'
import { idOf, subjects as all } from './subjects.js'

// More than the fastest receiver takes, so that time ends a run and not the end of the prepared pushes.
const PUSHES_PER_SECOND = 40_000

const options = readOptions()
const { rounds, seconds, warmup, connections, only, profile } = options
const subjects = only ? all.filter(({ file }) => only.includes(file)) : all
const count = Math.ceil(PUSHES_PER_SECOND * (warmup + seconds))
const loadBefore = loadAverage()

const load = startLoad(connections)
const results = new Map(subjects.map((subject) => [idOf(subject), []]))
for (let round = 0; round < rounds; round++) {
  // Anew for each round, as receivers refuse an old timestamp.
  await load.ask('prepare', { first: round * count, count })
  for (const subject of subjects) {
    const result = await measure(subject, load, { warmup, seconds, profile }).catch((error) => {
      throw new Error(`${idOf(subject)}: ${error.message}`, { cause: error })
    })
    results.get(idOf(subject)).push(result)
    console.error(`round ${round + 1}  ${idOf(subject).padEnd(22)} ${Math.round(result.rate)}/s`)
  }
}
await load.stop()

const text = report(subjects, results, {
  command: `npm run --prefix bench bench${options.given ? ` -- ${options.given}` : ''}`,
  date: new Date().toISOString().slice(0, 10),
  loadBefore,
})
console.log(text)
if (options.write) writeInto(fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url)), text)

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
      profile: text,
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  })
  const standard = values.quick
    ? { rounds: 2, seconds: 1, warmup: 0.5 }
    : { rounds: 5, seconds: 2, warmup: 1 }
  return {
    rounds: Number(values.rounds ?? standard.rounds),
    seconds: Number(values.seconds ?? standard.seconds),
    warmup: Number(values.warmup ?? standard.warmup),
    connections: Number(values.connections ?? 64),
    only: values.only?.split(','),
    profile: values.profile,
    write: values.write,
    given: args.filter((arg) => arg !== '--write').join(' '),
  }
}
