/**
 * The whole crash suite: `npm run crash -- [--kills 200] [--seed N] [--customers 24] [--kind sqlite|postgres]
 * [--points a,b | --no-points] [--write]`. Ends with 1 when something that is promised did not hold.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { storeKinds } from '../stores.js'
import { compile } from './compiled.js'
import { points } from './points.js'
import { randomKills, type RandomKills } from './random-kills.js'
import { report, writeInto, type PointResult } from './report.js'
import { runPoint } from './run-point.js'
import { broken } from './verdict.js'

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    kills: { ...text, default: '200' },
    seed: { ...text, default: String(Date.now() % 1_000_000) },
    customers: { ...text, default: '24' },
    kind: text,
    points: { ...text, default: '' },
    'no-points': { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const kinds = (await storeKinds()).filter((kind) => values.kind === undefined || values.kind === kind)
const only = values.points === '' ? undefined : values.points.split(',')
const say = (line: string): void => {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
}

const compiled = await compile()
const pointResults: PointResult[] = []
const killResults: RandomKills[] = []
const troubles: string[] = []

async function showPoints(kind: (typeof kinds)[number]): Promise<void> {
  const here = points.filter((point) => (point.only ?? kind) === kind && (only?.includes(point.name) ?? true))
  for (const point of here) {
    const problem = await runPoint(point, { compiled, kind }).then(
      () => undefined,
      (error: unknown) => String(error),
    )
    pointResults.push({ point, kind, holds: problem === undefined })
    if (problem !== undefined) troubles.push(`${kind} ${point.name}: ${problem}`)
    say(`${kind} ${point.name}: ${problem ?? 'holds'}`)
  }
}

async function showKills(kind: (typeof kinds)[number], code: boolean): Promise<void> {
  const name = `${kind}, ${code ? 'handlers in code' : 'rules'}`
  const result = await randomKills({
    compiled,
    kind,
    code,
    kills: Math.ceil(Number(values.kills) / 2),
    seed: Number(values.seed) + Number(code),
    customers: Number(values.customers),
    onKill: (killed) => {
      say(`${name}: ${killed} kills`)
    },
  })
  killResults.push(result)
  troubles.push(...broken(result.verdict).map((line) => `${name}: ${line}`))
  say(`${name}: ${broken(result.verdict).length} violations`)
}

// All at once: most of the time is spent waiting for a process to start.
await Promise.all(
  kinds.flatMap((kind) => [
    values['no-points'] ? Promise.resolve() : showPoints(kind),
    // Half of the kills with handlers in code.
    ...(Number(values.kills) > 0 ? [false, true].map((code) => showKills(kind, code)) : []),
  ]),
)
compiled.remove()

const page = report(pointResults, killResults)
process.stdout.write(`${page}\n`)
for (const trouble of troubles) say(`BROKEN ${trouble}`)
if (values.write) writeInto(fileURLToPath(new URL('../../docs/reliability.md', import.meta.url)), page)
process.exitCode = troubles.length > 0 ? 1 : 0
