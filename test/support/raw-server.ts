import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

/** One HTTP request as it came, byte for byte. */
export interface RawRequest {
  readonly method: string
  /** With its query. */
  readonly target: string
  readonly head: string
  readonly body: Buffer
  /** Which of the server's connections it came on, counted from 1. */
  readonly connection: number
  readonly socket: Socket
}

export interface RawServer {
  readonly url: string
  readonly port: number
  /** All that arrived, whole: what is not here was not received. */
  readonly requests: readonly RawRequest[]
  readonly connections: number
  /** How many connections are open now. */
  readonly open: number
  close(): Promise<void>
}

/** An HTTP server that can do all that a real one must not: cut, hang, lie. */
export async function rawServer(
  answer: (request: RawRequest) => void,
  onConnection?: (socket: Socket) => void,
  listenOn = 0,
): Promise<RawServer> {
  const requests: RawRequest[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    const connection = ++connections
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    if (onConnection) {
      onConnection(socket)
      return
    }
    let received = Buffer.alloc(0)
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk])
      for (;;) {
        const end = received.indexOf('\r\n\r\n')
        if (end < 0) return
        const head = received.toString('latin1', 0, end)
        const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
        if (received.length < end + 4 + length) return
        const body = received.subarray(end + 4, end + 4 + length)
        received = received.subarray(end + 4 + length)
        const [method = '', target = ''] = head.split(' ')
        const request = { method, target, head, body, connection, socket }
        requests.push(request)
        if (method === 'CONNECT') socket.off('data', onData)
        answer(request)
      }
    }
    socket.on('data', onData)
  })
  server.listen(listenOn, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    get connections() {
      return connections
    },
    get open() {
      return sockets.size
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Answers with a body of a known length and keeps the connection. */
export function answerWith(
  socket: Socket,
  body: string | Buffer,
  { status = 200, headers = {} }: { status?: number; headers?: Readonly<Record<string, string>> } = {},
): void {
  const all = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 ${status} Whatever\r\n${lines.join('')}\r\n`)
  socket.write(body)
}
