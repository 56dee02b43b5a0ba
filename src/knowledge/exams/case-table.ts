import type { KnowledgeEntry } from '../knowledge-entry.js'
import { tableRows } from '../table-rows.js'
import { MAX_SAYS, type CaseProblem } from './case-problems.js'
import { caseKey } from './exams.js'

/** What was understood of one row. */
export interface CaseRow {
  readonly line: number
  readonly says: string
  /** The entry that must be found; null: the question is to be left to people, or the row can't be a case. */
  readonly entry: Pick<KnowledgeEntry, 'id' | 'title'> | null
  readonly problem: CaseProblem | null
}

interface ReadWith {
  readonly entries: readonly Pick<KnowledgeEntry, 'id' | 'title' | 'appId'>[]
  /** The Mini Program that the cases are for; null for all. */
  readonly appId: string | null
  /** The keys of the cases that there are. */
  readonly known: ReadonlySet<string>
}

const columns: Readonly<Record<string, 'says' | 'expected'>> = {
  问题: 'says',
  客户的问题: 'says',
  客户会怎么问: 'says',
  question: 'says',
  says: 'says',
  q: 'says',
  应找到: 'expected',
  应找到哪条: 'expected',
  问答: 'expected',
  期望: 'expected',
  expected: 'expected',
  entry: 'expected',
}

/** What stands in the second column where people are to get the question. */
const forPeople = new Set([
  '转人工',
  '人工',
  '无',
  '没有',
  '没有答案',
  '未知',
  'unknown',
  'none',
  'people',
  '-',
])

/**
 * Reads a table with the columns 问题 and 应找到 (or question, expected), in which the second holds an entry’s question
 * or id, or 转人工 (unknown) where there is none. Without such a heading the first two columns are these. Throws an error
 * where it is no table.
 */
export function readCases(text: string, { entries, appId, known }: ReadWith): CaseRow[] {
  const rows = tableRows(text)
  const [first, ...others] = rows
  if (!first || rows.every(({ cells }) => cells.length < 2)) return []
  const headings = first.cells.map((cell) => columns[plain(cell)])
  const isHeaded = headings.includes('says') && headings.includes('expected')
  const saysAt = isHeaded ? headings.indexOf('says') : 0
  const expectedAt = isHeaded ? headings.indexOf('expected') : 1
  const entryFor = entryFinder(entries, appId)
  const taken = new Set(known)
  return (isHeaded ? others : rows).flatMap(({ cells, line }): CaseRow[] => {
    const says = cells[saysAt]?.trim() ?? ''
    const expected = cells[expectedAt]?.trim() ?? ''
    if (says === '' && expected === '') return []
    const problem = (why: CaseProblem): CaseRow[] => [
      { line, says: says.slice(0, 100), entry: null, problem: why },
    ]
    if (says === '') return problem('no_question')
    if (says.length > MAX_SAYS) return problem('too_long')
    if (expected === '') return problem('no_expected')
    const found = entryFor(expected)
    if (typeof found === 'string') return problem(found)
    const key = caseKey({ appId, says })
    if (taken.has(key)) return problem('known')
    taken.add(key)
    return [{ line, says, entry: found, problem: null }]
  })
}

/** Returns the function that finds the entry which a cell names. */
function entryFinder(entries: ReadWith['entries'], appId: string | null) {
  const byTitle = new Map<string, ReadWith['entries'][number][]>()
  // An entry of another Mini Program is never found by these cases.
  for (const entry of entries)
    if (entry.appId === null || entry.appId === appId) {
      const title = plain(entry.title)
      byTitle.set(title, [...(byTitle.get(title) ?? []), entry])
    }
  const byId = new Map([...byTitle.values()].flat().map((entry) => [entry.id, entry]))
  return (cell: string): CaseRow['entry'] | CaseProblem => {
    const named = byTitle.get(plain(cell)) ?? []
    if (named.length > 1) return 'several'
    const [, id] = /^#?(\d{1,15})$/.exec(plain(cell)) ?? []
    const found = named[0] ?? byId.get(Number(id))
    if (found) return { id: found.id, title: found.title }
    return forPeople.has(plain(cell)) ? null : 'no_entry'
  }
}

function plain(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase()
}
