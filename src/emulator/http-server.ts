import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { ConfigError } from '../errors.js'
import type { Logger } from '../log.js'
import { refuseOtherOrigins } from './guard.js'
import { isBrokenRequest } from './request-body.js'

/** A server that listens. */
export interface Listening {
  readonly port: number
  /** Cuts every connection. */
  close(): Promise<void>
}

/** Throws ConfigError when the port is taken. */
export async function listenOn(host: string, port: number, handle: RequestListener): Promise<Listening> {
  const server = createServer(handle)
  return {
    port: await listen(server, host, port),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

/** A Koa that pages of other sites can't use, and whose failures go to the log. */
export function newApp(logger: Logger): Koa {
  const koa = new Koa()
  koa.use(refuseOtherOrigins())
  koa.on('error', (error: unknown) => {
    if (isBrokenRequest(error)) logger.debug({}, 'A client went away')
    else logger.error({ err: error }, 'The emulator failed at a request')
  })
  return koa
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  }).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE')
      throw new ConfigError(
        `Port ${port} on ${host} is taken, perhaps by another emulator: stop it or choose another port.`,
      )
    throw error
  })
  const address = server.address()
  return isAddressInfo(address) ? address.port : port
}

function isAddressInfo(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}

/** The part of a URL that calls a host that was listened on, from this machine. */
export function authority(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
