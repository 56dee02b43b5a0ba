import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { points, type Point } from './points.js'
import type { RandomKills } from './random-kills.js'
import type { TurnKills } from './turn-kills.js'
import { promises, type Promise_ } from './verdict.js'

export interface PointResult {
  readonly point: Point
  readonly kind: 'sqlite' | 'postgres'
  readonly holds: boolean
}

const titles = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const

/** What a run showed, as Markdown. */
export function report(
  results: readonly PointResult[],
  kills: readonly RandomKills[],
  turns: readonly TurnKills[],
): string {
  const order = (result: RandomKills): number => (result.kind === 'sqlite' ? 0 : 2) + Number(result.code)
  const ordered = kills.toSorted((a, b) => order(a) - order(b))
  const byKind = turns.toSorted((a, b) => Number(a.kind === 'postgres') - Number(b.kind === 'postgres'))
  return [machine([...ordered, ...byKind]), pointTable(results), killTable(ordered), turnTable(byKind)]
    .filter((part) => part !== '')
    .join('\n\n')
}

function machine(kills: readonly { readonly seed: number }[]): string {
  const model = cpus()[0]?.model.trim() ?? '?'
  const seeds = kills.map(({ seed }) => seed).join(', ')
  return (
    `${new Date().toISOString().slice(0, 10)} · ${cpus().length} cores (${model}) · Node ${process.versions.node} · ` +
    `${process.platform} · seeds ${seeds}`
  )
}

function pointTable(results: readonly PointResult[]): string {
  const names = points.filter((point) => results.some((result) => result.point === point))
  const cell = (point: Point, kind: PointResult['kind']): string => {
    const result = results.find((each) => each.point === point && each.kind === kind)
    return result === undefined ? '' : result.holds ? 'holds' : 'BROKEN'
  }
  return table(
    ['the process ends', 'what must hold, beside what always must', 'SQLite', 'PostgreSQL'],
    names.map((point) => [point.name, point.holds, cell(point, 'sqlite'), cell(point, 'postgres')]),
  )
}

function killTable(results: readonly RandomKills[]): string {
  const row = (name: string, of: (result: RandomKills) => string | number): string[] => [
    name,
    ...results.map((result) => String(of(result))),
  ]
  const kinds = Object.keys(promises) as Promise_[]
  return table(
    [
      '`kill -9` at random, under load',
      ...results.map(({ kind, code }) => `${titles[kind]}, ${code ? 'handlers in code' : 'rules'}`),
    ],
    [
      row('kills', ({ kills }) => kills),
      row('server processes', ({ kind }) => (kind === 'sqlite' ? 1 : 2)),
      row('minutes', ({ seconds }) => (seconds / 60).toFixed(1)),
      row('messages that customers wrote', ({ verdict }) => verdict.pushes),
      row('of them acknowledged', ({ verdict }) => verdict.acknowledged),
      row('messages that WeChat accepted', ({ verdict }) => verdict.accepted),
      row('sends in flight at a kill, now `unknown`', ({ verdict }) => verdict.unknown.length),
      row('of them, WeChat has', ({ verdict }) => verdict.unknownArrived),
      ...kinds.map((kind) =>
        row(`**${promises[kind]}**`, ({ verdict }) => `**${verdict.violations[kind].length}**`),
      ),
    ],
  )
}

function turnTable(results: readonly TurnKills[]): string {
  const row = (name: string, of: (result: TurnKills) => string | number): string[] => [
    name,
    ...results.map((result) => String(of(result))),
  ]
  return table(
    ['`kill -9` at random, while assistants answer', ...results.map(({ kind }) => titles[kind])],
    [
      row('kills', ({ kills }) => kills),
      row('minutes', ({ seconds }) => (seconds / 60).toFixed(1)),
      row('shards that moved to another process', ({ shardsMoved }) => shardsMoved),
      row('questions that customers wrote', ({ messages }) => messages),
      row('of them acknowledged', ({ acknowledged }) => acknowledged),
      row('turns', ({ turns }) => turns),
      row('of them answered', ({ answered }) => answered),
      row('given to people', ({ handedOff }) => handedOff),
      row('begun again, as a process ended', ({ begunAgain }) => begunAgain),
      row('taken by a person meanwhile', ({ takes }) => takes),
      row('**lost, answered twice or over a person, left waiting**', ({ broken }) => `**${broken.length}**`),
    ],
  )
}

/** A Markdown table as Prettier lays it out, texts to the left. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0 || head.length < 2) return ''
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join(
    '\n',
  )
}

/** Puts the report between the marks of a page. */
export function writeInto(file: string, text: string): void {
  const page = readFileSync(file, 'utf8')
  const marked = /(<!-- crash:start -->\n)[\s\S]*(\n<!-- crash:end -->)/
  if (!marked.test(page)) throw new Error(`${file} has no crash:start and crash:end marks`)
  writeFileSync(
    file,
    page.replace(marked, (_, start: string, end: string) => `${start}\n${text}\n${end}`),
  )
}
