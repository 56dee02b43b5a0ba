import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ApiClient } from '../../test/support/api-client.js'
import { startTestService, type TestService } from '../../test/support/test-service.js'
import { webhookReceiver, type HookEvent } from './app.js'

const secret = `whsec_${Buffer.from('an example’s secret of 32 bytes!').toString('base64')}`

describe('the example of a receiver', () => {
  let told: HookEvent[]
  let close: (() => void)[]
  beforeEach(() => {
    told = []
    close = []
  })
  afterEach(() => {
    for (const each of close) each()
  })

  async function listen(key: string): Promise<string> {
    const server = webhookReceiver(key, async (event) => {
      told.push(event)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    close.push(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  function signed(body: string, id = 'msg_1', at = new Date()): Record<string, string> {
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    }
  }

  it('takes what is signed, once', async () => {
    const url = await listen(secret)
    const body = '{"type":"message.received","timestamp":"2026-01-01T00:00:00Z","data":{}}'
    const post = async (headers: Record<string, string>, text = body): Promise<number> =>
      (await fetch(url, { method: 'POST', headers, body: text })).status
    expect(await post(signed(body))).toBe(204)
    expect(await post(signed(body))).toBe(204)
    expect(told).toHaveLength(1)
    expect(await post(signed(body), `${body} `)).toBe(401)
    expect(await post(signed(body, 'msg_2', new Date(Date.now() - 600_000)))).toBe(401)
    expect(await post({})).toBe(401)
    expect(told).toHaveLength(1)
  })

  it('hears of a customer’s message from the service', async () => {
    const key = 'a-key-of-the-example-0123456789'
    const service: TestService = await startTestService({
      KEFU_API_KEY: key,
      KEFU_ALLOW_PRIVATE_HOOKS: 'loopback',
    })
    try {
      // The address must be known before the secret is: a first receiver only gives the port.
      const api = new ApiClient(service.url, key)
      const port = new URL(await listen(secret)).port
      const { secret: given } = (await api.ok('POST /webhooks', {
        body: { url: `http://127.0.0.1:${port}/` },
      })) as { secret: string }
      expect(given).toMatch(/^whsec_/)
      const url = await listen(given)
      await api.ok('PATCH /webhooks/:id', { params: { id: 1 }, body: { url } })
      await service.emulator.user('oLin').sends('在吗')
      await expect.poll(() => told.map(({ type }) => type), { timeout: 15_000 }).toContain('message.received')
      expect(told.find(({ type }) => type === 'message.received')?.data).toMatchObject({
        message: { content: '在吗' },
        conversation: { openId: 'oLin' },
      })
    } finally {
      await service.close()
    }
  })
})
