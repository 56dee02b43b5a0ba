/** Writes what was measured: a table of medians and of ratios paired by round. */
import { cpus, loadavg } from 'node:os'
import { readFileSync, writeFileSync } from 'node:fs'
import { idOf, promises } from './subjects.js'

/** `results` maps a subject's id to its rounds, in order. */
export function report(subjects, results, { command, date, loadBefore }) {
  return [
    machine(results, { command, date, loadBefore }),
    table(subjects.map((subject) => row(subject, results))),
    kept(results),
  ].join('\n\n')
}

function machine(results, { command, date, loadBefore }) {
  const [{ model }] = cpus()
  const leastBusy = Math.min(...[...results.values()].flat().map(({ busy }) => busy))
  return (
    `${date} · ${cpus().length} cores (${model.trim()}) · Node ${process.versions.node} · ${process.platform} · ` +
    `load average ${loadBefore.toFixed(1)} before, ${loadAverage().toFixed(1)} after · subjects at least ${Math.floor(leastBusy * 100)} % busy · \`${command}\``
  )
}

export const loadAverage = () => loadavg()[0]

function row(subject, results) {
  const rounds = results.get(idOf(subject))
  const rates = rounds.map(({ rate }) => rate)
  return {
    receiver: subject.name,
    pushes: subject.format.toUpperCase(),
    'requests/s': thousands(median(rates)),
    'lowest–highest': `${thousands(Math.min(...rates))}–${thousands(Math.max(...rates))}`,
    'CPU µs': Math.round(median(rounds.map(({ cpu }) => cpu))).toString(),
    'p99 ms': median(rounds.map(({ p99 }) => p99)).toFixed(1),
    'of hand-written': ratio(results, idOf(subject), `hand-written ${subject.format}`),
    'of co-wechat': ratio(results, idOf(subject), 'co-wechat xml'),
  }
}

function kept(results) {
  return promises
    .filter(({ of, to }) => results.has(of) && results.has(to))
    .map(({ of, to, atLeast }) => {
      const value = ratioOf(results, of, to)
      return `- ${of} : ${to} = ${value.toFixed(2)}, at least ${atLeast}: ${value >= atLeast ? 'holds' : 'MISSED'}`
    })
    .join('\n')
}

function ratio(results, of, to) {
  return results.has(to) ? ratioOf(results, of, to).toFixed(2) : ''
}

function ratioOf(results, of, to) {
  const references = results.get(to)
  return median(results.get(of).map(({ rate }, round) => rate / references[round].rate))
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2
}

function thousands(rate) {
  return `${(rate / 1000).toFixed(1)} k`
}

/** A Markdown table as Prettier lays it out: the first two columns to the left, figures to the right. */
function table(rows) {
  const columns = Object.keys(rows[0]).map((name, i) => {
    const cells = [name, ...rows.map((cellsOf) => cellsOf[name])]
    const width = Math.max(...cells.map((cell) => cell.length))
    return i < 2
      ? { cells: cells.map((cell) => cell.padEnd(width)), rule: '-'.repeat(width) }
      : { cells: cells.map((cell) => cell.padStart(width)), rule: `${'-'.repeat(width - 1)}:` }
  })
  const line = (cells) => `| ${cells.join(' | ')} |`
  const lines = columns[0].cells.map((_, i) => line(columns.map(({ cells }) => cells[i])))
  return [lines[0], line(columns.map(({ rule }) => rule)), ...lines.slice(1)].join('\n')
}

/** Puts the report between the marks of a page. */
export function writeInto(file, text) {
  const page = readFileSync(file, 'utf8')
  const marked = /(<!-- bench:start -->\n)[\s\S]*(\n<!-- bench:end -->)/
  if (!marked.test(page)) throw new Error(`${file} has no bench:start and bench:end marks`)
  writeFileSync(
    file,
    page.replace(marked, (_, start, end) => `${start}\n${text}\n${end}`),
  )
}
