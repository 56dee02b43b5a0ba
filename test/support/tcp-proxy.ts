import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** A stretch of network between two programs, which can fail. */
export interface TcpProxy {
  readonly port: number
  /** How many connections are open on the client's side. */
  readonly open: number
  /** How many were made so far. */
  readonly connections: number
  /** How many bytes of the client were lost. */
  readonly lost: number
  /** Ends all connections and refuses new ones. */
  cut(): Promise<void>
  /** Loses from here on what is sent on the connections that are open now, without a word to anybody. */
  lose(): void
  /** The same for new connections: they are accepted, and nobody answers. */
  loseAll(): void
  /** Lets new connections through again. */
  restore(): Promise<void>
  close(): Promise<void>
}

export async function tcpProxy(to: { host: string; port: number }): Promise<TcpProxy> {
  const pairs = new Map<Socket, Socket>()
  let losing = false
  let [connections, lost] = [0, 0]
  let server: Server | undefined
  let port = 0

  function take(client: Socket): void {
    connections++
    const target = connect(to)
    pairs.set(client, target)
    for (const [from, other] of [
      [client, target],
      [target, client],
    ] as const) {
      from.on('error', () => undefined)
      from.on('close', () => other.destroy())
    }
    client.on('close', () => pairs.delete(client))
    if (losing) lose(client, target)
    else {
      client.pipe(target)
      target.pipe(client)
    }
  }
  function lose(client: Socket, target: Socket): void {
    client.unpipe()
    target.unpipe()
    client.on('data', (chunk: Buffer) => (lost += chunk.length)).resume()
    target.resume()
  }
  function loseOpen(): void {
    for (const [client, target] of pairs) lose(client, target)
  }
  async function listen(): Promise<void> {
    if (server) return
    server = createServer(take)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  async function cut(): Promise<void> {
    const closing = server
    server = undefined
    for (const client of pairs.keys()) client.destroy()
    if (!closing) return
    closing.close()
    await once(closing, 'close')
  }

  await listen()
  return {
    port,
    get open() {
      return pairs.size
    },
    get connections() {
      return connections
    },
    get lost() {
      return lost
    },
    cut,
    lose: loseOpen,
    loseAll() {
      losing = true
      loseOpen()
    },
    async restore() {
      losing = false
      await listen()
    },
    close: cut,
  }
}
