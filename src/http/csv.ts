/** Spreadsheets take these for the beginning of a formula, also written wide or behind blanks. */
const formula = /^[\s\u0000-\u001f\u200b-\u200f\ufeff]*[=+\-@＝＋－＠|%]|^[\t\r\n]/u

/**
 * One line of CSV (RFC 4180). A cell that a spreadsheet would run as a formula begins with an apostrophe instead:
 * names and texts come from customers.
 */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cell).join(',')}\r\n`
}

/** Tells Excel that what follows is UTF-8. */
export const CSV_START = '\ufeff'

function cell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = value.replaceAll('\0', '\ufffd')
  return `"${(formula.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
}
