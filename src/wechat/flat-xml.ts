import type { XmlFields } from './xml.js'

/**
 * Reads the XML that nearly every push is: `<xml>` around elements of different names, each with one CDATA section or
 * one plain text. Undefined for everything else, whatever it is: that goes to readXml, which would read this alike.
 */
export function readFlatXml(text: string): XmlFields | undefined {
  if (!text.startsWith(START) || (unusual.test(text) && mayChange.test(text))) return undefined
  const fields: XmlFields = {}
  let at = START.length
  for (;;) {
    at = skipLayout(text, at)
    if (text.charCodeAt(at) !== LESS) return undefined
    if (text.charCodeAt(at + 1) === SLASH) return isEnd(text, at) ? fields : undefined
    const nameAt = at + 1
    const nameEnd = endOfName(text, nameAt)
    if (text.charCodeAt(nameEnd) !== GREATER) return undefined
    const name = text.slice(nameAt, nameEnd)
    // A repeat is a list, or a text that got out of its element; __proto__ and the like are no members of a literal.
    if (name in fields) return undefined
    const from = nameEnd + 1
    const isSection = text.startsWith(SECTION, from)
    const valueAt = isSection ? from + SECTION.length : from
    const valueEnd = text.indexOf(isSection ? SECTION_END : '<', valueAt)
    if (valueEnd < 0) return undefined
    const closeAt = isSection ? valueEnd + SECTION_END.length : valueEnd
    if (!closes(text, closeAt, name)) return undefined
    const value = text.slice(valueAt, valueEnd)
    if (!isSection && special.test(value)) return undefined
    fields[name] = value
    at = closeAt + name.length + CLOSE_MARKS
  }
}

const START = '<xml>'
const END = '</xml>'
const SECTION = '<![CDATA['
const SECTION_END = ']]>'
/** The characters of an end tag beside its name. */
const CLOSE_MARKS = 3
const LESS = 0x3c
const GREATER = 0x3e
const SLASH = 0x2f

/** As mayChange, and whole pairs: quicker, as it looks at nothing twice. */
const unusual = /[\u0000-\u0008\u000b-\u001f\ud800-\udfff\ufffe\uffff]/

/** Characters that XML can't hold, halves of pairs among them, and the carriage return, which it reads as a line feed. */
const mayChange = /[\u0000-\u0008\u000b-\u001f\ufffe\uffff\p{Cs}]/u

/** An entity, or what may be the end of a CDATA section that did not begin. */
const special = /[&\]]/

function skipLayout(text: string, from: number): number {
  let at = from
  for (let code = text.charCodeAt(at); code === 0x20 || code === 0x0a || code === 0x09;)
    code = text.charCodeAt(++at)
  return at
}

/** Returns where a name ends that has Latin letters, digits and underscores only, as all of WeChat's have. */
function endOfName(text: string, from: number): number {
  let at = from
  for (;;) {
    const code = text.charCodeAt(at)
    const isLetter = ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) || code === 0x5f
    const isDigit = code >= 0x30 && code <= 0x39
    // No name is empty or begins with a digit.
    if (!isLetter && !(isDigit && at > from)) return at === from ? -1 : at
    at++
  }
}

function closes(text: string, at: number, name: string): boolean {
  return (
    text.startsWith('</', at) &&
    text.startsWith(name, at + 2) &&
    text.charCodeAt(at + 2 + name.length) === GREATER
  )
}

function isEnd(text: string, at: number): boolean {
  return text.startsWith(END, at) && skipLayout(text, at + END.length) === text.length
}
