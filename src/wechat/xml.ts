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
  /** What of it stood in CDATA sections. */
  cdata: string | undefined
  /** Whether nothing but layout stood outside them. */
  blank: boolean
  children: XmlFields | undefined
}

/**
 * Reads the XML that WeChat pushes, and no other: one `<xml>` root, elements with text or with elements, no
 * attributes, no DOCTYPE, no entities but the five named ones and numbers. Time and memory follow the length.
 * Throws DecodeError (`format`).
 */
export function parseXml(text: string): XmlFields {
  const parser = new SaxesParser({ position: false })
  const stack: Open[] = []
  let root: XmlFields | undefined

  // Seven handlers: with an eighth V8 makes the parser a dictionary, and it runs at a third of its speed.
  parser.on('error', (error) => {
    // What follows a colon is quoted from the push.
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
    stack.push({ name: tag.name, text: '', cdata: undefined, blank: true, children: undefined })
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
    open.cdata = (open.cdata ?? '') + chunk
  })
  parser.on('closetag', () => {
    const closed = stack.pop()
    if (!closed) return
    const value = valueOf(closed)
    const parent = stack[stack.length - 1]
    if (parent?.children) addChild(parent.children, closed.name, value)
    else root = typeof value === 'string' ? emptyFields() : (value as XmlFields)
  })

  // A control character in a customer's text must not cost the message: XML cannot hold one.
  parser.write(text.replace(controlCharacters, '\uFFFD')).close()
  if (!root) throw refuse('it has no root element')
  return root
}

/** Writes fields as WeChat does: numbers bare, text as CDATA. The inverse of parseXml. */
export function buildXml(fields: Readonly<Record<string, unknown>>): string {
  return `<xml>${writeFields(fields)}</xml>`
}

function writeFields(fields: Readonly<Record<string, unknown>>): string {
  let out = ''
  for (const [name, value] of Object.entries(fields))
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value])
      if (item !== undefined && item !== null) out += `<${name}>${writeValue(item)}</${name}>`
  return out
}

function writeValue(value: unknown): string {
  if (typeof value === 'object' && value !== null) return writeFields(value as Record<string, unknown>)
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value)
  return cdata(String(value))
}

/** A CDATA section; text that holds its end mark is split over two. */
export function cdata(text: string): string {
  const safe = text.replace(controlCharacters, '\uFFFD')
  return `<![CDATA[${safe.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
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

function addChild(fields: XmlFields, name: string, value: XmlValue): void {
  const before = fields[name]
  if (before === undefined) fields[name] = value
  // Lists of structures are real (subscribe events); a text that stands twice is an attempt to be read in two ways.
  else if (typeof before === 'string' || typeof value === 'string') throw refuse('an element occurs twice')
  else if (Array.isArray(before)) before.push(value)
  else fields[name] = [before, value]
}

// Without a prototype, an element called __proto__ is a name like any other.
function emptyFields(): XmlFields {
  return Object.create(null) as XmlFields
}

function refuse(why: string): DecodeError {
  return new DecodeError('format', `The push is not the XML that WeChat sends: ${why}.`)
}
