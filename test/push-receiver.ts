import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that the receiver got. */
export interface Received {
  method: string
  query: Record<string, string>
  headers: IncomingHttpHeaders
  body: string
}

/** What to answer; a function answers by itself, or not at all. */
export type ReceiverAnswer = string | { status: number; body: string } | ((res: ServerResponse) => void)

export interface PushReceiver {
  url: string
  received: Received[]
  close(): Promise<void>
}

/** A plain HTTP server where a service would be: it keeps what came and answers what it is told. */
export async function startPushReceiver(
  answer: (request: Received) => ReceiverAnswer | Promise<ReceiverAnswer> = () => 'success',
): Promise<PushReceiver> {
  const received: Received[] = []
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const request: Received = {
        method: req.method ?? '',
        query: Object.fromEntries(new URL(req.url ?? '', 'http://receiver').searchParams),
        headers: req.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      received.push(request)
      void Promise.resolve(answer(request)).then((how) => {
        if (typeof how === 'function') how(res)
        else if (typeof how === 'string') res.end(how)
        else res.writeHead(how.status).end(how.body)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/wechat`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

/** The smallest PNG there is: one transparent point. */
export const tinyPng: Buffer<ArrayBuffer> = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)
