/**
 * The whole crash suite: `npm run crash -- [--kills 200] [--turn-kills 100] [--minutes 60] [--seed N] [--customers 24]
 * [--kind sqlite|postgres] [--points a,b | --no-points] [--write]`: on each database all named points, and so many
 * kills at random, under rules and code, and while assistants answer. Ends with 1 when something that is promised did not hold.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { storeKinds } from '../stores.js'
import { compile } from './compiled.js'
import { points } from './points.js'
import { randomKills, type RandomKills } from './random-kills.js'
import { report, writeInto, type PointResult } from './report.js'
import { runPoint } from './run-point.js'
import { turnKills, type TurnKills } from './turn-kills.js'
import { broken } from './verdict.js'

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    kills: { ...text, default: '200' },
    'turn-kills': { ...text, default: '100' },
    minutes: { ...text, default: '60' },
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
const turnResults: TurnKills[] = []
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
    until,
    onKill: (killed) => {
      if (killed % 5 === 0) say(`${name}: ${killed} kills`)
    },
  })
  killResults.push(result)
  troubles.push(...broken(result.verdict).map((line) => `${name}: ${line}`))
  say(`${name}: ${broken(result.verdict).length} violations`)
}

async function showTurns(kind: (typeof kinds)[number]): Promise<void> {
  const name = `${kind}, assistants`
  const result = await turnKills({
    compiled,
    kind,
    kills: Number(values['turn-kills']),
    seed: Number(values.seed),
    customers: Math.ceil(Number(values.customers) / 2),
    until,
    onKill: (killed) => {
      if (killed % 5 === 0) say(`${name}: ${killed} kills`)
    },
  })
  turnResults.push(result)
  troubles.push(...result.broken.map((line) => `${name}: ${line}`))
  say(`${name}: ${result.broken.length} violations`)
}

const until = Date.now() + Number(values.minutes) * 60_000
const parts: Promise<void>[] = []
// The databases at once, and handlers in code beside rules: most of the time is spent waiting for a process to start.
for (const kind of kinds) {
  if (!values['no-points']) parts.push(showPoints(kind))
  if (Number(values.kills) > 0) parts.push(showKills(kind, false), showKills(kind, true))
  if (Number(values['turn-kills']) > 0) parts.push(showTurns(kind))
}
for (const part of parts)
  await part.catch((error: unknown) => {
    troubles.push(String(error))
  })
compiled.remove()

const page = report(pointResults, killResults, turnResults)
process.stdout.write(`${page}\n`)
for (const trouble of troubles) say(`BROKEN ${trouble}`)
if (values.write) writeInto(fileURLToPath(new URL('../../docs/reliability.md', import.meta.url)), page)
process.exitCode = troubles.length > 0 ? 1 : 0
