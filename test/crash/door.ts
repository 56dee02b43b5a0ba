import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** When a server is to end for a push that comes to it: `received`, its last byte sent; `answered`, its answer passed on. */
export interface DoorStrike {
  readonly at: 'received' | 'answered'
  readonly kill: (slot: number) => Promise<unknown>
}

/** How long it takes at most until a push fails while every server is away: not as long as WeChat waits. */
const HOLD_MS = 4000

/**
 * What WeChat pushes to: a small load balancer, which takes the servers in turn and leaves out those that are away.
 * While all are, a push fails when one is back, so that WeChat's next attempt finds it.
 */
export class Door {
  readonly #server = createServer((req, res) => {
    void this.#pass(req, res)
  })
  /** The servers' addresses; undefined while one is away. */
  readonly #urls: (string | undefined)[] = []
  #turn = 0
  #shut = false
  #strike: DoorStrike | undefined

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Says where a server is, or that it is away. */
  set(slot: number, url: string | undefined): void {
    this.#urls[slot] = url
  }

  /** A server's own address, of each in turn; undefined while all are away. */
  anyUrl(): string | undefined {
    const slot = this.#next()
    return slot === undefined ? undefined : this.#urls[slot]
  }

  /** Fails every push that comes, or no more. */
  shut(shut: boolean): void {
    this.#shut = shut
  }

  strike(strike: DoorStrike): void {
    this.#strike = strike
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #pass(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of req) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const giveUpAt = Date.now() + HOLD_MS
    if (this.#shut) {
      res.writeHead(502).end()
      return
    }
    for (;;) {
      const slot = this.#next()
      if (slot === undefined) {
        while (this.#urls.every((url) => url === undefined) && Date.now() < giveUpAt) await delay(20)
        res.writeHead(502).end()
        return
      }
      const outcome = await this.#forward(slot, req, body)
      if (outcome === 'refused') {
        // It has ended, and we are not told yet.
        this.#urls[slot] = undefined
        continue
      }
      if (outcome === 'broken') {
        res.writeHead(502).end()
        return
      }
      const strike = this.#take('answered')
      res.writeHead(outcome.status, { 'content-type': outcome.type })
      res.end(outcome.body, () => void strike?.kill(slot))
      return
    }
  }

  #next(): number | undefined {
    for (let i = 0; i < this.#urls.length; i++) {
      const slot = this.#turn++ % this.#urls.length
      if (this.#urls[slot] !== undefined) return slot
    }
    return undefined
  }

  #take(at: DoorStrike['at']): DoorStrike | undefined {
    const strike = this.#strike
    if (strike?.at !== at) return undefined
    this.#strike = undefined
    return strike
  }

  #forward(
    slot: number,
    req: IncomingMessage,
    body: Buffer,
  ): Promise<'refused' | 'broken' | { status: number; type: string; body: Buffer }> {
    return new Promise((resolve) => {
      const url = `${this.#urls[slot] ?? ''}${req.url ?? ''}`
      const asking = request(url, { method: 'POST', headers: { ...req.headers, connection: 'close' } })
      asking.once('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'broken')
      })
      asking.once('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('error', () => {
          resolve('broken')
        })
        response.once('end', () => {
          const type = response.headers['content-type'] ?? ''
          resolve({ status: response.statusCode ?? 0, type, body: Buffer.concat(chunks) })
        })
      })
      asking.end(body, () => {
        void this.#take('received')?.kill(slot)
      })
    })
  }
}
