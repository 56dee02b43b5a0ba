/** Writes what was measured: a table of medians and of ratios paired by round. */
import { cpus, loadavg } from 'node:os'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { partNames } from './profile.js'
import { idOf, promises } from './subjects.js'

/** `results` maps a subject's id to its rounds, in order; `profiles` a profiled subject's id to its shares. */
export function report(subjects, results, { command, date, loadBefore, sync, profiles }) {
  return [
    machine(results, { command, date, loadBefore, sync }),
    table(
      subjects.map((subject) => row(subject, results)),
      2,
    ),
    kept(results),
    ...(profiles.size > 0 ? [profileTable(subjects, results, profiles)] : []),
  ].join('\n\n')
}

function machine(results, { command, date, loadBefore, sync }) {
  const [{ model }] = cpus()
  const leastBusy = Math.min(...[...results.values()].flat().map(({ busy }) => busy))
  return (
    `${date} · ${cpus().length} cores (${model.trim()}) · Node ${process.versions.node} · ${process.platform} · ` +
    `load average ${loadBefore.toFixed(1)} before, ${loadAverage().toFixed(1)} after · subjects at least ${Math.floor(leastBusy * 100)} % busy · ` +
    `fdatasync of 4 kB p50 ${sync.toFixed(2)} ms · \`${command}\``
  )
}

export const loadAverage = () => loadavg()[0]

function row(subject, results) {
  const id = idOf(subject)
  const rounds = results.get(id)
  const handled = rounds.map((round) => round.handled)
  const handWritten = `hand-written ${subject.format}`
  const middle = (key) => median(rounds.map((round) => round[key]))
  return {
    receiver: subject.name,
    pushes: subject.format.toUpperCase(),
    'acks/s': thousands(middle('acks')),
    'handled/s': thousands(median(handled)),
    'lowest–highest': `${thousands(Math.min(...handled))}–${thousands(Math.max(...handled))}`,
    'CPU µs': Math.round(middle('cpu')).toString(),
    'p99 ms': middle('p99').toFixed(1),
    // Of PostgreSQL’s it says nothing, and what keeps nothing writes a few bytes of its own.
    'kB written': middle('written') > 100 ? (middle('written') / 1000).toFixed(1) : '',
    'peak MB': Math.round(middle('memory')).toString(),
    'acks : hand-written': ratio(results, id, handWritten, 'acks'),
    'handled : hand-written': ratio(results, id, handWritten, 'handled'),
    'acks : co-wechat': ratio(results, id, 'co-wechat xml', 'acks'),
    'handled : co-wechat': ratio(results, id, 'co-wechat xml', 'handled'),
  }
}

function kept(results) {
  return promises
    .filter(({ of, to }) => results.has(of) && results.has(to))
    .map(({ of, to, by, atLeast }) => {
      const value = ratioOf(results, of, to, by)
      return `- ${of} : ${to}, ${by} = ${value.toFixed(2)}, at least ${atLeast}: ${value >= atLeast ? 'holds' : 'MISSED'}`
    })
    .join('\n')
}

/** Microseconds of CPU per push: what the whole costs, unprofiled, divided by the profile's shares. */
function profileTable(subjects, results, profiles) {
  const shown = subjects.filter((subject) => profiles.has(idOf(subject)))
  const rows = partNames.map((part) => {
    const cells = shown.map((subject) => {
      const share = profiles.get(idOf(subject)).get(part)
      const cost = share * median(results.get(idOf(subject)).map(({ cpu }) => cpu))
      return [subject.name, `${(share * 100).toFixed(1)} % · ${Math.round(cost)} µs`]
    })
    return { 'where the CPU time goes': part, ...Object.fromEntries(cells) }
  })
  return table(rows, 1)
}

function ratio(results, of, to, by) {
  return results.has(to) ? ratioOf(results, of, to, by).toFixed(2) : ''
}

function ratioOf(results, of, to, by) {
  const references = results.get(to)
  return median(results.get(of).map((round, i) => round[by] / references[i][by]))
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2
}

function thousands(rate) {
  return `${(rate / 1000).toFixed(rate < 10_000 ? 2 : 1)} k`
}

/** A Markdown table as Prettier lays it out: the first columns to the left, figures to the right. */
export function table(rows, left) {
  const columns = Object.keys(rows[0]).map((name, i) => {
    const cells = [name, ...rows.map((cellsOf) => cellsOf[name])]
    const width = Math.max(...cells.map((cell) => cell.length))
    return i < left
      ? { cells: cells.map((cell) => cell.padEnd(width)), rule: '-'.repeat(width) }
      : { cells: cells.map((cell) => cell.padStart(width)), rule: `${'-'.repeat(width - 1)}:` }
  })
  const line = (cells) => `| ${cells.join(' | ')} |`
  const lines = columns[0].cells.map((_, i) => line(columns.map(({ cells }) => cells[i])))
  return [lines[0], line(columns.map(({ rule }) => rule)), ...lines.slice(1)].join('\n')
}

/** Puts a report between its marks in docs/benchmarks.md. */
export function writeInto(mark, text) {
  const file = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url))
  const page = readFileSync(file, 'utf8')
  const marked = new RegExp(`(<!-- ${mark}:start -->\\n)[^]*(\\n<!-- ${mark}:end -->)`)
  if (!marked.test(page)) throw new Error(`${file} has no ${mark}:start and ${mark}:end marks`)
  writeFileSync(
    file,
    page.replace(marked, (_, start, end) => `${start}\n${text}\n${end}`),
  )
}
