// @ts-check
/**
 * Reads one file in a thread of the reader's process. In JavaScript, because a thread's first file is run as it is,
 * also from src/.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { checkPdf, checkZip, Refused } from './unpacking-bounds.js'

/** The most text that is taken of one file, in characters. */
const TEXT_LENGTH = 2_000_000

/**
 * @param {Buffer} bytes
 * @param {string} name
 * @returns {Promise<import('./file-reader.js').FileContent>}
 */
async function read(bytes, name) {
  if (bytes.subarray(0, 1024).includes('%PDF-')) return { kind: 'text', text: await pdfText(bytes) }
  if (bytes.subarray(0, 4).equals(Buffer.from('PK\x03\x04', 'latin1'))) return office(bytes)
  const text = plainText(bytes)
  return /\.(csv|tsv)$/i.test(name) ? { kind: 'table', text } : { kind: 'text', text }
}

/**
 * @param {Buffer} bytes
 * @returns {Promise<import('./file-reader.js').FileContent>}
 */
async function office(bytes) {
  const names = checkZip(bytes)
  if (names.has('word/document.xml')) {
    const { default: mammoth } = await import('mammoth')
    // Pictures are left out: they would come as long texts.
    const { value } = await mammoth.convertToHtml(
      { buffer: bytes },
      { convertImage: mammoth.images.imgElement(async () => ({ src: '' })) },
    )
    return { kind: 'text', text: textOfHtml(value) }
  }
  if (names.has('xl/workbook.xml')) {
    const { readSheet } = await import('read-excel-file/universal')
    const rows = await readSheet(Uint8Array.from(bytes).buffer)
    return { kind: 'rows', rows: rows.map((row) => row.map((cell) => cellText(cell))) }
  }
  throw new Refused('kind')
}

/** @param {unknown} cell */
function cellText(cell) {
  if (cell instanceof Date) return cell.toISOString().slice(0, 10)
  return typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'boolean' ? String(cell) : ''
}

/** @param {Buffer} bytes */
async function pdfText(bytes) {
  checkPdf(bytes)
  const { extractText, getDocumentProxy } = await import('unpdf')
  const document = await getDocumentProxy(Uint8Array.from(bytes), { verbosity: 0 })
  const { text } = await extractText(document, { mergePages: false })
  const whole = text.join('\n\n')
  // Pages that are pictures: kefu does not read what stands in pictures.
  if (whole.trim() === '') throw new Refused('no_text')
  return whole
}

/**
 * UTF-8, or what Excel and Notepad write in China.
 * @param {Buffer} bytes
 */
function plainText(bytes) {
  if (bytes.includes(0)) throw new Refused('kind')
  for (const encoding of ['utf-8', 'gb18030'])
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes)
    } catch {
      // The next one.
    }
  throw new Refused('kind')
}

/**
 * The text of what mammoth makes: headings as in Markdown, a paragraph or a table's row a line.
 * @param {string} html
 */
function textOfHtml(html) {
  const text = html
    .replaceAll(/<h[1-6][^>]*>/g, '\n\n# ')
    .replaceAll(/<\/(h[1-6]|tr|li)>/g, '\n')
    .replaceAll(/<\/t[dh]>/g, ' ')
    .replaceAll(/<\/p>(?!\s*<\/t[dh]>)/g, '\n\n')
    .replaceAll(/<br\s*\/?>/g, '\n')
    .replaceAll(/<[^>]*>/g, '')
  /** @type {Readonly<Record<string, string>>} */
  const entities = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ' }
  return text.replaceAll(/&(amp|lt|gt|quot|nbsp);/g, (_, entity) => entities[entity] ?? '')
}

/** @param {import('./file-reader.js').FileContent} content */
function lengthOf(content) {
  if (content.kind !== 'rows') return content.text.length
  return content.rows.reduce((sum, row) => row.reduce((all, cell) => all + cell.length, sum), 0)
}

try {
  const content = await read(Buffer.from(workerData.bytes), workerData.name)
  parentPort?.postMessage(lengthOf(content) > TEXT_LENGTH ? { refused: 'too_much' } : { content })
} catch (error) {
  // What a library says may quote the file: only the kind of trouble leaves this thread.
  parentPort?.postMessage({ refused: error instanceof Refused ? error.why : 'broken' })
}
