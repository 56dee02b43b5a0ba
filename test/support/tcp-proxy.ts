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
  /**
   * Waits for a connection on which the client says these words, one after the other; what it said arrives, and
   * the connection breaks before the answer to the last comes back. Resolves then.
   */
  loseAnswer(words: readonly string[]): Promise<void>
  /** Lets new connections through again. */
  restore(): Promise<void>
  close(): Promise<void>
}

interface Pair {
  readonly client: Socket
  readonly target: Socket
  losing: boolean
  /** How many of the awaited words it has said. */
  said: number
}

export async function tcpProxy(to: { host: string; port: number }): Promise<TcpProxy> {
  const pairs = new Set<Pair>()
  let losing = false
  let [connections, lost] = [0, 0]
  let awaited: { words: readonly string[]; broken: () => void } | undefined
  let server: Server | undefined
  let port = 0

  function take(client: Socket): void {
    connections++
    const target = connect(to)
    const pair: Pair = { client, target, losing, said: 0 }
    pairs.add(pair)
    for (const [from, other] of [
      [client, target],
      [target, client],
    ] as const) {
      from.on('error', () => undefined)
      from.on('close', () => other.destroy())
    }
    client.on('close', () => pairs.delete(pair))
    client.on('data', (chunk: Buffer) => {
      if (pair.losing) {
        lost += chunk.length
        return
      }
      listenTo(pair, chunk.toString('latin1'))
      target.write(chunk)
    })
    target.on('data', (chunk: Buffer) => {
      if (pair.losing) return
      if (awaited && pair.said === awaited.words.length) {
        client.destroy()
        awaited.broken()
        awaited = undefined
      } else client.write(chunk)
    })
  }
  function listenTo(pair: Pair, text: string): void {
    if (!awaited) return
    for (let at = 0; pair.said < awaited.words.length; pair.said++) {
      const word = awaited.words[pair.said] ?? ''
      at = text.indexOf(word, at)
      if (at < 0) return
      at += word.length
    }
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
    for (const { client } of pairs) client.destroy()
    if (!closing) return
    closing.close()
    await once(closing, 'close')
  }
  function lose(): void {
    for (const pair of pairs) pair.losing = true
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
    lose,
    loseAll() {
      losing = true
      lose()
    },
    loseAnswer(words) {
      for (const pair of pairs) pair.said = 0
      return new Promise((resolve) => {
        awaited = { words, broken: resolve }
      })
    },
    async restore() {
      losing = false
      await listen()
    },
    close: cut,
  }
}
