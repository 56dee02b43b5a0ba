import { SaxesParser } from 'saxes'
import { DecodeError } from '../errors.js'
import { limits } from './limits.js'

/** An element's content: text, or named children; a child that occurs more than once is a list. */
export type XmlValue = string | XmlFields | XmlValue[]
export interface XmlFields {
  [name: string]: XmlValue
}

interface Open {
  name: string
  /** All text, in its order. */
  text: string
  /** The part of it that stood in CDATA sections. */
  cdata: string | undefined
  /** Whether nothing but layout stood outside them. */
  blank: boolean
  children: XmlFields | undefined
  /** The last child's name. */
  last: string
  /** The children that stood in CDATA sections, or were structures, by name. */
  framed: Set<string> | undefined
}

/** The reading, and whether some of it can be read in another way. */
export interface XmlReading {
  readonly fields: XmlFields
  /** Several CDATA sections, or text beside one, make one text: one that holds `]]>`, unsplit, looks like that too. */
  readonly isMixed: boolean
  /** A text in CDATA stands again: one that holds its element's end looks like that too. */
  readonly isRepeated: boolean
}

/**
 * Reads the XML that WeChat pushes, and no other: one `<xml>` root, elements with text or with elements, no
 * attributes, no DOCTYPE, no entities but the five named ones and numbers. Time and memory follow the length.
 * Throws DecodeError (`format`).
 */
export function parseXml(text: string): XmlFields {
  return readXml(text).fields
}

/** As parseXml, and says whether it can be read in another way. Throws DecodeError (`format`). */
export function readXml(text: string): XmlReading {
  const parser = new SaxesParser({ position: false })
  const stack: Open[] = []
  let root: XmlFields | undefined
  let isMixed = false
  let isRepeated = false

  // Seven handlers: with an eighth V8 makes the parser a dictionary, and it runs at a third of its speed.
  parser.on('error', (error) => {
    // The parser quotes the push behind a colon.
    throw refuse(error.message.replace(/:.*$/s, '').replace(/\.$/, ''))
  })
  parser.on('doctype', () => {
    throw refuse('it has a DOCTYPE')
  })
  parser.on('processinginstruction', () => {
    throw refuse('it has a processing instruction')
  })
  parser.on('opentag', (tag) => {
    const parent = stack[stack.length - 1]
    if (!parent && tag.name !== 'xml') throw refuse('its root is not <xml>')
    if (stack.length > limits.xmlDepth + 1) throw refuse('it is nested too deep')
    if (Object.keys(tag.attributes).length > 0) throw refuse('an element has attributes')
    if (parent) parent.children ??= emptyFields()
    stack.push({
      name: tag.name,
      text: '',
      cdata: undefined,
      blank: true,
      children: undefined,
      last: '',
      framed: undefined,
    })
  })
  parser.on('text', (chunk) => {
    const open = stack[stack.length - 1]
    if (!open) return
    open.text += chunk
    open.blank &&= chunk.trim() === ''
  })
  parser.on('cdata', (chunk) => {
    const open = stack[stack.length - 1]
    if (!open) return
    open.text += chunk
    if (open.cdata !== undefined) isMixed = true
    open.cdata = (open.cdata ?? '') + chunk
  })
  parser.on('closetag', () => {
    const closed = stack.pop()
    if (!closed) return
    const value = valueOf(closed)
    if (closed.cdata !== undefined && !closed.blank) isMixed = true
    const parent = stack[stack.length - 1]
    if (parent?.children) isRepeated = addChild(parent, parent.children, closed, value) || isRepeated
    else root = typeof value === 'string' ? emptyFields() : (value as XmlFields)
  })

  // A control character in a customer's text must not cost the message: XML cannot hold one.
  parser.write(withoutForbidden(text)).close()
  if (!root) throw refuse('it has no root element')
  return { fields: root, isMixed, isRepeated }
}

/** A text with U+FFFD for each character that XML can't hold. */
export function withoutForbidden(text: string): string {
  return text.replace(controlCharacters, '\uFFFD')
}

/** How text is put into XML: so that it can be read, when neither is given, else as WeChat does. */
export interface XmlManner {
  readonly rawControls?: boolean
  readonly unsplitCdata?: boolean
}

/** Writes fields as WeChat does: numbers bare, text as CDATA. The inverse of parseXml. */
export function buildXml(fields: Readonly<Record<string, unknown>>, manner?: XmlManner): string {
  return `<xml>${writeFields(fields, manner)}</xml>`
}

function writeFields(fields: Readonly<Record<string, unknown>>, manner: XmlManner | undefined): string {
  let out = ''
  for (const [name, value] of Object.entries(fields))
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value])
      if (item !== undefined && item !== null) out += `<${name}>${writeValue(item, manner)}</${name}>`
  return out
}

function writeValue(value: unknown, manner: XmlManner | undefined): string {
  if (typeof value === 'object' && value !== null)
    return writeFields(value as Record<string, unknown>, manner)
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value)
  return cdata(String(value), manner)
}

/** A CDATA section; text that holds its end mark is split over two, unless that is not wanted. */
export function cdata(text: string, { rawControls = false, unsplitCdata = false }: XmlManner = {}): string {
  const safe = rawControls ? text : withoutForbidden(text)
  return `<![CDATA[${unsplitCdata ? safe : safe.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
}

// Everything XML 1.0 forbids, lone surrogates included. A carriage return would come back as a line feed.
const controlCharacters =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

function valueOf(open: Open): XmlValue {
  if (open.children) {
    if (open.cdata !== undefined || !open.blank) throw refuse('an element mixes text and elements')
    return open.children
  }
  // Layout around a CDATA section is none of the text.
  return open.cdata !== undefined && open.blank ? open.cdata : open.text
}

/**
 * Adds a child; one that stands again makes a list. Says whether it was a text in CDATA that stands again.
 *
 * A text that gets out of its element has to open an element of that name again, for WeChat closes one behind it. So
 * what WeChat did not write stands between two of one name: these must follow each other, unless neither can hold it.
 */
function addChild(parent: Open, fields: XmlFields, { name, cdata: section }: Open, value: XmlValue): boolean {
  const before = fields[name]
  const isFramed = section !== undefined || typeof value !== 'string'
  if (before === undefined) fields[name] = value
  else {
    if (parent.last !== name && (isFramed || parent.framed?.has(name)))
      throw refuse('an element stands again behind others')
    if (Array.isArray(before)) before.push(value)
    else fields[name] = [before, value]
  }
  parent.last = name
  if (isFramed) (parent.framed ??= new Set()).add(name)
  return before !== undefined && section !== undefined
}

// Without a prototype, an element called __proto__ is a name like any other.
function emptyFields(): XmlFields {
  return Object.create(null) as XmlFields
}

function refuse(why: string): DecodeError {
  return new DecodeError('format', `The push is not the XML that WeChat sends: ${why}.`)
}
