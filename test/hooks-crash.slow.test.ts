import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { expect, it } from 'vitest'
import { createEmulator } from '../src/emulator/index.js'
import { webhookWithSecret } from '../src/hooks/schemas/webhook.js'
import { ApiClient } from './support/api-client.js'
import { startHookReceiver } from './support/hook-receiver.js'
import { startKefu, type KefuServer } from './support/kefu-process.js'
import { planted } from './support/test-service.js'

const KILLS = 2
const MESSAGES = 12
const patient = { timeout: 30_000, interval: 20 }

it('tells everything at least once, and each thing under one webhook-id, however often the service is killed', async () => {
  const key = 'a-key-of-the-crash-test-0123456789'
  const cwd = mkdtempSync(join(tmpdir(), 'kefu-hooks-crash-'))
  const env = {
    ...planted,
    KEFU_API_KEY: key,
    KEFU_ALLOW_PRIVATE_HOOKS: 'loopback',
    DATA_DIR: join(cwd, 'data'),
  }
  const emulator = await createEmulator()
  const receiver = await startHookReceiver()
  let server: KefuServer | undefined
  const start = async (): Promise<KefuServer> => {
    const started = await startKefu({ cwd, env: { ...env, WECHAT_API_URL: emulator.url } })
    emulator.addApp({
      appId: planted.WECHAT_APP_ID,
      appSecret: planted.WECHAT_APP_SECRET,
      token: planted.WECHAT_TOKEN,
      encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
      pushUrl: `${started.url}/wechat/${planted.WECHAT_APP_ID}`,
    })
    return started
  }
  try {
    server = await start()
    const { secret } = await new ApiClient(server.url, key).get(webhookWithSecret, 'POST /webhooks', {
      body: { url: receiver.url, events: ['message.received'] },
    })
    // Slow enough that a kill finds some queued, some under way, and some answered but not noted.
    receiver.answer = (_received, res) => setTimeout(() => res.writeHead(200).end(), Math.random() * 60)
    const acknowledged: string[] = []
    for (let round = 0; round <= KILLS; round++) {
      const before = receiver.received.length
      await Promise.all(
        Array.from({ length: MESSAGES }, async (_, i) => {
          const text = `${round}:${i}`
          const { answer } = await emulator.user(`o${i}`).sends(text)
          if (answer === 'success') acknowledged.push(text)
        }),
      )
      if (round === KILLS) break
      await expect.poll(() => receiver.received.length, patient).toBeGreaterThan(before + round * 3)
      await server.end('SIGKILL')
      server = await start()
    }
    expect(acknowledged).toHaveLength((KILLS + 1) * MESSAGES)
    const told = (): Map<string, Set<unknown>> => {
      const ids = new Map<string, Set<unknown>>()
      for (const { data, headers } of receiver.received) {
        const { content } = data['message'] as { content: string }
        ids.set(content, (ids.get(content) ?? new Set()).add(headers['webhook-id']))
      }
      return ids
    }
    await expect.poll(() => told().size, { ...patient, timeout: 60_000 }).toBe(acknowledged.length)
    expect([...told().keys()].sort()).toEqual([...acknowledged].sort())
    expect([...told().values()].every((ids) => ids.size === 1)).toBe(true)
    for (const { body, headers } of receiver.received)
      new Webhook(secret).verify(body, headers as Record<string, string>)
  } finally {
    await server?.end('SIGKILL')
    await receiver.close()
    await emulator.close()
    rmSync(cwd, { recursive: true })
  }
}, 180_000)
