/**
 * A process that uses kefu, for tests of what several of them do at once. Reads what to do, one JSON line after
 * the other, and answers each with one line.
 */
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { Api, fileTokenStore, redisTokenStore, type TokenStore } from '../../src/api/index.js'

export interface WorkerSettings {
  store: { kind: 'file'; directory: string } | { kind: 'redis'; url: string; prefix: string }
  api: { url: string; appId: string; appSecret: string }
}

export type WorkerOrder =
  /** Sends so many messages at once. */
  | { do: 'send'; openIds: string[] }
  /** Writes and writes, until it is killed. */
  | { do: 'write'; key: string; length: number }
  /** Takes and gives back the lease so many times, adding one to a file without any other lock. */
  | { do: 'count'; key: string; times: number; file: string }

const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings
const store = openStore()
const api = new Api({ ...settings.api, tokenStore: store })

function openStore(): TokenStore {
  const { store } = settings
  if (store.kind === 'file') return fileTokenStore(store.directory)
  return redisTokenStore(new Redis(store.url), store.prefix)
}

async function obey(order: WorkerOrder): Promise<unknown> {
  switch (order.do) {
    case 'send':
      await Promise.all(order.openIds.map((openId) => api.send(openId, { msgType: 'text', content: '您好' })))
      return 'sent'
    case 'write':
      process.stdout.write('"writing"\n')
      for (let i = 0; ; i++)
        await store.set(order.key, {
          accessToken: String(i % 10).repeat(order.length),
          expiresAt: Date.now() + 1000 + i,
          forcedAt: [],
        })
    case 'count':
      return count(order.key, order.times, order.file)
  }
}

async function count(key: string, times: number, file: string): Promise<string> {
  const { readFile, writeFile } = await import('node:fs/promises')
  for (let done = 0; done < times;) {
    const release = await store.lease(key, 10_000)
    if (!release) continue
    await writeFile(file, String(Number(await readFile(file, 'utf8')) + 1))
    await release()
    done++
  }
  return 'counted'
}

process.stdout.write('"ready"\n')
for await (const line of createInterface(process.stdin)) {
  const answer = await obey(JSON.parse(line) as WorkerOrder).catch((error: unknown) => ({
    error: String(error),
  }))
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
