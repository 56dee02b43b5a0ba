import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { messageView } from '../src/desk/schemas/message-view.js'
import { unreadablePush, withdrawal } from '../src/desk/schemas/push-view.js'
import { callControl } from '../src/server/control-client.js'
import { ApiClient } from './support/api-client.js'
import { encodeSigned } from './support/pushes.js'
import { planted, startTestService, type TestService } from './support/test-service.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const kinds = await storeKinds()
const apiKey = 'a-key-of-the-unreadable-test-0123456789'
const waiting = { timeout: 30_000, interval: 50 }
const secrets = {
  appId: planted.WECHAT_APP_ID,
  token: planted.WECHAT_TOKEN,
  encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
}

// The machine may be busy.
describe.each(kinds)('a push that can’t be read, on %s', { timeout: 60_000 }, (kind) => {
  let service: TestService
  let database: TestStore | undefined
  let api: ApiClient
  let count = 0

  beforeAll(async () => {
    database = kind === 'postgres' ? await makeStore('postgres') : undefined
    service = await startTestService({
      KEFU_API_KEY: apiKey,
      ...(database && {
        DATABASE_URL: database.url,
        KEFU_SECRET_KEY: randomBytes(32).toString('base64'),
      }),
    })
    api = new ApiClient(service.url, apiKey)
    await callControl(service.config.dataDir, 'import-rules', {
      rules: [{ name: 'all', when: {}, then: [{ reply: { text: 'a rule answered' } }] }],
    })
  }, 60_000)
  afterAll(async () => {
    await service.close()
    await database?.remove()
  })

  async function push(plaintext: string): Promise<string> {
    const { query, body } = encodeSigned(plaintext, secrets)
    const url = `${service.url}/wechat?${new URLSearchParams(query).toString()}`
    const answer = await fetch(url, { method: 'POST', body })
    return `${answer.status} ${await answer.text()}`
  }
  const customer = (): string => `oUnreadable${++count}`
  const list = async () => (await api.get(listOf(unreadablePush), 'GET /unreadable-pushes')).items
  async function conversationOf(openId: string): Promise<z.infer<typeof conversationView> | undefined> {
    const { items } = await api.get(listOf(conversationView), 'GET /conversations', { query: { q: openId } })
    return items.find((each) => each.openId === openId)
  }
  const linesOf = async (id: number) =>
    (await api.get(listOf(messageView), 'GET /conversations/:id/messages', { params: { id } })).items
  const lead = (openId: string): string =>
    `<xml><ToUserName>gh_1</ToUserName><FromUserName><![CDATA[${openId}]]></FromUserName><CreateTime>${Math.floor(Date.now() / 1000)}</CreateTime><MsgType><![CDATA[text]]></MsgType>`

  it('stands in the conversation of a customer who is certain, is answered by no rule, and waits for people', async () => {
    const openId = customer()
    const plaintext = `${lead(openId)}<Content a="b"><script>alert(1)</script>`
    expect(await push(plaintext)).toBe('200 success')
    expect(await push(plaintext)).toBe('200 success')
    await expect.poll(async () => (await conversationOf(openId))?.status, waiting).toBe('waiting')
    const conversation = await conversationOf(openId)
    const lines = await linesOf(conversation?.id ?? 0)
    expect(lines).toMatchObject([
      { direction: 'system', line: 'handoff', reason: 'unreadable' },
      { direction: 'incoming', author: 'contact', msgType: 'other', type: 'unreadable', content: plaintext },
    ])
    expect(conversation?.allowance.remaining).toBe(5)
    expect((await list()).map((each) => each.plaintext)).not.toContain(plaintext)
  })

  it('stands in the list otherwise, once, as it came', async () => {
    const plaintext = `{"Content":"<img src=x onerror=alert(1)> ${customer()}\u0000"`
    expect(await push(plaintext)).toBe('200 success')
    expect(await push(plaintext)).toBe('200 success')
    const kept = plaintext.replace('\u0000', '\uFFFD')
    expect((await list()).filter((each) => each.plaintext === kept)).toMatchObject([
      { appId: secrets.appId, format: 'json', problem: expect.stringMatching(/\.$/) as string },
    ])
  })

  it('is what it was after a restart in the middle, also where its content could be read', async () => {
    const openId = customer()
    const plaintext = `${lead(openId)}<Content>x</Content><MsgId>1</MsgId></xml>`
    expect(await push(plaintext)).toBe('200 success')
    await service.restart({ KEFU_API_KEY: apiKey })
    api = new ApiClient(service.url, apiKey)
    expect(await push(plaintext)).toBe('200 success')
    await expect.poll(async () => (await conversationOf(openId))?.status, waiting).toBe('waiting')
    const incoming = (await linesOf((await conversationOf(openId))?.id ?? 0)).filter(
      ({ direction }) => direction === 'incoming',
    )
    expect(incoming).toMatchObject([{ msgType: 'other', content: plaintext }])
  })

  it('is counted by the doctor and in the metrics, without a word of it', async () => {
    expect(await push(`secretWords ${customer()}`)).toBe('200 success')
    const { text } = await service.get('/metrics', { Authorization: `Bearer ${apiKey}` })
    expect(text).toMatch(/kefu_pushes_unreadable_total\{app="wx0123456789abcdef"\} [1-9]/)
    const { findings } = await api.get(
      z.object({ findings: z.array(z.looseObject({ check: z.string() })) }),
      'GET /doctor',
    )
    expect(findings.find(({ check }) => check === 'unreadable-kept')).toMatchObject({ level: 'warn' })
    expect(service.log).not.toContain('secretWords')
    expect(text + JSON.stringify(findings)).not.toContain('secretWords')
  })

  it('is one, counted and listed, where what it names as its customer is no OpenID', async () => {
    const counted = async (): Promise<number> => {
      const { text } = await service.get('/metrics', { Authorization: `Bearer ${apiKey}` })
      return Number(/^kefu_pushes_unreadable_total\{.*\} (\d+)$/m.exec(text)?.[1] ?? 0)
    }
    const before = await counted()
    const text = customer()
    for (const FromUserName of ['o\u0000', 'o x', 'o'.repeat(5000)])
      expect(
        await push(JSON.stringify({ FromUserName, CreateTime: 1, MsgType: 'text', Content: text })),
      ).toBe('200 success')
    expect((await list()).filter(({ plaintext }) => plaintext.includes(text))).toHaveLength(3)
    expect(await counted()).toBe(before + 3)
  })

  it('is erased with a customer whom it names, whoever it was of', async () => {
    const [openId, other] = [customer(), customer()]
    await push(`${lead(openId)}<Content>hello</Content>`)
    await push(`${lead(other)}<Content>${openId} wrote to me`)
    await push(`junk that names "${openId}"`)
    await push(`junk that names nobody, ${other}`)
    await expect.poll(async () => (await conversationOf(other))?.status, waiting).toBe('waiting')
    await expect.poll(async () => (await conversationOf(openId))?.status, waiting).toBe('waiting')
    const id = (await conversationOf(openId))?.contact.id
    const exported = await service.get(`/api/v1/contacts/${id}/export`, { Authorization: `Bearer ${apiKey}` })
    expect(exported.text).toContain(`junk that names \\"${openId}`)
    expect((await api.call('DELETE /contacts/:id', { params: { id: id ?? 0 } })).status).toBe(204)
    expect(await conversationOf(openId)).toBeUndefined()
    const left = JSON.stringify([await list(), await linesOf((await conversationOf(other))?.id ?? 0)])
    expect(left).not.toContain(openId)
    expect(left).toContain(`junk that names nobody, ${other}`)
  })

  it('of a consent that was taken back makes a line for admins, and erases nothing by itself', async () => {
    const openId = customer()
    const at = Math.floor(Date.now() / 1000)
    const message = {
      ToUserName: 'gh_1',
      FromUserName: openId,
      CreateTime: at,
      MsgType: 'text',
      Content: 'x',
      MsgId: 1,
    }
    await push(JSON.stringify(message))
    await expect.poll(async () => await conversationOf(openId), waiting).toBeDefined()
    const event = {
      ToUserName: 'gh_1',
      FromUserName: 'oPlatform',
      ' CreateTime': at,
      MsgType: 'Event',
      Event: 'user_authorization_cancellation',
      ' OpenID': openId,
    }
    for (let i = 0; i < 2; i++) expect(await push(JSON.stringify(event))).toBe('200 success')
    const withdrawals = async () => (await api.get(listOf(withdrawal), 'GET /withdrawals')).items
    await expect.poll(withdrawals, waiting).toHaveLength(1)
    const conversation = await conversationOf(openId)
    const [line] = await withdrawals()
    expect(line).toMatchObject({
      appId: secrets.appId,
      openId,
      event: 'user_authorization_cancellation',
      contactId: conversation?.contact.id,
      conversationId: conversation?.id,
    })
    expect(await conversationOf('oPlatform')).toBeUndefined()
    expect(
      (await api.call('DELETE /contacts/:id', { params: { id: conversation?.contact.id ?? 0 } })).status,
    ).toBe(204)
    expect(await withdrawals()).toEqual([])
    await push(JSON.stringify({ ...event, ' CreateTime': at + 1, Event: 'user_authorization_revoke' }))
    await expect.poll(withdrawals, waiting).toHaveLength(1)
    const [again] = await withdrawals()
    expect(again).toMatchObject({ contactId: null, event: 'user_authorization_revoke' })
    expect((await api.call('DELETE /withdrawals/:id', { params: { id: again?.id ?? 0 } })).status).toBe(204)
    expect((await api.call('DELETE /withdrawals/:id', { params: { id: again?.id ?? 0 } })).status).toBe(404)
  })
})
