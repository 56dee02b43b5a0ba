import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An OpenAI-compatible `/embeddings` whose vectors a test decides. */
export interface EmbeddingServer {
  readonly url: string
  /** The texts of each request. */
  readonly asked: readonly (readonly string[])[]
  readonly keys: readonly (string | undefined)[]
  /** Answers instead of it, until it is undefined again. */
  answer: ((res: ServerResponse, texts: readonly string[]) => void) | undefined
  close(): Promise<void>
}

export async function embeddingServer(
  vectorOf: (text: string) => readonly number[],
): Promise<EmbeddingServer> {
  const asked: string[][] = []
  const keys: (string | undefined)[] = []
  const server = createServer((req, res) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of req) chunks.push(chunk as Buffer)
      const { input } = JSON.parse(Buffer.concat(chunks).toString()) as { input: string[] }
      asked.push(input)
      keys.push(req.headers.authorization)
      if (started.answer) {
        started.answer(res, input)
        return
      }
      // In another order than they were asked for, as some do.
      const data = input.map((text, index) => ({ index, embedding: vectorOf(text) })).reverse()
      res.setHeader('content-type', 'application/json')
      res.end(JSON.stringify({ data, usage: { total_tokens: 7 * input.length } }))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const started: EmbeddingServer = {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    keys,
    answer: undefined,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return started
}
