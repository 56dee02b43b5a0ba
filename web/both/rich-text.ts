/** A piece of a chat text: plain, a link to a page of the Mini Program, or a link to the web. */
export type Segment =
  | { kind: 'text'; text: string }
  | { kind: 'miniprogram'; text: string; path: string; appId: string | null }
  | { kind: 'web'; text: string; url: string }

/**
 * Reads what WeChat makes clickable in a service's text: `<a … data-miniprogram-path="…">`, `<a href="http…">`
 * and bare addresses. Everything else, other tags too, stays the text it is; nothing is ever read as HTML.
 */
export function parseRichText(content: string): Segment[] {
  const segments: Segment[] = []
  let from = 0
  let search = 0
  for (;;) {
    const anchor = findAnchor(content, search)
    if (anchor === null) break
    const link = readLink(anchor)
    if (link !== null) {
      segments.push(...linkify(content.slice(from, anchor.start)), link)
      from = anchor.end
    }
    search = anchor.end
  }
  segments.push(...linkify(content.slice(from)))
  return segments
}

interface Anchor {
  start: number
  end: number
  attributes: string
  text: string
}

/** The next `<a …>…</a>`; each step only moves forward, so that a hostile text costs no more than its length. */
function findAnchor(content: string, from: number): Anchor | null {
  const opening = /<a\s/gi
  opening.lastIndex = from
  const found = opening.exec(content)
  if (found === null) return null
  const attributesStart = opening.lastIndex
  const tagEnd = endOfTag(content, attributesStart)
  if (tagEnd === -1) return null
  const closing = /<\/a\s{0,8}>/gi
  closing.lastIndex = tagEnd + 1
  const end = closing.exec(content)
  if (end === null) return null
  return {
    start: found.index,
    end: closing.lastIndex,
    attributes: content.slice(attributesStart, tagEnd),
    text: content.slice(tagEnd + 1, end.index),
  }
}

/** Where the tag's `>` stands, one inside quotes not counting. */
function endOfTag(content: string, from: number): number {
  let quote = ''
  for (let i = from; i < content.length; i++) {
    const char = content.charAt(i)
    if (quote !== '') {
      if (char === quote) quote = ''
    } else if (char === '"' || char === "'") quote = char
    else if (char === '>') return i
  }
  return -1
}

function readLink({ attributes, text }: Anchor): Segment | null {
  const named = new Map<string, string>()
  for (const [, name = '', double, single, bare] of attributes.matchAll(
    /([a-z][a-z-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi,
  ))
    named.set(name.toLowerCase(), double ?? single ?? bare ?? '')
  const path = named.get('data-miniprogram-path')
  if (path) return { kind: 'miniprogram', text, path, appId: named.get('data-miniprogram-appid') ?? null }
  const url = webUrl(named.get('href') ?? '')
  return url === null ? null : { kind: 'web', text, url }
}

/** The address when it is one of the web, null for `javascript:`, `data:` and whatever else. */
export function webUrl(text: string): string | null {
  if (!/^https?:\/\//i.test(text.trim()) || !URL.canParse(text)) return null
  return new URL(text).href
}

/** Bare addresses, as WeChat's client underlines them; the punctuation that ends a sentence is not part of one. */
export function linkify(text: string): Segment[] {
  const segments: Segment[] = []
  let from = 0
  for (const match of text.matchAll(/https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+/gi)) {
    const shown = match[0].replace(/[.,:;!?')\]]+$/, '')
    const url = webUrl(shown)
    if (url === null) continue
    if (match.index > from) segments.push({ kind: 'text', text: text.slice(from, match.index) })
    segments.push({ kind: 'web', text: shown, url })
    from = match.index + shown.length
  }
  if (from < text.length) segments.push({ kind: 'text', text: text.slice(from) })
  return segments
}
