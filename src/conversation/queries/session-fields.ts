/**
 * What a contact button's `session-from` says, field by field: JSON's, or a query's, also behind a path and
 * percent-encoded; empty for a plain word. The desk's page reads it in the same way.
 */
export function sessionFields(sessionFrom: string): [name: string, value: string][] {
  const text = sessionFrom.trim()
  return (
    jsonFields(text) ?? jsonFields(decoded(text)) ?? queryFields(text) ?? queryFields(decoded(text)) ?? []
  )
}

function jsonFields(text: string): [string, string][] | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return Object.entries(value).map(([name, field]) => [
      name,
      typeof field === 'string' ? field : JSON.stringify(field),
    ])
  } catch {
    return undefined
  }
}

function queryFields(text: string): [string, string][] | undefined {
  const mark = text.indexOf('?')
  const [path, query] = [text.slice(0, Math.max(mark, 0)), text.slice(mark + 1)]
  if (!/^[^\s=&?]+=[^=]*(&[^\s=&]+=[^=&]*)*$/.test(query)) return undefined
  const fields: [string, string][] = [...new URLSearchParams(query)]
  return mark === -1 || path === '' ? fields : [['path', path], ...fields]
}

function decoded(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
