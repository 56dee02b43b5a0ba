import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ConfigError } from '../errors.js'

/** A server that listens. */
export interface Listening {
  /** Where it can be reached from this machine. */
  readonly url: string
  /** Takes no more connections, and gives requests under way so many milliseconds; none when not given. */
  close(graceMs?: number): Promise<void>
}

/** Starts an HTTP server. Throws ConfigError, which names the variable to change, when the address can't be had. */
export async function listen(
  handler: (req: IncomingMessage, res: ServerResponse) => unknown,
  options: { host: string; port: number; variable: string; limits?: typeof patience },
): Promise<Listening> {
  const { host, port, variable, limits = patience } = options
  const server = createServer(
    { ...limits, maxHeaderSize: HEADER_BYTES },
    (req, res) => void handler(req, res),
  )
  // Headers beyond a count are dropped without a word, and one of them may say who asks: their bytes bound them.
  server.maxHeadersCount = 0
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(cannotListen(error, host, port, variable))
    })
    server.listen(port, host)
  })
  const address = server.address()
  const bound = typeof address === 'object' && address ? address.port : port
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return { url: `http://${name}:${bound}`, close: (graceMs = 0) => close(server, graceMs) }
}

/** Returns the error of an address that can't be listened on. */
export function cannotListen(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
  variable: string,
): ConfigError {
  const why =
    error.code === 'EADDRINUSE'
      ? `another program is using it. Stop that program, or choose another port: ${variable}=${port + 10}`
      : error.code === 'EACCES'
        ? `ports below 1024 need more rights. Choose another: ${variable}=${port + 8000}`
        : `${error.code ?? error.message}. Check HOST and ${variable}`
  return new ConfigError(`Can’t listen on ${host}:${port}: ${why}.`, { cause: error })
}

// A client that sends its request a byte at a time holds a connection no longer than this.
const patience = { headersTimeout: 10_000, requestTimeout: 60_000, connectionsCheckingInterval: 5000 }
const HEADER_BYTES = 16 * 1024

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections()
    }, graceMs)
    // Idle connections end at once.
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    if (graceMs === 0) server.closeAllConnections()
  })
}
