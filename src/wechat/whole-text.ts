import { withoutForbidden, type XmlFields } from './xml.js'

/**
 * Reads a push in XML whose texts hold `]]>`, which WeChat does not split: each text whole, or undefined where it
 * can't be told for certain where one ends. Never gives what a text itself has brought in.
 */
export function readWholeTexts(given: string): XmlFields | undefined {
  const text = withoutForbidden(given)
  return soleText(text) ?? uniqueElements(text)
}

/** The one text that a customer can write in a push of this kind; all else in it is WeChat's. */
export function writtenField(msgType: unknown, event: unknown): string | undefined {
  if (typeof msgType !== 'string') return undefined
  const kind = msgType.trim().toLowerCase()
  if (kind === 'text') return 'Content'
  const isEnter = typeof event === 'string' && event.trim().toLowerCase() === 'user_enter_tempsession'
  return kind === 'event' && isEnter ? 'SessionFrom' : undefined
}

/**
 * One text between what is WeChat's alone, as it is in messages of type text: it goes on to the last end mark of its
 * element, for behind that one nothing is the customer's.
 */
function soleText(text: string): XmlFields | undefined {
  const fields = Object.create(null) as XmlFields
  const from = readSimple(text, openingEnd(text), fields)
  const name = writtenField(fields['MsgType'], fields['Event'])
  if (from < 0 || name === undefined || fields['FromUserName'] === undefined) return undefined
  const start = from + `<${name}>`.length
  if (text.slice(from, start) !== `<${name}>`) return undefined
  const end = text.lastIndexOf(`</${name}>`)
  const content = end < start ? undefined : contentOf(text.slice(start, end))
  if (content === undefined) return undefined
  const behind = readSimple(text, end + `</${name}>`.length, fields)
  if (behind < 0 || !isEnd(text, behind) || name in fields) return undefined
  fields[name] = content
  return fields
}

/**
 * Elements that all differ, each of whose marks stands once in the whole push: a text that gets out of its element
 * leaves that element's mark twice.
 */
function uniqueElements(text: string): XmlFields | undefined {
  const fields = Object.create(null) as XmlFields
  let at = openingEnd(text)
  for (let count = 0; at >= 0 && count < MOST_ELEMENTS; count++) {
    at = skipLayout(text, at)
    if (isEnd(text, at)) return fields
    elementStart.lastIndex = at
    const name = elementStart.exec(text)?.[1]
    if (name === undefined || !standsOnce(text, `<${name}>`) || !standsOnce(text, `</${name}>`))
      return undefined
    const start = at + name.length + 2
    const end = text.indexOf(`</${name}>`)
    if (end < start) return undefined
    const inner = text.slice(start, end)
    const content = simple.test(inner) ? simpleOf(inner) : contentOf(inner)
    if (content === undefined) return undefined
    fields[name] = content
    at = end + name.length + 3
  }
  return undefined
}

/** More than any push has at its outermost level; each is looked for in the whole text. */
const MOST_ELEMENTS = 64
const elementStart = /<([A-Za-z_][\w.-]*)>/y
const simple = /^\s*(?:<!\[CDATA\[[\w@.+/=-]*\]\]>|[\w@.+/=-]*)\s*$/

function simpleOf(inner: string): string {
  const trimmed = inner.trim()
  return trimmed.startsWith('<') ? trimmed.slice(SECTION.length, -SECTION_END.length) : trimmed
}

/** Reads what only WeChat writes, from a place on; gives the place of what comes behind, -1 where something stands twice. */
function readSimple(text: string, from: number, fields: XmlFields): number {
  let at = from
  for (const { name, value, end } of leadingElements(text, from)) {
    if (name in fields) return -1
    fields[name] = value
    at = end
  }
  return at
}

/** The elements that only WeChat can have written, from a place on, up to the first that may be anybody's. */
export function* leadingElements(
  text: string,
  from: number,
): Generator<{ readonly name: string; readonly value: string; readonly end: number }> {
  if (from < 0) return
  for (let at = from; ;) {
    simpleElement.lastIndex = at
    const [whole, name, section, bare] = simpleElement.exec(text) ?? []
    if (whole === undefined || name === undefined) return
    at += whole.length
    yield { name, value: section ?? bare ?? '', end: at }
  }
}

/** The elements that hold no customer's word, with the ids, numbers and names of the protocol in them. */
const simpleElement =
  /\s*<(ToUserName|FromUserName|CreateTime|MsgType|Event|MsgId|MsgID|BusinessId|Encrypt)>\s*(?:<!\[CDATA\[([\w@.+/=-]*)\]\]>|([\w@.+/=-]*))\s*<\/\1>\s*/y

/** Where the content of the root begins; -1 when that is not `<xml>`. */
export function openingEnd(text: string): number {
  return opening.exec(text)?.[0].length ?? -1
}

const opening = /^\s*(?:<\?xml\s[^<>?]*\?>\s*)?<xml>\s*/

function skipLayout(text: string, from: number): number {
  layout.lastIndex = from
  layout.exec(text)
  return layout.lastIndex
}

const layout = /\s*/y

function isEnd(text: string, at: number): boolean {
  ending.lastIndex = at
  return ending.test(text)
}

const ending = /<\/xml>\s*$/y

function standsOnce(text: string, mark: string): boolean {
  const first = text.indexOf(mark)
  return first >= 0 && text.indexOf(mark, first + 1) < 0
}

const SECTION = '<![CDATA['
const SECTION_END = ']]>'

/** All that stands between a CDATA section's mark and the last end of one; undefined where no section frames it. */
function contentOf(inner: string): string | undefined {
  const framed = inner.trim()
  if (framed.length < SECTION.length + SECTION_END.length) return undefined
  if (!framed.startsWith(SECTION) || !framed.endsWith(SECTION_END)) return undefined
  return (
    framed
      .slice(SECTION.length, -SECTION_END.length)
      // Who does split an end mark writes it so.
      .replaceAll(']]]]><![CDATA[>', SECTION_END)
      .replace(/\r\n?/g, '\n')
  )
}
