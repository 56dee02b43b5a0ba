import type { CannedReply } from '../api/views.js'

/** What 「/」 at the beginning of a line asks for, and where it stands; null when the caret is not behind one. */
export function cannedQuery(text: string, caret: number): { query: string; start: number } | null {
  const start = text.lastIndexOf('\n', caret - 1) + 1
  const line = text.slice(start, caret)
  return /^\/[^\s/]{0,20}$/.test(line) ? { query: line.slice(1), start } : null
}

/** The replies that a query finds, the best first: by shortcut, title, pinyin (whole or initials), content. */
export function searchCanned(replies: readonly CannedReply[], query: string): CannedReply[] {
  const wanted = query.trim().toLowerCase()
  if (wanted === '') return [...replies]
  return replies
    .map((reply) => ({ reply, rank: rankOf(reply, wanted) }))
    .filter(({ rank }) => rank > 0)
    .sort((one, other) => other.rank - one.rank)
    .map(({ reply }) => reply)
}

function rankOf({ title, content, shortcut, pinyin }: CannedReply, wanted: string): number {
  const [name, abbreviation] = [title.toLowerCase(), (shortcut ?? '').toLowerCase()]
  if (abbreviation === wanted) return 6
  if (abbreviation !== '' && abbreviation.startsWith(wanted)) return 5
  if (name.startsWith(wanted)) return 4
  if (pinyin.some((one) => one.startsWith(wanted))) return 3
  if (name.includes(wanted) || pinyin.some((one) => one.includes(wanted))) return 2
  return content.toLowerCase().includes(wanted) ? 1 : 0
}

/** The reply with what it leaves open filled in: `{{name}}`; an unknown name stays as it is, for the agent to see. */
export function fillCanned(content: string, values: Readonly<Record<string, string>>): string {
  return content.replace(/\{\{\s*([^{}\s]+)\s*\}\}/g, (whole, name: string) => values[name] ?? whole)
}
