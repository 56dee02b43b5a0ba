import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the operator's system gets it. */
export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The body's `type`. */
  readonly type: string
  readonly data: Record<string, unknown>
}

/** The operator's own system: takes what comes and answers as it is told. */
export interface HookReceiver {
  readonly url: string
  readonly received: Received[]
  /** How each following request is answered; 204 until it is told. */
  answer: (received: Received, res: ServerResponse) => void
  close(): Promise<void>
}

export async function startHookReceiver(): Promise<HookReceiver> {
  const received: Received[] = []
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      const { type, data } = JSON.parse(body) as Pick<Received, 'type' | 'data'>
      const one = { headers: req.headers, body, type, data }
      received.push(one)
      receiver.answer(one, res)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const receiver: HookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received,
    answer: (_received, res) => res.writeHead(204).end(),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return receiver
}
