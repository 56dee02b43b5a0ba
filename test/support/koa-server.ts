import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type Koa from 'koa'
import { Agent, request } from 'undici'
import type { EncodedPush } from '../../src/wechat/index.js'

export interface Reply {
  readonly status: number
  readonly type: string | undefined
  readonly body: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'OPTIONS' | 'PATCH'
  readonly path?: string
  readonly query?: Readonly<Record<string, string | readonly string[]>>
  readonly type?: string | undefined
  readonly body?: string | Uint8Array | undefined
}

/** A Koa app on a port of its own, and a client that keeps its connections. */
export interface KoaServer {
  readonly port: number
  ask(ask: Ask): Promise<Reply>
  /** Sends a push as WeChat does, to /wechat when no other path is given; `type` undefined sends no Content-Type. */
  push(encoded: EncodedPush, change?: { path?: string; type?: string | undefined }): Promise<Reply>
  /** A bare connection, for what no HTTP client would send. */
  socket(): Promise<Socket>
  close(): Promise<void>
}

export async function startKoa(app: Koa, listener: RequestListener = app.callback()): Promise<KoaServer> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const dispatcher = new Agent({ connections: 32 })

  async function ask({ method = 'GET', path = '/wechat', query = {}, type, body }: Ask): Promise<Reply> {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query))
      for (const each of typeof value === 'string' ? [value] : value) search.append(name, each)
    const response = await request(`http://127.0.0.1:${port}${path}?${search.toString()}`, {
      method,
      dispatcher,
      headers: type === undefined ? {} : { 'content-type': type },
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    })
    const given = response.headers['content-type']
    return {
      status: response.statusCode,
      type: typeof given === 'string' ? given : undefined,
      headers: response.headers,
      body: await response.body.text(),
    }
  }

  return {
    port,
    ask,
    push: ({ query, body, contentType }, change = {}) =>
      ask({
        method: 'POST',
        query,
        body,
        type: 'type' in change ? change.type : contentType,
        ...(change.path === undefined ? {} : { path: change.path }),
      }),
    async socket() {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      return socket
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await dispatcher.destroy()
    },
  }
}

/** All that comes on a socket until the other side ends it. */
export async function untilClosed(socket: Socket): Promise<string> {
  let received = ''
  socket.on('data', (chunk) => (received += chunk.toString()))
  socket.on('error', () => undefined)
  await closed(socket)
  return received
}

/** As once(stream, 'close'), which rejects at the error that a cut connection is. */
export function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.once('close', resolve))
}
