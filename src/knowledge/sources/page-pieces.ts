import { createHash } from 'node:crypto'
import { readRows, readTable, type ImportedRow } from '../import-table.js'
import { readFileContent, type FileContent } from '../readers/file-reader.js'
import { htmlText } from '../readers/html-text.js'
import { piecesOf } from '../readers/pieces.js'
import type { FetchedPage, PageProblem } from './page-fetcher.js'

/** A part of a page that is an entry. */
export interface PagePiece {
  /** By which it is known again when the page is read the next time. */
  readonly key: string
  readonly hash: string
  readonly title: string
  readonly wordings: readonly string[]
  readonly text: string
}

/** What a page holds. */
export interface PageContent {
  /** The page's title; empty where it has none. */
  readonly title: string
  readonly pieces: readonly PagePiece[]
}

/** More of one page are no knowledge that people have looked through. */
export const MAX_PIECES = 500
/** Bytes of markup: some tenths of a second's work. */
const HTML_BYTES = 3 * 1024 * 1024

type Part = Pick<PagePiece, 'title' | 'wordings' | 'text'>

/** Reads a page's pieces: a text's between its headings, a table's rows. */
export async function readPage(
  page: FetchedPage,
  pause: () => Promise<unknown>,
): Promise<PageContent | PageProblem> {
  const { bytes, contentType, name } = page
  let title = ''
  let parts: Part[]
  if (isHtml(page)) {
    if (bytes.length > HTML_BYTES) return problem('too_much')
    const read = await htmlText(decoded(bytes, contentType), pause)
    title = read.title
    parts = textParts(read.text)
  } else {
    const read = await readFileContent(bytes, contentType.startsWith('text/csv') ? 'page.csv' : name)
    if ('refused' in read) return problem(read.refused)
    parts = partsOf(read.content)
  }
  if (parts.length === 0) return problem('no_text')
  if (parts.length > MAX_PIECES) return problem('too_much')
  return { title, pieces: keyed(parts) }
}

function problem(why: PageProblem['problem']): PageProblem {
  return { problem: why, status: null }
}

function isHtml({ bytes, contentType }: FetchedPage): boolean {
  if (contentType !== '') return /^(text\/html|application\/xhtml\+xml)\b/.test(contentType)
  return /^[\s\ufeff]*<(!doctype html|html)/i.test(bytes.subarray(0, 200).toString('utf8'))
}

/** The page as it says that it is written, else UTF-8, else as pages in China were. */
function decoded(bytes: Buffer, contentType: string): string {
  const start = bytes.subarray(0, 4096).toString('latin1')
  const [, said] =
    /charset\s*=\s*["']?([\w-]+)/i.exec(contentType) ??
    /<meta[^>]*charset\s*=\s*["']?([\w-]+)/i.exec(start) ??
    []
  for (const encoding of [said ?? 'utf-8', 'utf-8', 'gb18030'])
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes)
    } catch {
      // No such encoding, or not written in it.
    }
  return new TextDecoder().decode(bytes)
}

function partsOf(content: FileContent): Part[] {
  switch (content.kind) {
    case 'text':
      return textParts(content.text)
    case 'table':
      return rowParts(tableOf(content.text))
    case 'rows':
      return rowParts(
        readRows(
          content.rows.map((cells, index) => ({ cells, line: index + 1 })),
          null,
        ),
      )
  }
}

function textParts(text: string): Part[] {
  return piecesOf(text).map((piece) => ({ title: piece.title, wordings: [], text: piece.text }))
}

function tableOf(text: string): ImportedRow[] {
  try {
    return readTable(text, null)
  } catch {
    return []
  }
}

function rowParts(rows: readonly ImportedRow[]): Part[] {
  return rows.flatMap((row) => ('entry' in row ? [row.entry] : []))
}

/** A piece is known by its title, and where several have the same, by its place among them. */
function keyed(parts: readonly Part[]): PagePiece[] {
  const counts = new Map<string, number>()
  return parts.map(({ title, wordings, text }) => {
    const count = (counts.get(title) ?? 0) + 1
    counts.set(title, count)
    const hash = createHash('sha256')
      .update(JSON.stringify([wordings, text]))
      .digest('hex')
      .slice(0, 32)
    return { key: `${title}#${count}`, hash, title, wordings, text }
  })
}
