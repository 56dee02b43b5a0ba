import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { callControl } from '../src/server/control-client.js'
import { openStore } from '../src/store/index.js'
import { encodePush } from '../src/wechat/index.js'
import { planted, startTestService, type TestService } from './support/test-service.js'

const rules = {
  rules: [
    { name: 'greet', when: { event: 'user_enter_tempsession' }, then: [{ reply: { text: '欢迎' } }] },
    { name: 'hi', when: { text: { equals: ['你好'] } }, then: [{ reply: { text: '您好！' } }] },
    {
      name: 'many',
      when: { text: { equals: ['很多'] } },
      then: Array.from({ length: 5 }, () => ({ reply: { text: '好' } })),
    },
    { name: 'official', when: { text: { equals: ['官方'] } }, then: [{ transfer: true }] },
  ],
}

let service: TestService
afterEach(() => service.close())

async function startWithRules(environment: Record<string, string> = {}): Promise<void> {
  service = await startTestService(environment)
  await callControl(service.config.dataDir, 'import-rules', rules)
}

describe('the service', () => {
  it('brings a message through the rules and its reply back, and transfers', async () => {
    await startWithRules()
    const customer = service.emulator.user('oLin')
    await customer.enters()
    expect((await customer.receives()).content).toMatchObject({ content: '欢迎' })
    await customer.sends('你好')
    expect((await customer.receives()).content).toMatchObject({ content: '您好！' })
    expect((await service.emulator.user('oB').sends('官方')).answer).toBe('transfer')
  })

  it('lets code answer before the rules, and gives it the conversation', async () => {
    const directory = (service = await startTestService()).directory
    const module = join(directory, 'bot.mjs')
    writeFileSync(
      module,
      `export default async (bot) => {
        bot.hears('谁', (ctx) => ctx.reply(ctx.conversation.status + ' ' + ctx.contact.sessionFrom))
        bot.hears('人工', async (ctx) => { ctx.handoff('asked'); ctx.tag('vip'); await ctx.reply('请稍候') })
      }`,
    )
    await service.restart({ KEFU_BOT: module })
    await callControl(service.config.dataDir, 'import-rules', rules)
    const customer = service.emulator.user('oLin')
    await customer.enters({ sessionFrom: 'goods' })
    expect((await customer.receives()).content).toMatchObject({ content: '欢迎' })
    await customer.sends('谁')
    expect((await customer.receives()).content).toMatchObject({ content: 'bot goods' })
    await customer.sends('你好')
    expect((await customer.receives()).content).toMatchObject({ content: '您好！' })
    await customer.sends('人工')
    expect((await customer.receives()).content).toMatchObject({ content: '请稍候' })
  })

  it('asks the default export before the rules, and `after` for what they leave', async () => {
    service = await startTestService()
    const module = join(service.directory, 'both.mjs')
    writeFileSync(
      module,
      `export default (bot) => { bot.hears('你好', (ctx) => ctx.reply('先')) }
      export const after = (bot) => { bot.on('message:text', (ctx) => ctx.reply('后')) }`,
    )
    await callControl(service.config.dataDir, 'import-rules', {
      rules: [
        { name: '都答', when: { text: { contains: ['好', '规则'] } }, then: [{ reply: { text: '中' } }] },
      ],
    })
    await service.restart({ KEFU_BOT: module })
    const customer = service.emulator.user('oLin')
    for (const [text, answer] of [
      ['你好', '先'],
      ['规则', '中'],
      ['别的', '后'],
    ] as const) {
      await customer.sends(text)
      expect(await customer.receivesText()).toBe(answer)
    }
  })

  it.each([
    ['missing.mjs', undefined, /there is no file/],
    ['empty.mjs', 'export const nothing = 1', /no function as its default export/],
    ['wrong.mjs', 'export default 1', /no function as its default export/],
    ['after.mjs', 'export const after = []', /no function as its after export. Write: export const after/],
    ['broken.mjs', 'export default (', /can’t be loaded/],
    ['throws.mjs', 'export default () => { throw new Error("no database") }', /threw: Error: no database/],
  ])('does not start with a KEFU_BOT that can’t work: %s', async (name, code, words) => {
    service = await startTestService()
    const module = join(service.directory, name)
    if (code !== undefined) writeFileSync(module, code)
    await expect(service.restart({ KEFU_BOT: module })).rejects.toThrow(words)
    // Nothing of it is left: the database can be opened again.
    await service.restart()
  })

  it('goes on at the next start with what came while it could not send', async () => {
    await startWithRules()
    service.emulator.faults.add({ path: '/cgi-bin/message/custom/send', errcode: 45011, times: 1 })
    const customer = service.emulator.user('oLin')
    await customer.sends('你好')
    await expect.poll(() => service.emulator.faults.items, { timeout: 15_000 }).toHaveLength(0)
    await service.stop()
    const store = await openStore(service.config.databaseUrl)
    await store.db.updateTable('message').set({ not_before: null }).where('state', '=', 'queued').execute()
    await store.close()
    await service.restart()
    expect((await customer.receives()).content).toMatchObject({ content: '您好！' })
  })

  it('is alive and ready, and answers what is not there in the contract’s form', async () => {
    service = await startTestService()
    expect(await service.get('/healthz')).toEqual({ status: 200, text: '{"status":"ok"}' })
    expect(await service.get('/readyz')).toEqual({ status: 200, text: '{"status":"ready"}' })
    for (const path of ['/api/v1/nothing', '/wechat/wx-other', '/healthz/'])
      expect(await service.get(path)).toEqual({
        status: 404,
        text: '{"error":{"code":"not_found","message":"There is nothing here."}}',
      })
  })

  it('takes pushes at /wechat and at /wechat/ with the appid', async () => {
    service = await startTestService()
    const secrets = {
      appId: planted.WECHAT_APP_ID,
      token: planted.WECHAT_TOKEN,
      encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
    }
    const push = {
      msgType: 'text',
      content: '你好',
      fromUserName: 'o1',
      toUserName: 'gh_1',
      createTime: 1,
    } as const
    for (const [index, path] of ['/wechat', `/wechat/${planted.WECHAT_APP_ID}`].entries()) {
      const { query, body } = encodePush({ ...push, msgId: String(index) }, secrets)
      const url = `${service.url}${path}?${new URLSearchParams(query).toString()}`
      expect(await (await fetch(url, { method: 'POST', body })).text()).toBe('success')
    }
  })

  it('has no port twice: it says which variable to change, and leaves nothing open', async () => {
    service = await startTestService()
    const other = await startTestService()
    try {
      const taken = new URL(other.url).port
      await expect(service.restart({ PORT: taken })).rejects.toThrow(/another program is using it.*PORT=/)
      await service.restart()
    } finally {
      await other.close()
    }
  })
})

describe('the metrics', () => {
  /** The value of one sample, 0 when it is not there. */
  async function sample(name: string, labels: Record<string, string> = {}): Promise<number> {
    const { text } = await service.get('/metrics')
    const line = text
      .split('\n')
      .find(
        (each) =>
          each.startsWith(name) &&
          Object.entries(labels).every(([key, value]) => each.includes(`${key}="${value}"`)),
      )
    return line === undefined ? 0 : Number(line.split(' ').at(-1))
  }
  const app = planted.WECHAT_APP_ID

  it('count pushes, answers, sends, tokens and refusals', async () => {
    await startWithRules()
    const { emulator } = service
    const customer = emulator.user('oLin')
    emulator.faults.add({ push: 'duplicate' })
    await customer.sends('你好')
    await customer.receives()
    emulator.faults.add({ path: '/cgi-bin/message/custom/send', errcode: 45015 })
    await customer.sends('你好')
    await expect.poll(() => sample('kefu_sends_total', { app, outcome: 'failed', errcode: '45015' })).toBe(1)
    emulator.faults.add({ path: '/cgi-bin/message/custom/send', reset: 'after' })
    await emulator.user('oWei').sends('你好')
    await expect.poll(() => sample('kefu_sends_total', { app, outcome: 'unknown', errcode: 'none' })).toBe(1)
    await emulator.user('oZhao').sends('很多')
    await emulator.user('oLin').sends({ msgType: 'event', event: 'made_up_by_somebody' })
    await fetch(`${service.url}/wechat/${app}?signature=x&timestamp=1&nonce=1`, {
      method: 'POST',
      body: '{}',
    })

    expect(await sample('kefu_pushes_total', { app, kind: 'text', result: 'taken' })).toBe(4)
    expect(await sample('kefu_pushes_total', { app, kind: 'text', result: 'repeat' })).toBe(1)
    expect(await sample('kefu_pushes_total', { app, kind: 'other_event', result: 'taken' })).toBe(1)
    expect(await sample('kefu_pushes_total', { app, result: 'refused' })).toBe(1)
    expect(await sample('kefu_ack_seconds_count', { status: '200' })).toBe(6)
    expect(await sample('kefu_ack_seconds_count', { status: '403' })).toBe(1)
    expect(await sample('kefu_sends_total', { app, outcome: 'accepted', errcode: '0' })).toBeGreaterThan(0)
    expect(await sample('kefu_send_seconds_count', { app })).toBeGreaterThan(2)
    expect(await sample('kefu_token_renewals_total', { app })).toBe(1)
    expect(await sample('kefu_allowance_refusals_total', { by: 'bot' })).toBe(1)
    await expect.poll(() => sample('kefu_queue_depth', { queue: 'outbox' })).toBe(0)
    expect(await sample('kefu_queue_depth', { queue: 'inbox' })).toBe(0)
    expect(await sample('process_resident_memory_bytes')).toBeGreaterThan(0)
  })

  it('show how much waits, and how long', async () => {
    await startWithRules()
    service.emulator.faults.add({ path: '/cgi-bin/message/custom/send', errcode: 45011, times: 9 })
    await service.emulator.user('oLin').sends('你好')
    await expect.poll(() => sample('kefu_sends_total', { app, outcome: 'later', errcode: '45011' })).toBe(1)
    expect(await sample('kefu_queue_depth', { queue: 'outbox' })).toBe(1)
    expect(await sample('kefu_queue_age_seconds', { queue: 'outbox' })).toBeGreaterThan(0)
    expect(await sample('kefu_queue_age_seconds', { queue: 'inbox' })).toBe(0)
  })

  it('are for this machine, or for who has the key', async () => {
    service = await startTestService({ KEFU_API_KEY: 'planted-api-key-of-the-test' })
    const through = { 'x-forwarded-for': '203.0.113.9' }
    expect((await service.get('/metrics')).status).toBe(200)
    expect(await service.get('/metrics', through)).toMatchObject({ status: 401 })
    for (const [authorization, status] of [
      ['Bearer planted-api-key-of-the-test', 200],
      ['bearer  planted-api-key-of-the-test', 200],
      ['Bearer planted-api-key-of-the-tes', 401],
      ['Basic planted-api-key-of-the-test', 401],
    ] as const)
      expect((await service.get('/metrics', { ...through, authorization })).status).toBe(status)
  })

  it('have no key that nobody set', async () => {
    service = await startTestService()
    for (const authorization of ['Bearer undefined', 'Bearer ', 'Bearer'])
      expect((await service.get('/metrics', { 'x-forwarded-for': '1.2.3.4', authorization })).status).toBe(
        401,
      )
  })
})
