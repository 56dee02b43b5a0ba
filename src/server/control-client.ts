import { request } from 'node:http'
import { ControlError, controlAddress, type ControlLine } from './control-protocol.js'

/** The server's response; `running` is false when there is no server. */
export type ControlAnswer = { readonly running: false } | { readonly running: true; readonly result: unknown }

/**
 * Asks the server of a DATA_DIR, if one runs, to carry out a command. Throws ControlError when it says no or goes
 * away before the end.
 */
export async function callControl(
  dataDir: string,
  name: string,
  input: unknown,
  options: { onProgress?: (progress: unknown) => void; signal?: AbortSignal } = {},
): Promise<ControlAnswer> {
  const address = controlAddress(dataDir)
  if (address === undefined) return { running: false }
  return new Promise((resolve, reject) => {
    const asking = request({
      socketPath: address,
      method: 'POST',
      path: `/${name}`,
      headers: { 'content-type': 'application/json' },
      ...(options.signal && { signal: options.signal }),
    })
    asking.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve({ running: false })
      else if (error.code === 'EACCES') reject(foreign(error))
      else reject(gone(error))
    })
    asking.once('response', (response) => {
      let text = ''
      let ended = false
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        const lines = `${text}${chunk}`.split('\n')
        text = lines.pop() ?? ''
        for (const each of lines) {
          const line = JSON.parse(each) as ControlLine
          if ('progress' in line) options.onProgress?.(line.progress)
          else {
            ended = true
            if ('error' in line) reject(new ControlError(line.error.code, line.error.message))
            else resolve({ running: true, result: line.result })
          }
        }
      })
      response.on('close', () => {
        if (!ended) reject(gone(undefined))
      })
    })
    asking.end(JSON.stringify(input ?? null))
  })
}

function foreign(cause: unknown): ControlError {
  return new ControlError(
    'forbidden',
    'The running server’s socket in DATA_DIR can’t be opened: run the command as the user that runs the server.',
    { cause },
  )
}

function gone(cause: unknown): ControlError {
  return new ControlError('gone', 'The running server went away before the command was done. Run it again.', {
    cause,
  })
}
