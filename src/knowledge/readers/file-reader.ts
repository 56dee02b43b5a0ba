import { Worker } from 'node:worker_threads'
import { z } from 'zod'

/** Why a file can't be read. */
export const fileProblems = ['kind', 'broken', 'too_much', 'too_slow'] as const
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
  /** What the thread may hold of JavaScript's own memory, in MB. */
  readonly memoryMb: number
}

export const fileReaderBounds: FileReaderOptions = { timeoutMs: 20_000, memoryMb: 256 }

const answer = z.union([
  z.object({
    content: z.union([
      z.object({ kind: z.enum(['text', 'table']), text: z.string() }),
      z.object({ kind: z.literal('rows'), rows: z.array(z.array(z.string())) }),
    ]),
  }),
  z.object({ refused: z.enum(fileProblems) }),
])

/** Reads a docx, pdf, xlsx, csv, md or txt in a thread that ends with its bounds, whatever the file does. */
export async function readFileContent(
  bytes: Uint8Array,
  name: string,
  { timeoutMs, memoryMb }: FileReaderOptions = fileReaderBounds,
): Promise<FileRead> {
  const worker = new Worker(new URL('./file-reader-thread.js', import.meta.url), {
    workerData: { bytes, name },
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 32 },
    // Neither what this process preloads nor its variables are for a file's reader.
    execArgv: [],
    env: {},
    stdout: true,
    stderr: true,
  })
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    return await new Promise<FileRead>((resolve) => {
      timeout.addEventListener('abort', () => {
        resolve({ refused: 'too_slow' })
      })
      worker.once('message', (message: unknown) => {
        const read = answer.safeParse(message)
        resolve(read.success ? read.data : { refused: 'broken' })
      })
      worker.once('error', (error: NodeJS.ErrnoException) => {
        resolve({ refused: error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'too_much' : 'broken' })
      })
      worker.once('exit', () => {
        resolve({ refused: 'broken' })
      })
    })
  } finally {
    await worker.terminate()
  }
}
