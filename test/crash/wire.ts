import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** A message that reached WeChat's door, and what WeChat made of it: the truth about a send. */
export interface Arrival {
  /** Which server sent it. */
  readonly slot: number
  readonly openId: string
  readonly text: string
  readonly at: number
  /** WeChat's word; undefined while it has not had its say. */
  errcode: number | undefined
  /** When its answer had been written to the server; undefined when it was not. */
  answeredAt: number | undefined
}

/** What happens to one send on its way: `arrival` never reaches WeChat, the others are accepted. */
export interface Strike {
  readonly at: 'arrival' | 'acceptance' | 'half-answer'
  readonly openId?: string
  readonly kill: (slot: number) => Promise<unknown>
}

/** The way from the servers to the emulated WeChat: writes down each send, and can end a server in the middle of one. */
export class Wire {
  readonly #target: URL
  readonly #agent = new Agent({ keepAlive: true })
  readonly #server = createServer((req, res) => {
    void this.#pass(req, res).catch(() => res.destroy())
  })
  readonly arrivals: Arrival[] = []
  #strike: Strike | undefined
  #struckText: string | undefined

  constructor(emulatorUrl: string) {
    this.#target = new URL(emulatorUrl)
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  /** WECHAT_API_URL for a server. */
  urlFor(slot: number): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}/${slot}`
  }

  /** Strikes the next send, once. */
  strike(strike: Strike): void {
    this.#strike = strike
  }

  /** The text of the send that was struck. */
  get struckText(): string | undefined {
    return this.#struckText
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #pass(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await bytesOf(req)
    const [, slot = '', path = ''] = /^\/(\d+)(\/.*)$/.exec(req.url ?? '') ?? []
    const arrival = path.startsWith('/cgi-bin/message/custom/send?') ? read(Number(slot), body) : undefined
    if (arrival) this.arrivals.push(arrival)
    const strike = arrival ? this.#take(arrival) : undefined
    if (strike?.at === 'arrival') {
      await strike.kill(Number(slot))
      res.destroy()
      return
    }
    const answer = await this.#forward(req, path, body)
    if (arrival) arrival.errcode = errcodeOf(answer.body)
    if (strike) {
      if (strike.at === 'half-answer') {
        res.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length })
        res.write(answer.body.subarray(0, answer.body.length >> 1))
        // It should have read that much before it ends.
        await delay(50)
      }
      await strike.kill(Number(slot))
      res.destroy()
      return
    }
    res.writeHead(answer.status, answer.headers)
    res.end(answer.body, () => {
      if (arrival) arrival.answeredAt = Date.now()
    })
  }

  #take(arrival: Arrival): Strike | undefined {
    const strike = this.#strike
    if (!strike || (strike.openId !== undefined && strike.openId !== arrival.openId)) return undefined
    this.#strike = undefined
    this.#struckText = arrival.text
    return strike
  }

  #forward(
    { method, headers }: IncomingMessage,
    path: string,
    body: Buffer,
  ): Promise<{ status: number; headers: Record<string, string>; body: Buffer }> {
    const { hostname, port, host } = this.#target
    return new Promise((resolve, reject) => {
      const asking = request(
        { hostname, port, path, method, headers: { ...headers, host }, agent: this.#agent },
        (response) => {
          bytesOf(response).then((bytes) => {
            const type = response.headers['content-type'] ?? ''
            resolve({ status: response.statusCode ?? 0, headers: { 'content-type': type }, body: bytes })
          }, reject)
        },
      )
      asking.once('error', reject)
      asking.end(body)
    })
  }
}

async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function read(slot: number, body: Buffer): Arrival {
  const { touser, text } = JSON.parse(body.toString('utf8')) as { touser: string; text?: { content: string } }
  return {
    slot,
    openId: touser,
    text: text?.content ?? '',
    at: Date.now(),
    errcode: undefined,
    answeredAt: undefined,
  }
}

function errcodeOf(body: Buffer): number {
  return (JSON.parse(body.toString('utf8')) as { errcode?: number }).errcode ?? 0
}
