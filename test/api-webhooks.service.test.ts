import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { auditView } from '../src/people/schemas/audit-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { messageView } from '../src/desk/schemas/message-view.js'
import { deliveryView, replayed, webhookView, webhookWithSecret } from '../src/hooks/schemas/webhook.js'
import { ApiClient } from './support/api-client.js'
import { startHookReceiver, type HookReceiver } from './support/hook-receiver.js'
import { startTestService, type TestService } from './support/test-service.js'

const apiKey = 'a-key-of-the-webhook-test-0123456789'
const patient = { timeout: 15_000 }
const deliveries = listOf(deliveryView)

describe('webhooks by the API', () => {
  let service: TestService
  let api: ApiClient
  let receiver: HookReceiver
  beforeEach(async () => {
    service = await startTestService({ KEFU_API_KEY: apiKey, KEFU_ALLOW_PRIVATE_HOOKS: 'loopback' })
    api = new ApiClient(service.url, apiKey)
    receiver = await startHookReceiver()
  })
  afterEach(async () => {
    await service.close()
    await receiver.close()
  })

  const add = (body: object = {}) =>
    api.get(webhookWithSecret, 'POST /webhooks', { body: { url: receiver.url, ...body } })
  const types = (): string[] => receiver.received.map(({ type }) => type)

  it('tell of the whole way of a message, as the API shows it', async () => {
    const { webhook, secret } = await add()
    expect(webhook).toMatchObject({ events: ['*'], apps: null, enabled: true, disabledReason: null })
    const customer = service.emulator.user('oLin')
    await customer.enters({ sessionFrom: 'order=7' })
    await customer.sends('在吗')
    await expect
      .poll(() => new Set(types()), patient)
      .toEqual(new Set(['contact.entered', 'message.received', 'conversation.handoff']))
    const { conversationId } = receiver.received.find(({ type }) => type === 'message.received')!.data[
      'message'
    ] as { conversationId: number }
    const params = { id: conversationId }
    await api.ok('POST /conversations/:id/messages', {
      params,
      body: { clientId: 'a', message: { msgType: 'text', content: '您好' } },
    })
    await expect.poll(types, patient).toContain('message.sent')
    await api.ok('POST /conversations/:id/close', { params })
    await expect.poll(types, patient).toContain('conversation.closed')
    expect(new Set(types()).size).toBe(types().length)
    for (const { body, headers, type, data } of receiver.received) {
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({ type })
      messageView.parse(data['message'])
      conversationView.omit({ lastMessage: true, unread: true }).parse(data['conversation'])
    }
    const received = receiver.received.find(({ type }) => type === 'message.received')
    expect(received?.data['message']).toMatchObject({ content: '在吗', direction: 'incoming' })
    const { items } = await api.get(deliveries, 'GET /webhooks/:id/deliveries', {
      params: { id: webhook.id },
    })
    expect(items).toHaveLength(receiver.received.length)
  })

  it('go on after a restart of the service', async () => {
    await add({ events: ['message.received'] })
    receiver.answer = (_received, res) => res.writeHead(503).end()
    await service.emulator.user('oLin').sends('在吗')
    await expect.poll(() => receiver.received.length, patient).toBe(1)
    receiver.answer = (_received, res) => res.writeHead(200).end()
    await service.restart()
    await expect.poll(() => receiver.received.length, patient).toBe(2)
    expect(receiver.received[1]?.body).toBe(receiver.received[0]?.body)
  })

  it('are changed, tested, given a new secret, and removed', async () => {
    const { webhook, secret } = await add({ description: 'CRM', events: ['message.sent'] })
    const params = { id: webhook.id }
    await api.ok('POST /webhooks/:id/test', { params })
    await expect.poll(types, patient).toEqual(['webhook.test'])
    const changed = await api.get(webhookView, 'PATCH /webhooks/:id', {
      params,
      body: { events: ['*'], enabled: false },
    })
    expect(changed).toMatchObject({ description: 'CRM', events: ['*'], enabled: false })
    const rotated = await api.get(webhookWithSecret, 'POST /webhooks/:id/rotate', { params })
    expect(rotated.secret).not.toBe(secret)
    expect(rotated.webhook.oldSecretUntil).toBeGreaterThan(Date.now())
    expect(JSON.stringify(await api.ok('GET /webhooks'))).not.toContain('whsec_')
    expect((await api.call('DELETE /webhooks/:id', { params })).status).toBe(204)
    expect((await api.call('PATCH /webhooks/:id', { params, body: {} })).status).toBe(404)
    expect(await api.get(listOf(webhookView), 'GET /webhooks')).toEqual({ items: [], next: null })
    const audit = await api.get(listOf(auditView), 'GET /audit', { query: { limit: 10 } })
    expect(audit.items.map(({ action, target }) => [action, target])).toEqual([
      ['webhook_removed', 'webhook:1'],
      ['webhook_changed', 'webhook:1'],
      ['webhook_changed', 'webhook:1'],
      ['webhook_added', 'webhook:1'],
    ])
    expect(JSON.stringify(audit)).not.toMatch(/whsec_|\/hooks/)
  })

  it('have their dead ones listed, and sent again one by one or all at once', async () => {
    const { webhook } = await add()
    receiver.answer = (_received, res) => res.writeHead(410).end()
    const params = { id: webhook.id }
    await api.ok('POST /webhooks/:id/test', { params })
    const dead = () =>
      api.get(deliveries, 'GET /webhooks/:id/deliveries', { params, query: { state: 'dead' } })
    await expect.poll(async () => (await dead()).items.length, patient).toBe(1)
    const { text } = await service.get('/metrics')
    expect(text).toContain('kefu_webhook_deliveries_total{outcome="dead"} 1')
    expect(text).toContain('kefu_queue_depth{queue="webhooks_dead"} 1')
    receiver.answer = (_received, res) => res.writeHead(200).end()
    await api.ok('PATCH /webhooks/:id', { params, body: { enabled: true } })
    const [first] = (await dead()).items
    await api.ok('POST /webhook-deliveries/:id/replay', { params: { id: first!.id } })
    await expect.poll(async () => (await dead()).items.length, patient).toBe(0)
    await expect.poll(() => receiver.received.length, patient).toBe(2)
    expect(await api.get(replayed, 'POST /webhooks/:id/replay', { params })).toEqual({ replayed: 0 })
  })

  it('refuse what can’t work, and say why', async () => {
    const refused = async (body: object): Promise<string> => {
      const { status, error } = await api.call('POST /webhooks', { body })
      expect(status).toBe(422)
      return error.message
    }
    expect(await refused({ url: 'http://10.0.0.1/' })).toContain('KEFU_ALLOW_PRIVATE_HOOKS')
    expect(await refused({ url: 'ftp://example.com' })).toContain('http or https')
    expect(await refused({ url: receiver.url, events: ['message.recieved'] })).toContain('message.received')
    expect(await refused({ url: receiver.url, secret: 'whsec_mine' })).toContain('secret')
    expect((await api.call('POST /webhook-deliveries/:id/replay', { params: { id: 99 } })).status).toBe(404)
  })

  it('are for admins', async () => {
    const nobody = new ApiClient(service.url, undefined)
    expect((await nobody.call('GET /webhooks')).status).toBe(401)
    expect((await nobody.call('POST /webhooks', { body: { url: receiver.url } })).status).toBe(401)
  })

  it('leave no secret, address or text in the log', async () => {
    const { secret } = await add()
    receiver.answer = (_received, res) => res.writeHead(500).end()
    await service.emulator.user('oLin').sends('plantedText')
    await expect.poll(() => service.log, patient).toContain('failed and is tried again')
    expect(service.log).not.toContain(secret.slice(6))
    expect(service.log).not.toMatch(/whsec_|plantedText|\/hooks/)
  })
})
