/**
 * Parses JSON whose strings may hold raw control characters, as WeChat writes them: a customer's 0x14 in a push, an
 * errmsg in an answer. TAB, LF and CR are kept; the others become U+FFFD, as in XML. Throws SyntaxError for any
 * other text that is not JSON. One pass, whatever the text.
 */
export function parseLenientJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const mended = escapeControlCharacters(text)
    if (mended === text) throw error
    return JSON.parse(mended)
  }
}

/** The same text with its strings' raw control characters escaped, and without a byte order mark. */
export function escapeControlCharacters(text: string): string {
  let inString = false
  return text.replace(byteOrderMark, '').replace(marks, (mark) => {
    if (mark === '"') inString = !inString
    if (!inString || mark === '"') return mark
    if (!mark.startsWith('\\')) return escapeOf(mark)
    // A backslash escapes no control character, so it stands for itself.
    const escaped = mark.slice(1)
    return escaped < ' ' ? `\\\\${escapeOf(escaped)}` : mark
  })
}

const byteOrderMark = /^\ufeff/

/** Signs that decide where strings end, and those that strings may not hold. */
const marks = /\\[^]|["\u0000-\u001f]/g

function escapeOf(control: string): string {
  switch (control) {
    case '\t':
      return '\\t'
    case '\n':
      return '\\n'
    case '\r':
      return '\\r'
    default:
      return '\ufffd'
  }
}
