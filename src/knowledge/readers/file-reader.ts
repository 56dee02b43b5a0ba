import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** Why a file can't be read. */
export const fileProblems = ['kind', 'broken', 'too_much', 'too_slow', 'no_text', 'busy'] as const
export type FileProblem = (typeof fileProblems)[number]

/** What a file holds: text, a table as text, or a table's rows. */
export type FileContent =
  | { readonly kind: 'text' | 'table'; readonly text: string }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly string[])[] }

export type FileRead = { readonly content: FileContent } | { readonly refused: FileProblem }

/** What is given in, in bytes. */
export const FILE_BYTES = 10 * 1024 * 1024

export interface FileReaderOptions {
  /** What it may take, in milliseconds. */
  readonly timeoutMs: number
  /** What the reading may hold beside the reader itself, in MB. */
  readonly memoryMb: number
}

export const fileReaderBounds: FileReaderOptions = { timeoutMs: 20_000, memoryMb: 320 }

/** What the reader's process is told. */
export interface ReadRequest {
  readonly bytes: Uint8Array
  readonly name: string
  readonly memoryMb: number
}

/** How many files wait while one is read; each is held in memory. */
const MOST_WAITING = 4

const answer = z.union([
  z.object({
    content: z.union([
      z.object({ kind: z.enum(['text', 'table']), text: z.string() }),
      z.object({ kind: z.literal('rows'), rows: z.array(z.array(z.string())) }),
    ]),
  }),
  z.object({ refused: z.enum(fileProblems) }),
])

let last: Promise<unknown> = Promise.resolve()
let waiting = 0

/**
 * Reads a docx, pdf, xlsx, csv, md or txt in a process that ends with its bounds, whatever the file does. One file is
 * read at a time; `busy` where several wait already.
 */
export async function readFileContent(
  bytes: Uint8Array,
  name: string,
  bounds: FileReaderOptions = fileReaderBounds,
): Promise<FileRead> {
  if (waiting > MOST_WAITING) return { refused: 'busy' }
  waiting++
  const read = last.then(() => readNow(bytes, name, bounds)).finally(() => waiting--)
  last = read.catch(() => undefined)
  return read
}

async function readNow(
  bytes: Uint8Array,
  name: string,
  { timeoutMs, memoryMb }: FileReaderOptions,
): Promise<FileRead> {
  const reader = fork(fileURLToPath(new URL('./file-reader-process.js', import.meta.url)), {
    // Neither what this process preloads nor its variables are for a file's reader.
    execArgv: [],
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<FileRead>((resolve) => {
      timer = setTimeout(() => {
        resolve({ refused: 'too_slow' })
      }, timeoutMs)
      reader.once('message', (message) => {
        const read = answer.safeParse(message)
        resolve(read.success ? read.data : { refused: 'broken' })
      })
      reader.once('error', () => {
        resolve({ refused: 'broken' })
      })
      // By itself only where there was no memory left: V8 aborts then, or the system ends it.
      reader.once('exit', (_code, signal) => {
        resolve({ refused: signal === null ? 'broken' : 'too_much' })
      })
      const request: ReadRequest = { bytes, name, memoryMb }
      // Where it has ended already, its exit says so.
      reader.send(request, () => undefined)
    })
  } finally {
    clearTimeout(timer)
    reader.kill('SIGKILL')
  }
}
