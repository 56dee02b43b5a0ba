/** A page path of a Mini Program taken apart, as `e.detail` of bindcontact has it. */
export interface PagePath {
  path: string
  query: [name: string, value: string][]
}

/** Reads `pages/order/detail?id=1`; a leading slash does not matter. */
export function readPagePath(text: string): PagePath {
  const [path, query] = split(text.trim().replace(/^\//, ''))
  return { path, query: [...new URLSearchParams(query)] }
}

function split(text: string): [string, string] {
  const mark = text.indexOf('?')
  return mark === -1 ? [text, ''] : [text.slice(0, mark), text.slice(mark + 1)]
}
