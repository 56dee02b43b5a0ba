import { parse } from 'csv-parse/sync'

/** A row of a table, and the line where it stands. */
export interface TableRow {
  readonly cells: readonly string[]
  readonly line: number
}

/** Cuts a table into rows: comma, semicolon or tab separated. Throws an error where it is no table. */
export function tableRows(text: string): TableRow[] {
  const parsed: unknown = parse(text, {
    bom: true,
    delimiter: delimiterOf(text),
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  })
  return (parsed as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => ({
    cells: record,
    line: info.lines,
  }))
}

/** The separator that the first line has most of. */
function delimiterOf(text: string): string {
  const [first = ''] = text.split(/\r?\n/, 1)
  const counts = [',', '\t', ';'].map((each) => ({ each, count: first.split(each).length }))
  return counts.toSorted((a, b) => b.count - a.count)[0]?.each ?? ','
}
