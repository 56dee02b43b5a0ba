import { httpErrorFor, type HttpError } from '../http/http-error.js'
import { readRows, readTable, type ImportedRow } from './import-table.js'
import { piecesOf } from './readers/pieces.js'
import { readFileContent, type FileContent, type FileProblem } from './readers/file-reader.js'
import { entryInput } from './schemas/knowledge-entry.js'

/** Reads a file's entries: a table's rows, or a text's pieces as drafts. Throws HttpError where it can't be read. */
export async function readImportFile(
  bytes: Uint8Array,
  name: string,
  appId: string | null,
): Promise<ImportedRow[]> {
  const read = await readFileContent(bytes, name)
  if ('refused' in read) throw refusalOf(read.refused)
  const rows = rowsOf(read.content, appId)
  if (rows.length === 0)
    throw httpErrorFor(
      'import_empty',
      'invalid',
      'The file has no text and no table with the columns 问题 and 答案.',
    )
  return rows
}

function rowsOf(content: FileContent, appId: string | null): ImportedRow[] {
  switch (content.kind) {
    case 'rows':
      return readRows(
        content.rows.map((cells, index) => ({ cells, line: index + 1 })),
        appId,
      )
    case 'table':
      return tableOf(content.text, appId)
    case 'text':
      return piecesOf(content.text).map(({ title, text, line }) => {
        const entry = entryInput.safeParse({ appId, title, text, state: 'draft' })
        return entry.success ? { line, entry: entry.data } : { line, title, problem: 'wrong' }
      })
  }
}

function tableOf(text: string, appId: string | null): ImportedRow[] {
  try {
    return readTable(text, appId)
  } catch {
    throw refusalOf('broken')
  }
}

function refusalOf(problem: FileProblem): HttpError {
  switch (problem) {
    case 'kind':
      return httpErrorFor('file_kind', 'invalid', 'The file must be xlsx, csv, docx, pdf, md or txt.')
    case 'broken':
      return httpErrorFor('file_broken', 'invalid', 'The file can’t be read: it is damaged or encrypted.')
    case 'too_much':
      return httpErrorFor('file_too_much', 'invalid', 'The file holds too much: split it.')
    case 'too_slow':
      return httpErrorFor('file_too_much', 'invalid', 'The file takes too long to read: split it.')
    case 'no_text':
      return httpErrorFor(
        'file_no_text',
        'invalid',
        'The file holds pictures of text (a scan) and no text: give one with text.',
      )
    case 'busy':
      return httpErrorFor('file_busy', 'unavailable', 'Other files are being read: try again in a moment.')
  }
}
