/** What a contact button's `session-from` says, taken apart for a person. */
export interface SessionFrom {
  /** JSON's fields or a query's; empty when it is only a word. */
  fields: [name: string, value: string][]
  /** As it came. */
  raw: string
  /** In one line: the word itself, or the first values. */
  short: string
}

/** Reads JSON, a query string (also behind a path, also percent-encoded), or a plain word. */
export function readSessionFrom(raw: string): SessionFrom {
  const text = raw.trim()
  const fields =
    jsonFields(text) ?? jsonFields(decoded(text)) ?? queryFields(text) ?? queryFields(decoded(text)) ?? []
  const values = fields.map(([, value]) => value).filter((value) => value !== '')
  return { fields, raw, short: fields.length > 0 ? values.slice(0, 2).join(' · ') || text : decoded(text) }
}

/** How a customer came without a contact button that says more. */
export function isBareEntry(raw: string | null): boolean {
  return raw === null || raw === '' || raw === 'wxapp' || raw === 'weapp'
}

function jsonFields(text: string): SessionFrom['fields'] | null {
  if (!text.startsWith('{')) return null
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    return Object.entries(value).map(([name, field]) => [
      name,
      typeof field === 'string' ? field : JSON.stringify(field),
    ])
  } catch {
    return null
  }
}

function queryFields(text: string): SessionFrom['fields'] | null {
  const [path, query] = split(text)
  if (!/^[^\s=&?]+=[^=]*(&[^\s=&]+=[^=&]*)*$/.test(query)) return null
  const fields: SessionFrom['fields'] = [...new URLSearchParams(query)]
  return path === '' ? fields : [['path', path], ...fields]
}

function split(text: string): [path: string, query: string] {
  const mark = text.indexOf('?')
  return mark === -1 ? ['', text] : [text.slice(0, mark), text.slice(mark + 1)]
}

function decoded(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
