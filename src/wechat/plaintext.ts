import { DecodeError } from '../errors.js'
import { readFlatXml } from './flat-xml.js'
import type { Fields } from './incoming.js'
import { readJson, repeatedNames } from './json.js'
import { readWholeTexts, writtenField } from './whole-text.js'
import type { Format } from './wire.js'
import { readXml, type XmlFields } from './xml.js'

/** The content of a push's text. */
export interface Plaintext {
  readonly format: Format
  readonly fields: Fields
}

/** Reads the text of a push by its first character, whatever it was announced as. Throws DecodeError (`format`). */
export function readPlaintext(given: string): Plaintext {
  const text = given.startsWith('\uFEFF') ? given.slice(1) : given
  switch (formatOf(text)) {
    case 'xml':
      return { format: 'xml', fields: readXmlPush(text.trimStart()) }
    case 'json':
      return { format: 'json', fields: readJsonPush(text) }
    default:
      throw new DecodeError('format', 'The push starts neither like JSON nor like XML.')
  }
}

/** Returns a text's format by its first character; undefined for neither. */
export function formatOf(text: string): Format | undefined {
  // The usual push has nothing in front of it.
  if (text.startsWith('{')) return 'json'
  if (text.startsWith('<')) return 'xml'
  const first = /^[\uFEFF \t\r\n]*(.)/.exec(text)?.[1]
  return first === '<' ? 'xml' : first === '{' ? 'json' : undefined
}

function readJsonPush(given: string): Fields {
  const { fields, text } = readJson(given)
  for (const name of repeatedNames(text, fields))
    if (typed.has(name))
      throw new DecodeError('format', 'A field of the push that decides what it is stands twice.')
  return withTrimmedNames(fields)
}

function readXmlPush(text: string): Fields {
  return readFlatXml(text) ?? readAnyXml(text)
}

function readAnyXml(text: string): Fields {
  let reading: ReturnType<typeof readXml> | undefined
  let problem: unknown
  try {
    reading = readXml(text)
  } catch (error) {
    problem = error
  }
  // Whatever is odd may be a text that holds the end mark of a CDATA section.
  if (reading && !reading.isMixed && !reading.isRepeated) return reading.fields
  const whole = readWholeTexts(text)
  if (whole) return whole
  if (!reading) throw problem
  const { fields, isMixed } = reading
  // Rather a text that nobody could read, and that is whole, than a part of one.
  if (isWrittenTwice(fields) || (isMixed && fields['Event'] === undefined))
    throw new DecodeError('format', 'It can’t be told where the customer’s text in the push ends.')
  return fields
}

/** Whether what the customer wrote is a list: it holds what looks like the end of its element. */
function isWrittenTwice(fields: XmlFields): boolean {
  const name = writtenField(fields['MsgType'], fields['Event'])
  return name !== undefined && Array.isArray(fields[name])
}

/** The fields that kefu reads, whose names may have blanks around them: WeChat's own page has some. */
const typed: ReadonlySet<string> = new Set([
  'ToUserName',
  'FromUserName',
  'CreateTime',
  'MsgType',
  'MsgId',
  'BusinessId',
  'Event',
  'SessionFrom',
  'Content',
  'PicUrl',
  'MediaId',
  'Title',
  'AppId',
  'PagePath',
  'ThumbUrl',
  'ThumbMediaId',
  'List',
  'Encrypt',
])

/** Blanks around the outermost names are none of them, unless that makes two of one name. */
function withTrimmedNames(fields: Fields): Fields {
  const names = Object.keys(fields)
  if (names.every((name) => name === name.trim())) return fields
  const trimmed: Record<string, unknown> = {}
  for (const name of names) {
    const short = name.trim()
    const key = short !== name && (short in trimmed || Object.hasOwn(fields, short)) ? name : short
    Object.defineProperty(trimmed, key, {
      value: fields[name],
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  return trimmed
}
