/** A piece of a body for the eye; the pieces' texts joined are the body, indented. */
export interface Token {
  kind: 'plain' | 'key' | 'string' | 'number' | 'word' | 'mark'
  text: string
}

/**
 * Indents and colours JSON or XML, telling them apart by the first character as WeChat's receivers must. The
 * text itself is never parsed into values: a 64-bit MsgId would come out rounded. Anything else stays as it is.
 */
export function pretty(body: string): Token[] {
  const text = body.trim()
  if (text.startsWith('{') || text.startsWith('[')) return isJson(text) ? prettyJson(text) : plain(body)
  if (text.startsWith('<xml')) return prettyXml(text)
  return plain(body)
}

/** The same as text. */
export function prettyText(body: string): string {
  return pretty(body)
    .map((token) => token.text)
    .join('')
}

const plain = (text: string): Token[] => (text === '' ? [] : [{ kind: 'plain', text }])

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function prettyJson(text: string): Token[] {
  const tokens: Token[] = []
  let depth = 0
  const line = (): string => `\n${'  '.repeat(depth)}`
  const matches = [...text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)].map((match) => match[0])
  for (const [index, match] of matches.entries()) {
    const next = matches[index + 1]
    if (match === '{' || match === '[') {
      const empty = next === '}' || next === ']'
      depth++
      tokens.push({ kind: 'mark', text: empty ? match : match + line() })
    } else if (match === '}' || match === ']') {
      depth--
      const previous = matches[index - 1]
      tokens.push({ kind: 'mark', text: previous === '{' || previous === '[' ? match : line() + match })
    } else if (match === ',') tokens.push({ kind: 'mark', text: `,${line()}` })
    else if (match === ':') tokens.push({ kind: 'mark', text: ': ' })
    else if (match.startsWith('"')) tokens.push({ kind: next === ':' ? 'key' : 'string', text: match })
    else tokens.push({ kind: /^[-\d]/.test(match) ? 'number' : 'word', text: match })
  }
  return tokens
}

/** WeChat's XML has no attributes that matter and text only in leaves: a tag after a tag begins a line. */
function prettyXml(text: string): Token[] {
  const tokens: Token[] = []
  let depth = 0
  let afterOpening = false
  for (const [piece] of text.matchAll(/<!\[CDATA\[[\s\S]*?\]\]>|<[^>]*>|[^<]+|</g)) {
    if (piece.startsWith('<![CDATA[')) {
      tokens.push({ kind: 'mark', text: '<![CDATA[' })
      tokens.push({ kind: 'string', text: piece.slice(9, -3) }, { kind: 'mark', text: ']]>' })
      afterOpening = true
    } else if (piece.startsWith('</')) {
      depth--
      tokens.push({
        kind: 'key',
        text: afterOpening ? piece : `\n${'  '.repeat(Math.max(0, depth))}${piece}`,
      })
      afterOpening = false
    } else if (piece.startsWith('<') && piece.endsWith('>')) {
      tokens.push({ kind: 'key', text: tokens.length === 0 ? piece : `\n${'  '.repeat(depth)}${piece}` })
      if (!piece.endsWith('/>')) depth++
      afterOpening = true
    } else if (piece.trim() !== '') {
      tokens.push({ kind: /^\d+$/.test(piece) ? 'number' : 'string', text: piece })
      afterOpening = true
    }
  }
  return tokens
}
