import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { KefuError } from '../errors.js'

/** A call that a command makes to a running server. */
export interface ControlCall {
  readonly input: unknown
  /** Aborted when the command is gone, or the server stops. */
  readonly signal: AbortSignal
  /** Tells the command something before the end. */
  readonly say: (progress: unknown) => void
}

export type ControlRoutes = Readonly<Record<string, (call: ControlCall) => Promise<unknown>>>

/** One line of an answer. */
export type ControlLine =
  | { readonly progress: unknown }
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string } }

/** The running server's no to a command. */
export class ControlError extends KefuError {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** More bytes than the name of a socket may have on some systems. */
const MAX_NAME_BYTES = 100

/** Where commands find the server of a DATA_DIR; undefined when the directory's name is too long for a socket. */
export function controlAddress(dataDir: string): string | undefined {
  if (process.platform === 'win32')
    return `\\\\.\\pipe\\kefu-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`
  const path = join(dataDir, 'kefu.sock')
  return Buffer.byteLength(path) <= MAX_NAME_BYTES ? path : undefined
}
