import { entryInput, type EntryInput } from './schemas/knowledge-entry.js'
import { tableRows, type TableRow } from './table-rows.js'

/** What was understood of one row of a file. */
export type ImportedRow =
  | { readonly line: number; readonly entry: EntryInput }
  | { readonly line: number; readonly problem: ImportProblem; readonly title: string }

/** Why a row can't be an entry. */
export const importProblems = ['no_question', 'no_answer', 'too_long', 'wrong'] as const
export type ImportProblem = (typeof importProblems)[number]

const columns: Readonly<Record<string, keyof Row>> = {
  问题: 'title',
  标准问题: 'title',
  question: 'title',
  title: 'title',
  q: 'title',
  答案: 'text',
  回答: 'text',
  回复: 'text',
  answer: 'text',
  text: 'text',
  a: 'text',
  相似问法: 'wordings',
  相似问题: 'wordings',
  其他问法: 'wordings',
  wordings: 'wordings',
}

interface Row {
  title: string
  text: string
  wordings: string
}

/**
 * Reads a table with the columns 问题, 答案 and 相似问法 (or question, answer, wordings), comma, semicolon or tab
 * separated; other wordings stand apart by `|`, `；` or a line feed. Without such a heading the first two columns are
 * question and answer. Throws SyntaxError where it is no table.
 */
export function readTable(text: string, appId: string | null): ImportedRow[] {
  return readRows(tableRows(text), appId)
}

/** Reads the same of rows that are apart already. */
export function readRows(rows: readonly TableRow[], appId: string | null): ImportedRow[] {
  const [first, ...others] = rows
  // One column alone is no table of questions and answers.
  if (!first || rows.every(({ cells }) => cells.length < 2)) return []
  const headings = first.cells.map((cell) => columns[cell.trim().toLowerCase()])
  const isHeaded = headings.includes('title') && headings.includes('text')
  const places: readonly (keyof Row | undefined)[] = isHeaded ? headings : ['title', 'text', 'wordings']
  return (isHeaded ? others : rows).flatMap(({ cells, line }) => {
    const row: Row = { title: '', text: '', wordings: '' }
    for (const [index, cell] of cells.entries()) {
      const name = places[index]
      if (name !== undefined) row[name] = cell.trim()
    }
    return Object.values(row).every((cell: string) => cell === '') ? [] : [imported(row, line, appId)]
  })
}

function imported({ title, text, wordings }: Row, line: number, appId: string | null): ImportedRow {
  const problem = (why: ImportProblem): ImportedRow => ({ line, problem: why, title: title.slice(0, 100) })
  if (title === '') return problem('no_question')
  if (text === '') return problem('no_answer')
  const read = entryInput.safeParse({
    appId,
    title,
    text,
    wordings: wordings
      .split(/[|｜；\n]/)
      .map((each) => each.trim())
      .filter((each) => each !== ''),
  })
  if (read.success) return { line, entry: read.data }
  return problem(read.error.issues.some(isLength) ? 'too_long' : 'wrong')
}

function isLength({ code, path }: { code: string; path: PropertyKey[] }): boolean {
  return code === 'too_big' || (code === 'custom' && path[0] === 'text')
}
