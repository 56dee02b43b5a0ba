import { chmod, mkdir, unlink } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { KefuError } from '../errors.js'
import type { Logger } from '../log.js'
import { ControlError, controlAddress, type ControlLine, type ControlRoutes } from './control-protocol.js'

/** More than a rules file of ten thousand rules. */
const BODY_BYTES = 16 * 1024 * 1024

export interface ControlServer {
  /** Ends the calls under way. */
  close(): Promise<void>
}

/**
 * Listens on a socket in DATA_DIR that only this user may open, for commands beside the running server. Where that
 * can't be, the service runs without, and says so.
 */
export async function serveControl(
  dataDir: string,
  routes: ControlRoutes,
  logger: Logger,
): Promise<ControlServer> {
  try {
    const address = controlAddress(dataDir)
    if (address === undefined) logger.warn({}, `${unheard}: the name of DATA_DIR is too long for a socket`)
    // PostgreSQL: several servers of one directory. The other answers.
    else if (await isServed(address)) logger.info({}, `${unheard}: another server has DATA_DIR’s socket`)
    else return await listen(address, routes, logger)
  } catch (err) {
    logger.warn({ err }, `${unheard}: its socket can’t be made in DATA_DIR`)
  }
  return { close: async () => undefined }
}

const unheard = 'commands beside this server will not find it'

async function listen(address: string, routes: ControlRoutes, logger: Logger): Promise<ControlServer> {
  await mkdir(dirname(address), { recursive: true, mode: 0o700 })
  // Left by a server that was killed.
  await unlink(address).catch(() => undefined)
  const closing = new AbortController()
  const server = createServer((req, res) => {
    void answer(req, res, routes, closing.signal, logger)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    asOwnerOnly(() => server.listen(address, resolve))
  })
  if (process.platform !== 'win32') await chmod(address, 0o600)
  return {
    close: () =>
      new Promise((resolve) => {
        closing.abort()
        server.close(() => {
          resolve()
        })
        // By then the calls have said everything.
        setImmediate(() => {
          server.closeAllConnections()
        })
      }),
  }
}

/** A socket is there from the moment it is bound, so its rights must be right by then. Threads can't set them. */
function asOwnerOnly(work: () => unknown): void {
  if (!isMainThread || process.platform === 'win32') {
    work()
    return
  }
  const before = process.umask(0o177)
  try {
    work()
  } finally {
    process.umask(before)
  }
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  routes: ControlRoutes,
  closing: AbortSignal,
  logger: Logger,
): Promise<void> {
  const gone = new AbortController()
  res.once('close', () => {
    gone.abort()
  })
  const write = (line: ControlLine): void => {
    if (!res.destroyed) res.write(`${JSON.stringify(line)}\n`)
  }
  try {
    const name = (req.url ?? '').slice(1)
    const route = Object.hasOwn(routes, name) ? routes[name] : undefined
    if (!route)
      throw new ControlError(
        'not_found',
        `This server knows no command ${JSON.stringify(name)}: is it older?`,
      )
    const input = await readJson(req)
    const signal = AbortSignal.any([gone.signal, closing])
    const result = await route({
      input,
      signal,
      say: (progress) => {
        write({ progress })
      },
    })
    write({ result: result ?? null })
  } catch (error) {
    const known = error instanceof KefuError
    if (!known) logger.error({ err: error }, 'a command could not be carried out')
    write({
      error: known
        ? { code: error.code, message: error.message }
        : { code: 'internal', message: 'That failed in the server; its log says why.' },
    })
  }
  res.end()
}

async function readJson(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES)
      throw new ControlError('too_large', `The command is larger than ${BODY_BYTES} bytes.`)
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
}

function isServed(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
}
