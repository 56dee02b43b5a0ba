import { readFile, stat, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Config } from '../config/config.js'
import { ConfigError } from '../errors.js'
import { readImportFile } from '../knowledge/import-file.js'
import type { ImportProblem, ImportedRow } from '../knowledge/import-table.js'
import { exportEntries, importEntries, knowledgeFile } from '../knowledge/knowledge-commands.js'
import { FILE_BYTES } from '../knowledge/readers/file-reader.js'
import type { EntryInput } from '../knowledge/schemas/knowledge-entry.js'
import { runViaServer } from './run-via-server.js'

const problems: Readonly<Record<ImportProblem, string>> = {
  no_question: '没有问题 · no question',
  no_answer: '没有答案 · no answer',
  too_long: '太长 · too long',
  wrong: '不能用 · can’t be used',
}

/** Adds a file's entries to the knowledge; gives a line for the whole and for each row left out. Throws KefuError. */
export async function runKnowledgeImport(
  config: Config,
  file: string,
  appId: string | null,
): Promise<string[]> {
  const { size } = await stat(file).catch((cause: unknown) => {
    throw new ConfigError(`${file} can’t be read.`, { cause })
  })
  if (size > FILE_BYTES) throw new ConfigError(`${file} is larger than ${FILE_BYTES / 1024 / 1024} MB.`)
  const bytes = await readFile(file)
  const rows = /\.json$/i.test(file)
    ? exported(bytes.toString('utf8'), file)
    : await readImportFile(bytes, basename(file), appId)
  const entries = rows.flatMap((row) => ('entry' in row ? [row.entry] : []))
  const left = rows.flatMap((row) => ('entry' in row ? [] : [`  ${row.line}: ${problems[row.problem]}`]))
  if (entries.length === 0) throw new ConfigError([`${file} has nothing to import.`, ...left].join('\n'))
  const { result } = await runViaServer(
    config,
    { name: 'import-knowledge', input: { entries }, read: Number },
    (core) => importEntries(core, entries, Date.now),
  )
  const drafts = entries.filter(({ state }) => state === 'draft').length
  return [
    `已导入 ${result} 条知识，其中草稿 ${drafts} 条。 ${result} entries imported, ${drafts} of them drafts.`,
    ...(left.length === 0 ? [] : ['未导入的行 · rows left out:', ...left]),
  ]
}

/** Writes the knowledge to a file, or gives it for standard output; gives what to print. */
export async function runKnowledgeExport(config: Config, file: string): Promise<string> {
  const { result: entries } = await runViaServer(
    config,
    { name: 'export-knowledge', input: null, read: (all) => all as EntryInput[] },
    exportEntries,
  )
  const text = `${JSON.stringify({ entries }, null, 2)}\n`
  if (file === '-') return text
  await writeFile(file, text)
  return `已导出 ${entries.length} 条知识。 ${entries.length} entries written to ${file}.\n`
}

function exported(text: string, file: string): ImportedRow[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new ConfigError(`${file} is not JSON.`)
  }
  const read = knowledgeFile.safeParse(json)
  if (read.success) return read.data.entries.map((entry, index) => ({ line: index + 1, entry }))
  const [issue] = read.error.issues
  throw new ConfigError(`${file} can’t be imported: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
}
